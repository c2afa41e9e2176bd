import sqlite3

import pytest

from evcc_flask.domain.changes import Change, Origin, Who
from evcc_flask.domain.quarters import Quarter
from evcc_flask.layout import project_file
from evcc_flask.storage.database import Database, connector
from evcc_flask.storage.journal import Wanted
from evcc_flask.storage.problem import StorageProblem
from evcc_flask.storage.schema import migrate, steps

EVCC = """
CREATE TABLE `settings` (`key` text,`value` text,PRIMARY KEY (`key`));
CREATE TABLE `sessions` (`id` integer PRIMARY KEY AUTOINCREMENT,`created` datetime,`finished` datetime,
  `loadpoint` text,`identifier` text,`vehicle` text,`odometer` real,`meter_start_kwh` real,`meter_end_kwh` real,
  `charged_kwh` real,`solar_percentage` real,`price` real,`price_per_kwh` real,`co2_per_kwh` real,
  `charge_duration` integer);
INSERT INTO settings VALUES ('lp1.mode', 'minpv'), ('lp1.minCurrent', '8'), ('site.batteryDischargeControl', 'true');
INSERT INTO sessions (created, finished, loadpoint, charged_kwh, charge_duration) VALUES
  ('2023-05-04 22:00:00.0+02:00', '2023-05-05 02:00:00.123456789+02:00', 'Garage', 11.5, 7200000000000);
"""


def made(path, script):
    with sqlite3.connect(path) as database:
        database.executescript(script)
    database.close()


def numbers():
    return [step.number for step in steps(project_file("migrations"))]


def test_a_new_file_gets_the_schema_and_no_copy(opened, path):
    opened().close()
    assert [file.name for file in path.parent.iterdir()] == ["evcc.db"]
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT number FROM migrations").fetchall() == [(number,) for number in numbers()]
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_evccs_own_file_is_taken_as_it_is_and_a_copy_set_aside(opened, path):
    made(path, EVCC)
    database = opened()
    assert database.settings() == {"lp1.mode": "minpv", "lp1.minCurrent": 8, "site.batteryDischargeControl": True}
    (session,) = database.sessions(2023)
    assert (session["loadpoint"], session["chargedEnergy"], session["vehicle"]) == ("Garage", 11.5, "")
    assert session["finished"].timestamp() - session["created"].timestamp() == pytest.approx(14400.123, abs=0.001)
    copy = path.with_name("evcc.db.before-0001_initial")
    assert copy.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(copy) as before:
        assert before.execute("SELECT count(*) FROM sessions").fetchone() == (1,)
        assert "migrations" not in {name for (name,) in before.execute("SELECT name FROM sqlite_master")}


def test_a_second_start_changes_nothing_and_copies_nothing(opened, path):
    opened().close()
    before = path.read_bytes()
    opened().close()
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["evcc.db"]


def test_a_migration_that_fails_changes_nothing(tmp_path, path):
    (tmp_path / "0001_good.py").write_text("def apply(database): database.execute_sql('CREATE TABLE good (a)')")
    (tmp_path / "0002_bad.py").write_text("def apply(database): database.execute_sql('CREATE nonsense')")
    database = connector(path)
    with pytest.raises(Exception, match="nonsense"):
        migrate(database, path, steps(tmp_path))
    assert database.get_tables() == []
    database.close()


def test_a_newer_schema_is_refused_with_a_sentence(opened, path, clock):
    opened().close()
    newest = numbers()[-1]
    made(path, "INSERT INTO migrations VALUES (777, '0777_later')")
    with pytest.raises(StorageProblem, match=rf"newer evcc-flask \(schema 777, this one knows {newest}\)"):
        Database.open(path, clock)


def older(path, newest, row):
    """A database as the version that knew migrations up to ``newest`` has left it, with a setting and a session."""
    database = connector(path)
    migrate(database, path, [step for step in steps(project_file("migrations")) if step.number <= newest])
    database.execute_sql("INSERT INTO settings VALUES ('lp1.mode', 'minpv')")
    columns = {"created": str(row.created), "loadpoint": row.title, "charged_kwh": row.charged_kwh, "key": row.key}
    columns |= {"closed": 0, "loadpoint_index": 0}
    marks = ", ".join("?" * len(columns))
    database.execute_sql(f"INSERT INTO sessions ({', '.join(columns)}) VALUES ({marks})", tuple(columns.values()))
    database.close()


@pytest.mark.parametrize("newest", numbers())
def test_a_database_of_every_older_version_is_brought_up_to_date(opened, path, row, newest):
    older(path, newest, row())
    before = path.read_bytes()
    database = opened()
    assert database.settings() == {"lp1.mode": "minpv"}
    (session,) = database.sessions()
    assert (session["created"], session["chargedEnergy"]) == (row().created, 7.5)
    # What the older version had left open goes on, and everything that came since works on it.
    assert database.save_sessions([row(charged_kwh=9.0, closed=False)]).wait(5.0) is None
    assert [each["chargedEnergy"] for each in database.sessions()] == [9.0]
    assert database.name_session(session["id"], vehicle="guest").wait(5.0) is None
    change = Change("lp1.mode", "minpv", "pv", Origin(Who.PAGE))
    assert database.save({"lp1.mode": "pv"}, [change]).wait(5.0) is None
    assert len(database.changes(Wanted())) == 1
    assert database.delete_session(session["id"]).wait(5.0) is None
    assert database.save_sessions((), {}, {2_000_000: Quarter(2_000_000, 900.0, 0.1)}).wait(5.0) is None
    assert database.history_extent() is not None
    database.close()
    with sqlite3.connect(path) as file:
        assert file.execute("SELECT number FROM migrations ORDER BY number").fetchall() == [
            (each,) for each in numbers()
        ]
    copies = list(path.parent.glob("evcc.db.before-*"))
    if newest == numbers()[-1]:
        assert copies == []
    else:
        assert [copy.read_bytes() == before or sound(copy, newest) for copy in copies] == [True]


def sound(copy, newest):
    """Whether the copy that was set aside is the older version's file, complete."""
    with sqlite3.connect(copy) as file:
        (count,) = file.execute("SELECT count(*) FROM sessions").fetchone()
        (latest,) = file.execute("SELECT max(number) FROM migrations").fetchone()
        return (count, latest) == (1, newest)


def test_all_versions_end_with_the_same_tables(opened, path, row, tmp_path):
    opened().close()
    wanted = columns(path)
    for newest in numbers():
        other = tmp_path / f"{newest}.db"
        older(other, newest, row())
        database = connector(other)
        migrate(database, other, steps(project_file("migrations")))
        database.close()
        assert columns(other) == wanted


def columns(path):
    with sqlite3.connect(path) as file:
        rows = file.execute(
            "SELECT m.name, c.name, c.type FROM sqlite_master m, pragma_table_info(m.name) c ORDER BY m.name, c.name"
        )
        return rows.fetchall()
