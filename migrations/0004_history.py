"""Where the energy went, by quarter of an hour, with the prices of that time."""

STATEMENTS = (
    "CREATE TABLE history (slot INTEGER PRIMARY KEY, seconds INTEGER NOT NULL, imported INTEGER NOT NULL,"
    " exported INTEGER NOT NULL, pv INTEGER NOT NULL, charged INTEGER NOT NULL, discharged INTEGER NOT NULL,"
    " home INTEGER NOT NULL, home_green INTEGER NOT NULL, grid_price INTEGER, feed_in_price INTEGER, co2 INTEGER)",
    "CREATE TABLE history_places (id INTEGER PRIMARY KEY, title TEXT NOT NULL UNIQUE)",
    "CREATE TABLE history_charges (slot INTEGER, place INTEGER, energy INTEGER NOT NULL, green INTEGER NOT NULL,"
    " PRIMARY KEY (slot, place)) WITHOUT ROWID",
)


def apply(database):
    for statement in STATEMENTS:
        database.execute_sql(statement)
