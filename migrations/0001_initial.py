"""The first schema: settings and sessions. A file that evcc made has both already and is given our columns."""

SETTINGS = "CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT)"
SESSIONS = "CREATE TABLE IF NOT EXISTS sessions (id INTEGER PRIMARY KEY AUTOINCREMENT)"
COLUMNS = {
    "created": "DATETIME",
    "finished": "DATETIME",
    "loadpoint": "TEXT",
    "identifier": "TEXT",
    "vehicle": "TEXT",
    "odometer": "REAL",
    "meter_start_kwh": "REAL",
    "meter_end_kwh": "REAL",
    "charged_kwh": "REAL",
    "solar_percentage": "REAL",
    "price": "REAL",
    "price_per_kwh": "REAL",
    "co2_per_kwh": "REAL",
    "charge_duration": "INTEGER",
    "key": "TEXT",
    "closed": "INTEGER",
    "loadpoint_index": "INTEGER",
}


def apply(database):
    database.execute_sql(SETTINGS)
    database.execute_sql(SESSIONS)
    there = {column.name for column in database.get_columns("sessions")}
    for name, kind in COLUMNS.items():
        if name not in there:
            database.execute_sql(f"ALTER TABLE sessions ADD COLUMN {name} {kind}")
    database.execute_sql("UPDATE sessions SET closed = 1 WHERE closed IS NULL")
    database.execute_sql("CREATE INDEX IF NOT EXISTS sessions_key ON sessions (key)")
