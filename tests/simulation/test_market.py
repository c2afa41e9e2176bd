"""The demo's exchange: the same day for the same seed, cheap at night, sometimes below zero at noon."""

from datetime import datetime, timedelta, timezone

import pytest
import requests

from evcc_flask.simulation.description import sunny_house
from evcc_flask.simulation.house import House
from evcc_flask.simulation.market import prices, sunshine
from evcc_flask.simulation.wire.live import LiveHouse
from evcc_flask.simulation.wire.market import MarketServer

MORNING = datetime(2026, 6, 21, 9, 30, tzinfo=timezone(timedelta(hours=2)))
YEAR = [MORNING + timedelta(days) for days in range(365)]


def of_day(day, seed=1):
    return [each["value"] for each in prices(day, seed)]


def test_a_day_is_the_same_for_the_same_seed():
    assert of_day(MORNING) == of_day(MORNING + timedelta(hours=2))
    assert of_day(MORNING) != of_day(MORNING, seed=2)


def test_the_night_is_cheaper_than_the_evening():
    assert all(max(of_day(day)[1:5]) < min(of_day(day)[17:20]) for day in YEAR)


def test_on_some_days_noon_is_below_zero():
    negative = sum(min(of_day(day)[11:15]) < 0 for day in YEAR)
    assert 80 < negative < 200


def test_tomorrow_is_known_from_one_o_clock():
    assert len(prices(MORNING, 1)) == 24
    later = prices(MORNING.replace(hour=13), 1)
    assert (later[0]["start"], later[-1]["end"]) == ("2026-06-21T00:00:00+02:00", "2026-06-23T00:00:00+02:00")


def test_sun_is_expected_by_day_only_and_about_what_comes():
    expected = [each["value"] for each in sunshine(sunny_house(MORNING), MORNING)]
    assert len(expected) == 72
    assert expected[1] == 0
    assert 4000 < max(expected[:24]) < 10000


@pytest.fixture
def server():
    live = LiveHouse(House(sunny_house(MORNING)), lambda: MORNING)
    market = MarketServer(live)
    yield market, f"http://127.0.0.1:{market.port}"
    market.close()


def test_both_are_served_on_http(server):
    market, uri = server
    assert requests.get(f"{uri}/prices", timeout=5).json() == prices(MORNING, 1)
    assert len(requests.get(f"{uri}/sun", timeout=5).json()) == 72
    assert requests.get(f"{uri}/else", timeout=5).status_code == 404
    market.silent = True
    assert requests.get(f"{uri}/prices", timeout=5).status_code == 503
