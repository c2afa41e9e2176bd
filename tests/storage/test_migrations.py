import sqlite3

import pytest

from evcc_flask.layout import project_file
from evcc_flask.storage.database import Database
from evcc_flask.storage.problem import StorageProblem
from evcc_flask.storage.schema import steps

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
    from evcc_flask.storage.database import _connector
    from evcc_flask.storage.schema import migrate, steps

    (tmp_path / "0001_good.py").write_text("def apply(database): database.execute_sql('CREATE TABLE good (a)')")
    (tmp_path / "0002_bad.py").write_text("def apply(database): database.execute_sql('CREATE nonsense')")
    database = _connector(path)
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
