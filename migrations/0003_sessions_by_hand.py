"""What people do to a session outlives what the running charge still writes to it."""


def apply(database):
    there = {column.name for column in database.get_columns("sessions")}
    for name in ("named", "removed"):
        if name not in there:
            database.execute_sql(f"ALTER TABLE sessions ADD COLUMN {name} INTEGER")
