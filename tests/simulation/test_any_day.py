"""Whatever happens in a house, what could harm a fuse or a family does not: random days on real physics."""

import itertools
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evcc_flask.domain.words import Mode
from evcc_flask.simulation.replay import run
from evcc_flask.simulation.scenario import parse
from evcc_flask.simulation.trace import Cycle

FUSE_A = 25.0
LOADPOINTS = [
    {"mode": "pv", "circuit": "main", "box": {"switches_phases": True}, "car": {"capacity_kwh": 40}},
    {"mode": "minpv", "circuit": "main", "priority": 2, "car": {"phases": 1, "takes": 0.8}, "phase_order": [1, 2, 0]},
]

loads = st.lists(st.sampled_from([100.0, 700.0, 2300.0, 4500.0]), min_size=3, max_size=3)
happenings = st.fixed_dictionaries(
    {"loadpoint": st.sampled_from([1, 2])},
    optional={
        "pv_w": st.sampled_from([0.0, 2500.0, 5500.0, 9000.0, 16000.0]),
        "load_w": loads,
        "mode": st.sampled_from(["off", "pv", "minpv", "now"]),
        "plugged": st.booleans(),
        "grid": st.sampled_from([{}, {"silent": True}, {"says": {"power_w": float("nan")}}]),
        "battery": st.sampled_from([{}, {"silent": True}]),
        "restart": st.just(True),
    },
)


@st.composite
def days(draw: st.DrawFn) -> dict[str, Any]:
    """Half an hour in which something happens every other minute."""
    timeline: list[dict[str, Any]] = [{"at": "10:00", "pv_w": 6000, "load_w": [300, 300, 300]}]
    second = 0
    for happening in draw(st.lists(happenings, min_size=4, max_size=14)):
        second += draw(st.integers(min_value=3, max_value=240))
        timeline.append({"at": f"10:{second // 60:02}:{second % 60:02}", **happening})
    return {
        "title": "any day",
        "house": {
            "watch_s": 5,
            "circuits": [{"name": "main", "max_current_a": FUSE_A, "meter": True}],
            "batteries": [{"soc_percent": draw(st.sampled_from([10, 60, 99]))}],
            "priority_soc_percent": draw(st.sampled_from([0, 50])),
            "loadpoints": LOADPOINTS,
        },
        "timeline": timeline,
        "until": f"10:{second // 60 + 3:02}",
    }


def largest_a(cycle: Cycle) -> float:
    """The largest current that the house draws over one phase of its fuse; what it feeds in does not count."""
    grid = cycle.snapshot.circuit_meters["main"]
    assert grid.powers_w is not None
    return max(grid.powers_w) / 230


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(days())
def test_no_day_harms_a_fuse_or_charges_what_is_off(day: dict[str, Any]) -> None:
    scenario = parse(day)
    cycles = run(scenario).cycles
    over_s = 0.0
    for before, cycle in itertools.pairwise(cycles):
        passed_s = (cycle.at - before.at).total_seconds()
        drawn_w = sum(box.car_w for box in cycle.boxes)
        over_s = over_s + passed_s if largest_a(cycle) > FUSE_A * 1.02 and drawn_w > 0 else 0.0
        assert over_s <= 10, f"{cycle.clock}: {largest_a(cycle):.1f} A for {over_s} s"
        for decided, box, wanted in zip(
            before.decision.loadpoints, cycle.boxes, before.settings.loadpoints, strict=True
        ):
            assert decided.offered_a == 0 or 6 <= decided.offered_a <= 16
            assert decided.phases_active in (1, 2, 3)
            if wanted.mode is Mode.OFF:
                assert not decided.enabled
                assert not box.box_enabled, f"{cycle.clock}: enabled in off"
            if box.status == "A":
                assert box.car_w == 0
