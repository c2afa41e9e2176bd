"""Orders of the grid operator, step by step: a proof, so that rows are appended and nothing changes or deletes them."""

STATEMENTS = (
    "CREATE TABLE grid_events (id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, clock INTEGER NOT NULL,"
    " step TEXT NOT NULL, cause TEXT NOT NULL, limit_w REAL NOT NULL, minimum_w REAL NOT NULL, seconds REAL NOT NULL,"
    " drawn_w REAL NOT NULL, grid_w REAL, below INTEGER NOT NULL)",
    "CREATE TRIGGER grid_events_stay BEFORE UPDATE ON grid_events BEGIN SELECT RAISE(ABORT, 'a proof'); END",
    "CREATE TRIGGER grid_events_last BEFORE DELETE ON grid_events BEGIN SELECT RAISE(ABORT, 'a proof'); END",
)


def apply(database):
    for statement in STATEMENTS:
        database.execute_sql(statement)
