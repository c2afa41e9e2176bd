"""The state as topics: evcc's layout and evcc's spelling."""

import pytest

from evcc_flask.control.compose import compose
from evcc_flask.integrations.topics import payload, topics


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (123456, "123456"),
        (1234.5678, "1234.6"),
        (-0.123456, "-0.12346"),
        (0.00001, "0.00001"),
        (-0.00000000001, "-0.00000000001"),
        (123456.7, "123460"),
        (0.5, "0.5"),
        ("pv", "pv"),
        ("2026-05-05T06:00:00+02:00", "1777953600"),
        ("0001-01-01T00:00:00Z", ""),
    ],
)
def test_a_value_is_spelled_as_evcc_spells_it(value, text):
    assert payload(value) == text


def test_lists_are_a_count_and_their_entries_and_objects_are_levels():
    told = topics(
        {"pv": [{"power": 500, "title": "Roof"}], "network": {"port": 7070}, "grid": {"currents": [1.5, 2, 0]}}
    )
    assert told == {
        "loadpoints": "0",
        "vehicles": "0",
        "site/network/port": "7070",
        "site/pv": "1",
        "site/pv/1/power": "500",
        "site/pv/1/title": "Roof",
        "site/grid/currents": "3",
        "site/grid/currents/1": "1.5",
        "site/grid/currents/2": "2",
        "site/grid/currents/3": "0",
    }


def test_three_phases_of_a_loadpoint_are_their_sum_and_each_by_itself():
    told = topics({"loadpoints": [{"chargeCurrents": [6.0, 6.0, 5.5], "mode": "pv", "planTime": None}]})
    assert told == {
        "loadpoints": "1",
        "vehicles": "0",
        "loadpoints/1/chargeCurrents": "17.5",
        "loadpoints/1/chargeCurrents/l1": "6",
        "loadpoints/1/chargeCurrents/l2": "6",
        "loadpoints/1/chargeCurrents/l3": "5.5",
        "loadpoints/1/mode": "pv",
        "loadpoints/1/planTime": "",
    }


def test_cars_stand_by_their_name_and_rates_are_json():
    rates = [{"start": "2026-05-05T06:00:00Z", "end": "2026-05-05T07:00:00Z", "value": 0.25}]
    told = topics({"vehicles": {"a/b+c": {"title": "Zoe"}}, "forecast": {"grid": rates, "solar": {"timeseries": []}}})
    assert told["vehicles/a_b_c/title"] == "Zoe"
    assert told["site/forecast/grid"] == (
        '[{"start":"2026-05-05T06:00:00Z","end":"2026-05-05T07:00:00Z","value":0.25}]'
    )
    assert told["site/forecast/solar/timeseries"] == "[]"


def test_of_a_whole_house_every_topic_can_be_published(state):
    told = topics(compose(state.view, state.settings))
    assert told["loadpoints/1/mode"] == "pv"
    assert told["vehicles/tesla/capacity"] == "75"
    assert not [topic for topic in told if "+" in topic or "#" in topic or "None" in told[topic]]
