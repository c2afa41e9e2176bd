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


def test_a_deleted_session_stays_deleted_while_its_car_goes_on_charging(opened, row):
    database = opened()
    (session,) = kept(database, row(charged_kwh=1.0, closed=False))
    assert database.delete_session(session["id"]).wait(2.0) is None
    assert database.delete_session(session["id"]) is None
    assert kept(database, row(charged_kwh=2.0, closed=False)) == []
    database.close()
    again = opened()
    assert kept(again, row(charged_kwh=3.0)) == []
    later = START + timedelta(days=1)
    assert [session["created"] for session in kept(again, row(key="0-2", created=later))] == [later]


def test_nothing_is_left_of_a_deleted_session_when_its_car_has_gone(opened, row, path):
    import sqlite3

    database = opened()
    (session,) = kept(database, row(charged_kwh=1.0, closed=False))
    database.delete_session(session["id"]).wait(2.0)
    kept(database, row())
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT count(*) FROM sessions").fetchone() == (0,)


def test_a_title_that_a_person_gave_stays_while_the_session_goes_on(opened, row):
    database = opened()
    (session,) = kept(database, row(vehicle="", charged_kwh=1.0, closed=False))
    assert database.name_session(session["id"], vehicle="guest", loadpoint="Yard").wait(2.0) is None
    (session,) = kept(database, row(vehicle="blauer e-Golf"))
    assert (session["vehicle"], session["loadpoint"], session["chargedEnergy"]) == ("guest", "Yard", 7.5)


def test_what_is_not_there_cannot_be_named_or_deleted(opened):
    database = opened()
    assert database.name_session(7, vehicle="guest") is None
    assert database.delete_session(7) is None


@pytest.fixture
def many(opened, path):
    """A database with 20,000 sessions, one every half hour, the last ones without a time."""
    import sqlite3

    opened().close()
    with sqlite3.connect(path) as other:
        other.execute(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19999)"
            " INSERT INTO sessions (created, finished, loadpoint, vehicle, charged_kwh, closed)"
            " SELECT CASE WHEN i < 19990 THEN datetime('2020-01-01', (i * 30) || ' minutes') END,"
            " datetime('2020-01-01', (i * 30 + 25) || ' minutes'), 'Carport', 'car ' || i, 1 + i % 20, 1 FROM n"
        )
    return opened()


def test_a_long_list_is_read_in_its_order_and_whole(many):
    times = [session["created"] for session in many.each_session()]
    assert len(times) == 20_000
    assert times[-10:] == [None] * 10
    assert times[:-10] == sorted(times[:-10], reverse=True)


def test_each_portion_of_a_long_list_is_found_by_its_index(many, path):
    import sqlite3

    from evcc_flask.storage import book
    from evcc_flask.storage.models import Session

    assert len(many.sessions(2020, 2)) == 29 * 48
    with sqlite3.connect(path) as other:
        last = Session(id=7)
        last.moment = "2020-02-07 12:00:00"
        seeks = (book.listed(2020, 2), book.listed(None, None, last), book.listed(2020, 2, last))
        for query in (book.listed(None, None), *seeks):
            plan = other.execute("EXPLAIN QUERY PLAN " + query.sql()[0], query.sql()[1]).fetchall()
            assert ("SEARCH" in str(plan)) == (query in seeks), plan
            assert "sessions_moment" in str(plan)
            assert "TEMP B-TREE" not in str(plan)


@pytest.mark.parametrize(
    ("month", "first", "after"),
    [(3, "2026-03-01T00:00+01:00", "2026-04-01T00:00+02:00"), (10, "2026-10-01T00:00+02:00", "2026-11-01T00:00+01:00")],
)
def test_a_month_in_which_clocks_are_changed_has_its_true_ends(opened, row, berlin, month, first, after):
    database = opened()
    first, after = datetime.fromisoformat(first), datetime.fromisoformat(after)
    second = timedelta(seconds=1)
    times = [first - second, first, after - second, after]
    kept(database, *(row(key=str(time), created=time) for time in times))
    assert [session["created"] for session in database.sessions(2026, month)] == [after - second, first]


def test_the_doubled_hour_keeps_its_order_and_its_offset(opened, row, berlin):
    database = opened()
    early = datetime.fromisoformat("2026-10-25T02:30+02:00")
    late = datetime.fromisoformat("2026-10-25T02:10+01:00")
    sessions = kept(database, row(key="early", created=early), row(key="late", created=late))
    assert [session["created"].isoformat() for session in sessions] == [
        "2026-10-25T02:10:00+01:00",
        "2026-10-25T02:30:00+02:00",
    ]
