"""The journal of changes, and an index by which a long list of sessions is read in its order."""

STATEMENTS = (
    "CREATE TABLE changes (id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT, key TEXT NOT NULL, old TEXT, new TEXT,"
    " origin TEXT NOT NULL, name TEXT NOT NULL, address TEXT NOT NULL)",
    "CREATE INDEX changes_at ON changes (at)",
    "CREATE INDEX sessions_moment ON sessions (coalesce(datetime(created), ''), id)",
)


def apply(database):
    for statement in STATEMENTS:
        database.execute_sql(statement)
