import os
import time
from datetime import UTC, datetime, timedelta

import pytest

START = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)


@pytest.fixture
def berlin():
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/Berlin"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def kept(database, *rows):
    assert database.save_sessions(rows).wait(2.0) is None
    return database.sessions()


def test_a_session_has_the_contracts_fields(opened, row):
    (session,) = kept(opened(), row(odometer_km=1234.56, price=2.25, price_per_kwh=0.3))
    assert session == {
        "id": 1,
        "created": START,
        "finished": START + timedelta(hours=1),
        "loadpoint": "Carport",
        "identifier": "",
        "vehicle": "blauer e-Golf",
        "odometer": 1234.6,
        "meterStart": 100.0,
        "meterStop": 107.5,
        "chargedEnergy": 7.5,
        "chargeDuration": 3_600_000_000_000,
        "solarPercentage": 80.0,
        "price": 2.25,
        "pricePerKWh": 0.3,
        "co2PerKWh": None,
    }


def test_a_session_that_goes_on_stays_one_row(opened, row):
    database = opened()
    for charged in (1.0, 2.0, 3.0):
        sessions = kept(database, row(charged_kwh=charged, closed=False))
    assert [session["chargedEnergy"] for session in sessions] == [3.0]


def test_a_session_goes_on_in_its_row_after_a_restart(opened, row):
    first = opened()
    kept(first, row(charged_kwh=1.0, closed=False))
    first.close()
    sessions = kept(opened(), row(charged_kwh=4.0))
    assert [session["chargedEnergy"] for session in sessions] == [4.0]


def test_the_same_key_of_another_run_is_another_session(opened, row):
    first = opened()
    kept(first, row())
    first.close()
    later = START + timedelta(days=1)
    sessions = kept(opened(), row(created=later))
    assert [session["created"] for session in sessions] == [later, START]


def test_a_session_that_was_open_ends_when_the_next_one_starts(opened, row):
    first = opened()
    kept(first, row(finished=None, meter_stop_kwh=None, charged_kwh=1.0, closed=False))
    first.close()
    later = START + timedelta(days=1)
    _, former = kept(opened(), row(key="0-2", created=later, meter_start_kwh=109.0, closed=False))
    assert (former["finished"], former["meterStop"], former["chargedEnergy"]) == (later, 109.0, 9.0)


def test_sessions_of_almost_nothing_are_not_shown(opened, row):
    assert [s["chargedEnergy"] for s in kept(opened(), row(charged_kwh=0.049), row(key="2", charged_kwh=0.05))] == [
        0.05
    ]


def test_newest_come_first_whatever_the_offset_they_were_written_with(opened, row, path):
    import sqlite3

    database = opened()
    kept(database, row(created=datetime.fromisoformat("2026-05-04 12:00:00+02:00")))
    with sqlite3.connect(path) as other:
        other.execute("INSERT INTO sessions (created, charged_kwh) VALUES ('2026-05-04 11:00:00', 1)")
        other.execute("INSERT INTO sessions (created, charged_kwh) VALUES ('2026-05-04 11:30:00.0+02:00', 2)")
    assert [session["chargedEnergy"] for session in database.sessions()] == [1.0, 7.5, 2.0]


def test_year_and_month_mean_the_time_at_the_house(opened, row, berlin):
    database = opened()
    kept(database, row(created=datetime(2025, 12, 31, 23, 30, tzinfo=UTC)))
    assert len(database.sessions(2026)) == len(database.sessions(2026, 1)) == 1
    assert database.sessions(2025) == database.sessions(2025, 12) == database.sessions(2026, 2) == []
    assert database.sessions(2026)[0]["created"].isoformat() == "2026-01-01T00:30:00+01:00"


def test_a_month_without_a_year_is_ignored(opened, row):
    database = opened()
    kept(database, row())
    assert len(database.sessions(None, 1)) == 1


@pytest.mark.parametrize("year", [-5, 0, 9999, 10**30])
def test_a_year_beyond_the_calendar_holds_nothing(opened, row, year):
    database = opened()
    kept(database, row())
    assert database.sessions(year) == []
