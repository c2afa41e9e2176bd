import sqlite3
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from evcc_flask.domain.quarters import QUARTER_S, Charged, Quarter, quarter_of
from evcc_flask.storage.history import Resolution

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def berlin(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(*when):
    return datetime(*when, tzinfo=BERLIN)


def quarters(first, after, **values):
    """One for each quarter of an hour: 100 Wh of import unless told else."""
    begin, end = quarter_of(first), quarter_of(after)
    return {number: Quarter(number, **{"seconds": 900.0, "import_kwh": 0.1} | values) for number in range(begin, end)}


def kept(database, parts):
    assert database.save_sessions((), {}, parts).wait(5.0) is None


def test_parts_of_a_quarter_are_added_up_over_calls_and_restarts(opened):
    number = quarter_of(at(2026, 5, 4, 12, 0))
    part = Quarter(
        number, 60.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.03, {"Carport": Charged(0.5, 0.25)}, 0.3, 0.08, 380.0
    )
    first = opened()
    kept(first, {number: part})
    kept(first, {number: part})
    first.close()
    again = opened()
    kept(again, {number: Quarter(number, 30.0, points={"Garage": Charged(1.0, 0.0)})})
    (span,) = again.history(at(2026, 5, 4), at(2026, 5, 5), Resolution.QUARTER)
    assert span == {
        "start": "2026-05-04T12:00:00+02:00",
        "end": "2026-05-04T12:15:00+02:00",
        "seconds": 150,
        "gridImport": 0.02,
        "gridExport": 0.04,
        "pv": 0.06,
        "batteryCharge": 0.08,
        "batteryDischarge": 0.1,
        "home": 0.12,
        "homeSolar": 0.06,
        "gridPrice": 0.3,
        "feedInPrice": 0.08,
        "co2": 380.0,
        "importCost": 0.006,
        "exportRevenue": 0.0032,
        "importCo2": 7.6,
        "homeCost": 0.0228,
        "loadpoints": [
            {"title": "Carport", "energy": 1.0, "solar": 0.5, "cost": 0.19, "co2": 190.0},
            {"title": "Garage", "energy": 1.0, "solar": 0.0, "cost": 0.3, "co2": 380.0},
        ],
    }
    assert again.history_places() == ["Carport", "Garage"]
    assert again.history_extent() == (at(2026, 5, 4, 12, 0), at(2026, 5, 4, 12, 15))


def test_a_price_that_nobody_knew_costs_nothing_known(opened):
    database = opened()
    kept(database, quarters(at(2026, 5, 4), at(2026, 5, 4, 1), points={"Carport": Charged(1.0, 0.0)}))
    (span,) = database.history(at(2026, 5, 4), at(2026, 5, 5), Resolution.DAY)
    assert (span["gridPrice"], span["importCost"], span["homeCost"], span["exportRevenue"]) == (None,) * 4
    assert (span["loadpoints"][0]["cost"], span["loadpoints"][0]["co2"]) == (None, None)
    assert span["gridImport"] == pytest.approx(0.4)


def test_a_day_is_the_local_one_where_the_clocks_change(opened):
    database = opened()
    kept(database, quarters(at(2026, 3, 28), at(2026, 3, 31)))
    kept(database, quarters(at(2026, 10, 25), at(2026, 10, 26)))
    days = list(database.history(at(2026, 3, 28), at(2026, 11, 1), Resolution.DAY))
    assert [(day["start"], round(day["gridImport"] * 10)) for day in days] == [
        ("2026-03-28T00:00:00+01:00", 96),
        ("2026-03-29T00:00:00+01:00", 92),
        ("2026-03-30T00:00:00+02:00", 96),
        ("2026-10-25T00:00:00+02:00", 100),
    ]
    spring = list(database.history(at(2026, 3, 29), at(2026, 3, 30), Resolution.HOUR))
    assert len(spring) == 23
    assert spring[2]["start"] == "2026-03-29T03:00:00+02:00"
    autumn = [hour["start"] for hour in database.history(at(2026, 10, 25), at(2026, 10, 26), Resolution.HOUR)]
    assert len(autumn) == 25
    assert autumn[2:4] == ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]
    assert len(list(database.history(at(2026, 10, 25), at(2026, 10, 26), Resolution.QUARTER))) == 100


