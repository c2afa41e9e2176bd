"""A counter that stands still while the car draws kilowatts: the session goes on by power times time."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evcc_flask.domain.moment import Moment
from evcc_flask.domain.recall import recalled, remembered
from evcc_flask.domain.settings import LoadpointSettings
from evcc_flask.domain.words import Mode

NOW = LoadpointSettings(mode=Mode.NOW)
KW = 11.04


def charged_kwh(house):
    return house.last.loadpoints[0].session_energy_wh / 1000


def frozen(house):
    house.boxes[0].says = {"energy_kwh": house.boxes[0].energy_kwh}


def test_a_frozen_counter_delays_the_energy_limit_and_does_not_lift_it(bench):
    house = bench(LoadpointSettings(mode=Mode.NOW, limit_energy_kwh=4))
    house.cycles(300)
    frozen(house)
    house.cycles(300)
    assert "counter_stands_still" not in house.codes()
    house.cycles(400)
    assert "counter_stands_still" in house.codes()
    assert charged_kwh(house) == pytest.approx(KW * 980 / 3600, rel=0.02)
    house.cycles(1200)
    assert charged_kwh(house) == pytest.approx(4, abs=0.06)
    assert house.codes()[0] == "energy_limit"


def test_what_a_counter_catches_up_on_counts_once(bench):
    house = bench(NOW)
    house.cycles(300)
    frozen(house)
    house.cycles(3600)
    house.boxes[0].says = {}
    house.cycle()
    assert charged_kwh(house) == pytest.approx(KW * 3890 / 3600, rel=0.01)
    assert "counter_stands_still" not in house.codes()
    house.cycles(600)
    assert charged_kwh(house) == pytest.approx(KW * 4490 / 3600, rel=0.01)


def test_a_counter_that_goes_on_where_it_stood_counts_on_from_there(bench):
    house = bench(NOW)
    house.cycles(300)
    box = house.boxes[0]
    stood = box.energy_kwh
    frozen(house)
    house.cycles(3600)
    box.says, box.energy_kwh = {}, stood
    house.cycles(600)
    assert charged_kwh(house) == pytest.approx(KW * 4490 / 3600, rel=0.02)


def test_what_was_counted_by_power_counts_once_also_after_a_restart(bench):
    house = bench(NOW)
    house.cycles(300)
    frozen(house)
    house.cycles(1800)
    kept = json.loads(json.dumps(remembered(house.memory)))
    house.memory = recalled(kept, Moment(house.now_s, house.now.wall))
    house.boxes[0].says = {}
    house.cycles(60)
    assert charged_kwh(house) == pytest.approx(KW * 2150 / 3600, rel=0.02)


@pytest.mark.parametrize("says", [{"power_w": None, "currents_a": None}, {"power_w": 40.0}])
def test_without_measured_kilowatts_no_counter_stands_still(bench, says):
    house = bench(NOW)
    house.cycles(300)
    house.boxes[0].says = {"energy_kwh": house.boxes[0].energy_kwh, **says}
    house.cycles(3600)
    assert "counter_stands_still" not in house.codes()
    assert charged_kwh(house) == pytest.approx(KW * 290 / 3600, rel=0.05)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([0.001, 0.1, 1.0]),
    st.lists(st.tuples(st.sampled_from(["counts", "stands", "is gone"]), st.integers(1, 40)), min_size=1, max_size=8),
)
def test_the_session_keeps_to_what_flowed_whatever_the_counter_does(bench, step_kwh, periods):
    house = bench(NOW)
    box, stood, flowed, seen, steps = house.boxes[0], 100.0, 0.0, [], 0
    for what, minutes in [("counts", 1), *periods]:
        # Each time that it begins again, it may keep up to a step of what was booked without it to itself.
        steps += what == "counts"
        for _ in range(minutes * 2):
            shown = math.floor((box.energy_kwh + box.power_w * 30 / 3.6e6) / step_kwh + 1e-9) * step_kwh
            stood = shown if what == "counts" else stood
            box.says = {"energy_kwh": None if what == "is gone" else stood}
            flowed += box.power_w * 30 / 3.6e6
            before = charged_kwh(house) if house.last is not None else 0.0
            house.cycle(30)
            seen.append("counter_stands_still" in house.codes())
            assert before <= charged_kwh(house) <= flowed + steps * step_kwh + 0.1
            assert charged_kwh(house) >= flowed - 1.5 * 3.0 - step_kwh - 0.2
    if all(what == "counts" for what, _ in periods):
        assert not any(seen)
