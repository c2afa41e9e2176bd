import sqlite3
from contextlib import closing
from datetime import datetime, timedelta

import pytest

from evcc_flask.control.carried import carried
from evcc_flask.control.stored import restored
from evcc_flask.domain.plans import EnergyPlan, SocPlan
from evcc_flask.domain.settings import LoadpointSettings, Settings, Threshold
from evcc_flask.domain.vehicles import Vehicle, VehicleSettings
from evcc_flask.domain.words import Mode
from evcc_flask.storage.evccs import reading
from evcc_flask.storage.journal import Wanted
from evcc_flask.storage.problem import StorageProblem
from tests.storage.evcc_house import PAGE, PASSWORD, SESSIONS, SETTINGS, written


@pytest.fixture
def evccs(tmp_path):
    return written(tmp_path / "old.db")


def taken(database, evccs):
    with reading(evccs) as file:
        return database.take_over(evccs, file, carried(file.settings, {}).values)


def folder(path):
    return {file.name: file.read_bytes() for file in path.parent.iterdir() if file.name.startswith(path.name)}


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_the_original_keeps_every_byte_and_gets_no_companions(tmp_path, opened, mode):
    evccs = written(tmp_path / "old.db", mode=mode)
    before = folder(evccs)
    taken(opened(), evccs)
    assert folder(evccs) == before


def test_what_a_running_evcc_has_only_in_its_log_is_read_too(tmp_path):
    path = tmp_path / "old.db"
    written(path, mode="wal")
    with closing(sqlite3.connect(path)) as running:
        running.execute("PRAGMA wal_autocheckpoint = 0")
        running.execute("INSERT INTO settings VALUES ('lp2.mode', 'now')")
        running.commit()
        before = folder(path)
        with reading(path) as file:
            assert file.settings["lp2.mode"] == "now"
        assert folder(path) == before


def test_sessions_come_with_times_as_they_were_and_once_only(opened, evccs):
    database = opened()
    assert taken(database, evccs).sessions == len(SESSIONS)
    assert taken(database, evccs).sessions == 0
    newer, older = database.sessions()
    assert older["created"] == datetime.fromisoformat("2023-05-04T22:00+02:00")
    assert older["finished"] - older["created"] == timedelta(hours=4, microseconds=123456)
    assert (older["vehicle"], older["chargedEnergy"], older["chargeDuration"]) == ("blauer e-Golf", 11.5, 7200 * 10**9)
    assert newer["created"] == datetime.fromisoformat("2023-05-06T10:00+00:00")
    assert (newer["vehicle"], newer["finished"], newer["chargeDuration"]) == ("", None, None)


def test_settings_of_evcc_are_those_of_the_house(opened, evccs):
    database = opened()
    taken(database, evccs)
    fresh = Settings(loadpoints=(LoadpointSettings(),), vehicles={"golf": VehicleSettings(Vehicle("golf"))})
    house = restored(fresh, database.settings())
    assert (house.priority_soc_percent, house.residual_power_w, house.battery_grid_charge_limit) == (50, 100, 0.12)
    assert house.battery_discharge_control is True
    loadpoint, car = house.loadpoints[0], house.vehicles["golf"]
    assert (loadpoint.mode, loadpoint.min_current_a, loadpoint.phases) == (Mode.MINPV, 8, 1)
    assert loadpoint.smart_cost_limit == 0.2
    assert (loadpoint.enable, loadpoint.disable) == (Threshold(-1400, 90), Threshold(200, 300))
    assert loadpoint.energy_plan == EnergyPlan(12.5, datetime.fromisoformat("2031-05-04T06:00+02:00"), 0)
    assert (car.min_soc_percent, car.limit_soc_percent) == (20, 80)
    assert car.plan == SocPlan(90, datetime.fromisoformat("2031-05-04T06:00+00:00"), 0)
    assert [(plan.soc_percent, plan.tz, plan.active) for plan in car.repeating] == [(70, "Europe/Berlin", True)]


