"""A replayed day is whole, and the same each time."""

from datetime import timedelta

from evcc_flask.simulation.replay import run
from evcc_flask.simulation.scenario import Scenario, parse

LOADPOINTS = [
    {"mode": "pv", "box": {"switches_phases": True}, "circuit": "main"},
    {"mode": "minpv", "circuit": "main", "priority": 3},
]


def two_cars(until: str) -> Scenario:
    return parse(
        {
            "title": "two cars, a battery and a fuse on a summer day",
            "house": {
                "clouds": 0.4,
                "batteries": [{"soc_percent": 40}],
                "circuits": [{"name": "main", "max_current_a": 35, "meter": True}],
                "loadpoints": LOADPOINTS,
            },
            "timeline": [{"at": "00:00"}],
            "until": until,
        }
    )


def test_a_day_has_a_cycle_every_ten_seconds():
    assert len(run(two_cars("24:00")).cycles) == 8641


def test_the_same_day_is_decided_the_same_way():
    first, second = (run(two_cars("12:00")) for _ in range(2))
    assert [cycle.decision for cycle in first.cycles] == [cycle.decision for cycle in second.cycles]


def test_cycles_are_found_by_their_time():
    trace = run(two_cars("00:10"))
    assert trace.at(timedelta(minutes=5, seconds=9)).clock == "00:05:00"
    assert [each.clock for each in trace.between(timedelta(minutes=1), timedelta(minutes=1, seconds=20))] == [
        "00:01:00",
        "00:01:10",
    ]