def test_months_and_years_end_where_the_calendar_says(opened):
    database = opened()
    kept(database, quarters(at(2025, 12, 31, 23), at(2026, 1, 1, 1)) | quarters(at(2026, 2, 28), at(2026, 3, 1, 1)))
    months = list(database.history(at(2025, 12, 1), at(2027, 1, 1), Resolution.MONTH))
    assert [(each["start"][:7], round(each["gridImport"] * 10)) for each in months] == [
        ("2025-12", 4),
        ("2026-01", 4),
        ("2026-02", 96),
        ("2026-03", 4),
    ]
    years = list(database.history(at(2025, 1, 1), at(2027, 1, 1), Resolution.YEAR))
    assert [(each["start"], each["end"]) for each in years] == [
        ("2025-01-01T00:00:00+01:00", "2026-01-01T00:00:00+01:00"),
        ("2026-01-01T00:00:00+01:00", "2027-01-01T00:00:00+01:00"),
    ]


def test_a_span_that_is_cut_holds_only_what_was_asked_for(opened):
    database = opened()
    kept(database, quarters(at(2026, 5, 4), at(2026, 5, 5)))
    (day,) = database.history(at(2026, 5, 4, 6), at(2026, 5, 4, 7, 30), Resolution.DAY)
    assert (day["start"], day["end"]) == ("2026-05-04T06:00:00+02:00", "2026-05-04T07:30:00+02:00")
    assert round(day["gridImport"] * 10) == 6


def test_hours_are_the_clocks_whenever_the_question_begins(opened):
    database = opened()
    kept(database, quarters(at(2026, 5, 4, 9, 30), at(2026, 5, 4, 12)))
    hours = list(database.history(at(2026, 5, 4, 9, 45), at(2026, 5, 4, 11, 30), Resolution.HOUR))
    assert [(hour["start"][11:16], hour["end"][11:16], round(hour["gridImport"] * 10)) for hour in hours] == [
        ("09:45", "10:00", 1),
        ("10:00", "11:00", 4),
        ("11:00", "11:30", 2),
    ]


def test_what_cannot_be_written_is_added_up_in_memory_and_written_once(opened, path):
    database = opened()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    parts = quarters(at(2026, 5, 4, 12), at(2026, 5, 4, 12, 15))
    assert database.save_sessions((), {}, parts).wait(5.0) is not None
    receipt = database.save_sessions((), {}, parts)
    other.execute("COMMIT")
    other.close()
    for _ in range(5):
        if receipt.wait(5.0) is None:
            break
    (span,) = database.history(at(2026, 5, 4), at(2026, 5, 5), Resolution.DAY)
    assert span["gridImport"] == pytest.approx(0.2)


def test_an_absurd_price_breaks_no_sum(opened):
    database = opened()
    kept(database, quarters(at(2026, 5, 4), at(2026, 5, 5), import_kwh=75.0, grid_price=1e6))
    (day,) = database.history(at(2026, 5, 4), at(2026, 5, 5), Resolution.DAY)
    assert day["importCost"] == pytest.approx(96 * 75e6)


def test_a_year_takes_few_megabytes_and_is_read_at_once(opened, path):
    """The size is what docs/performance.rst tells."""
    database = opened()
    first = at(2025, 1, 1)
    whole = {}
    for number in range(quarter_of(first), quarter_of(at(2026, 1, 1))):
        sun, charges = 0.3 * (number % 96 > 40), {"Carport": Charged(2.75, 1.5)} if number % 96 < 12 else {}
        noise = (number * 7919 % 1000) / 1e4
        whole[number] = Quarter(
            number, 900.0, 0.1 + noise, sun, sun * 2, sun / 2, noise, 0.15 + noise, noise, charges, 0.3, 0.08, 380.0
        )
    kept(database, whole)
    (year,) = database.history(first, at(2026, 1, 1), Resolution.YEAR)
    assert year["seconds"] == 365 * 86400
    assert len(list(database.history(first, at(2026, 1, 1), Resolution.HOUR))) == 8760
    database.close()
    size = sum(file.stat().st_size for file in path.parent.iterdir())
    assert size < 2.6e6, size


def test_a_clock_that_jumps_back_adds_and_destroys_nothing(opened):
    database = opened()
    noon = at(2026, 5, 4, 12)
    kept(database, quarters(noon, noon + timedelta(hours=1)))
    kept(database, quarters(noon, noon + timedelta(minutes=15), seconds=60.0, import_kwh=0.005))
    first = next(database.history(noon, noon + timedelta(hours=1), Resolution.QUARTER))
    assert (first["seconds"], first["gridImport"]) == (960, 0.105)
    assert quarter_of(noon) * QUARTER_S == noon.timestamp()