def test_the_password_comes_along_and_stays_out_of_the_journal(opened, evccs):
    database = opened()
    taken(database, evccs)
    assert database.settings()["adminPassword"] == PASSWORD
    entries = database.changes(Wanted(count=1000))
    assert {entry["origin"] for entry in entries} == {"import"}
    assert PASSWORD not in str(entries)


def test_what_was_set_here_stays(opened, evccs):
    database = opened()
    database.save({"lp1.mode": "now", "lp1.minCurrent": 8}).wait(5.0)
    assert taken(database, evccs).kept == ("lp1.mode",)
    assert database.settings()["lp1.mode"] == "now"


def test_a_file_is_known_again(opened, evccs, tmp_path):
    database = opened()
    assert not database.took(evccs)
    taken(database, evccs)
    assert database.took(evccs)
    assert not database.took(tmp_path / "another.db")


def test_a_move_that_fails_changes_nothing(opened, evccs, monkeypatch):
    database = opened()
    monkeypatch.setattr("evcc_flask.storage.takeover.KEY", "no_such_column")
    with pytest.raises(StorageProblem, match="could not be taken over"):
        taken(database, evccs)
    assert database.settings() == {}
    assert not database.took(evccs)


def test_a_hundred_thousand_sessions_move_in(opened, tmp_path):
    row = ("2023-05-04 22:00:00.0+02:00", "2023-05-05 02:00:00+02:00", "Garage", "Golf", 11.5, 7.2e12)
    evccs = written(tmp_path / "old.db", sessions=[row] * 100_000)
    assert taken(opened(), evccs).sessions == 100_000


def test_an_old_file_without_newer_columns_and_tables_is_read(opened, tmp_path):
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(
            "CREATE TABLE sessions (id integer PRIMARY KEY, created datetime, charged_kwh real);"
            "INSERT INTO sessions VALUES (1044, '2021-05-01 10:40:39.367492+02:00', 2.5);"
        )
    database = opened()
    assert taken(database, path).sessions == 1
    assert database.sessions()[0]["solarPercentage"] is None


def test_a_file_that_is_no_database_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "old.db").write_bytes(b"not a database at all, but long enough to be looked at" * 20)
    with pytest.raises(StorageProblem, match="cannot be read as evcc's database"), reading(tmp_path / "old.db"):
        pass


def test_entries_of_the_web_page_that_are_damaged_are_empty(tmp_path):
    path = written(tmp_path / "old.db", page=PAGE)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE configs SET value = '{broken' WHERE id = 1")
        database.execute("INSERT INTO configs (id, class, value) VALUES (99, 77, '{}')")
    with reading(path) as file:
        assert [entry.number for entry in file.entries] == [row[0] for row in PAGE]
        assert file.entries[0].params == {}


@pytest.mark.parametrize(
    ("given", "ours"),
    [
        ({"site.prioritySoc": "40"}, {"site.prioritySoc": 40}),
        ({"lp2.enableDelay": "60000000000"}, {"lp2.enableDelay": 60.0}),
        ({"lp2.enableDelay": "45"}, {"lp2.enableDelay": 45.0}),
        ({"lp1.smartCostLimit": ""}, {}),
        ({"lp1.planTime": "0001-01-01T00:00:00Z", "lp1.planEnergy": "10"}, {}),
        ({"lp1.planEnergy": "10"}, {}),
        ({"vehicle.db:5.minSoc": "30"}, {"vehicle.golf.minSoc": 30}),
        ({"adminPassword": "not a hash"}, {}),
        ({"jwtSecret": "00ff"}, {}),
    ],
)
def test_keys_and_forms_of_evcc_become_ours(given, ours):
    assert carried(given, {"db:5": "golf"}).values == ours


def test_settings_without_a_place_here_are_named():
    assert carried({"lp1.planStrategy": "{}", "vehicle.golf.mode": "now"}, {}).left == (
        "lp1.planStrategy",
        "vehicle.golf.mode",
    )


def test_all_known_settings_have_a_place():
    assert carried(SETTINGS, {}).left == ()
