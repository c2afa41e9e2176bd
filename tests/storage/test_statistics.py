from datetime import timedelta

import pytest


def kept(database, *rows):
    assert database.save_sessions(rows).wait(5.0) is None


def test_a_new_house_has_charged_nothing_and_knows_no_averages(opened):
    empty = {"chargedKWh": 0.0, "solarPercentage": None, "avgPrice": None, "avgCo2": None}
    assert opened().statistics() == dict.fromkeys(("30d", "365d", "thisYear", "total"), empty)


def test_averages_are_weighted_by_energy_over_the_rows_that_hold_the_value(opened, row, clock):
    database = opened()
    now = clock.now()
    kept(
        database,
        row(key="1", created=now - timedelta(days=2), charged_kwh=10.0, solar_percent=100.0, price_per_kwh=0.1),
        row(key="2", created=now - timedelta(days=3), charged_kwh=30.0, solar_percent=0.0, price_per_kwh=0.3),
        row(key="3", created=now - timedelta(days=5), charged_kwh=60.0, solar_percent=50.0, co2_per_kwh=200.0),
        row(key="4", created=now - timedelta(days=100), charged_kwh=100.0, solar_percent=None),
        row(key="5", created=now - timedelta(days=600), charged_kwh=1.0, solar_percent=None),
    )
    statistics = database.statistics()
    assert statistics["30d"] == {"chargedKWh": 100.0, "solarPercentage": 40.0, "avgPrice": 0.25, "avgCo2": 200.0}
    assert [statistics[period]["chargedKWh"] for period in ("365d", "thisYear", "total")] == [200.0, 200.0, 201.0]


def test_a_session_that_a_person_deletes_counts_no_more(opened, row, clock):
    database = opened()
    kept(database, row(key="1", created=clock.now() - timedelta(days=1), charged_kwh=10.0))
    assert database.statistics()["total"]["chargedKWh"] == 10.0
    assert database.delete_session(1).wait(5.0) is None
    assert database.statistics()["total"]["chargedKWh"] == 0.0


def test_they_are_there_after_a_restart(opened, row, clock):
    first = opened()
    kept(first, row(created=clock.now() - timedelta(days=1), charged_kwh=10.0, price_per_kwh=float("inf")))
    first.close()
    total = opened().statistics()["total"]
    assert (total["chargedKWh"], total["avgPrice"]) == (10.0, None)


def test_they_are_computed_anew_while_a_charge_goes_on(opened, row, clock):
    database = opened()
    clock.time += timedelta(minutes=20)
    kept(database, row(closed=False, created=clock.now() - timedelta(hours=1), charged_kwh=3.0))
    assert database.statistics()["total"]["chargedKWh"] == pytest.approx(3.0)
