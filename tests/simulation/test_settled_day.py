"""When sun and family stand still, charging comes to rest: no import for the sun's sake, and no sun left over."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from evcc_flask.simulation.replay import run
from evcc_flask.simulation.scenario import parse
from evcc_flask.simulation.trace import Cycle

STAND_STILL_MINUTES = 20
MARGIN_W = 150.0

boxes = st.fixed_dictionaries(
    {"switches_phases": st.booleans(), "milliampere": st.booleans(), "has_power": st.booleans()},
    optional={"hides": st.just(["offered_a"]), "switch_delay_s": st.just(20)},
)
cars = st.fixed_dictionaries(
    {"phases": st.sampled_from([1, 2, 3]), "takes": st.sampled_from([1.0, 0.7])}, optional={"plugged": st.booleans()}
)
loadpoints = st.fixed_dictionaries(
    {"mode": st.sampled_from(["pv", "minpv"]), "priority": st.sampled_from([0, 5]), "box": boxes, "car": cars}
)
moments = st.fixed_dictionaries(
    {"pv_w": st.sampled_from([0, 1500, 2500, 4000, 7000, 9000, 20000]), "load_w": st.sampled_from([200, 400, 1500])}
)


@st.composite
def days(draw: st.DrawFn) -> dict[str, Any]:
    house: dict[str, Any] = {"jitter_w": 4, "loadpoints": draw(st.lists(loadpoints, min_size=1, max_size=2))}
    if draw(st.booleans()):
        house["batteries"] = [{"soc_percent": draw(st.sampled_from([30, 70, 99.9])), "capacity_kwh": 1000}]
    steps = draw(st.lists(moments, min_size=2, max_size=5))
    timeline = [{"at": _clock(place), **step} for place, step in enumerate(steps)]
    return {"title": "a day of steps", "house": house, "timeline": timeline, "until": _clock(len(steps))}


def _clock(step: int) -> str:
    minutes = step * STAND_STILL_MINUTES
    return f"{10 + minutes // 60}:{minutes % 60:02}"


def _minimum_w(loadpoint: dict[str, Any]) -> float:
    return 6 * 230.0 * (1 if loadpoint["box"]["switches_phases"] else 3)


def _house_needs_w(cycle: Cycle) -> float:
    """What comes from the grid and out of the battery; negative: what is left over."""
    return cycle.true_grid_w + (cycle.decision.site.battery_w or 0.0)


@settings(max_examples=25, deadline=None)
@given(days())
def test_charging_comes_to_rest_where_the_sun_is_used_and_nothing_imported(day: dict[str, Any]) -> None:
    scenario = parse(day)
    trace = run(scenario)
    described = day["house"]["loadpoints"]
    for event, told in zip(scenario.timeline, day["timeline"], strict=True):
        last = trace.between(event.at, event.at + (scenario.end - scenario.start) / len(day["timeline"]))[-1]
        allowed_w = max(0.0, told["load_w"] - told["pv_w"])
        allowed_w += sum(_minimum_w(each) for each in described if each["mode"] == "minpv")
        if any(box.car_w for box in last.boxes):
            assert _house_needs_w(last) <= allowed_w + MARGIN_W, last.clock
        for box, loadpoint in zip(last.boxes, described, strict=True):
            if box.status == "B":
                assert -_house_needs_w(last) < _minimum_w(loadpoint) + MARGIN_W, f"{last.clock}: waits in the sun"
