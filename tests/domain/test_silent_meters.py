"""A meter that fails is spoken of at once, though its last value still counts for a while."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evcc_flask.domain.readings import MeterReading
from evcc_flask.domain.settings import LoadpointSettings
from evcc_flask.domain.words import Mode

PV = LoadpointSettings(mode=Mode.PV)


def doubts(house):
    return {reason.code.value: dict(reason.facts) for reason in house.last.site.reasons}


@pytest.mark.parametrize("kept_w", [None, -5600.0])
def test_a_failed_read_is_said_at_once_while_the_last_value_still_counts(bench, kept_w):
    house = bench(PV)
    house.pv_w = 6000.0
    house.cycle()
    read_s = house.now_s
    failed = MeterReading("grid", read_s, kept_w, error='grid: "null" is no number')
    house.snapshot_says = {"grid": failed}
    house.cycle()
    assert house.last.site.grid_w == pytest.approx(-5600.0)
    assert doubts(house)["meter_silent"] == {"meter": "grid", "error": failed.error, "held_s": 10}
    house.cycles(60)
    assert house.last.site.grid_w is None
    assert doubts(house)["meter_silent"] == {"meter": "grid", "error": failed.error}
    house.snapshot_says = {}
    house.cycle()
    assert "meter_silent" not in doubts(house)


def hold_grid(house, grid_w):
    """The meter says this now, and nothing more."""
    last = MeterReading("grid", house.now_s, grid_w, error="time-out")
    house.snapshot_says = {"grid": last}


@pytest.mark.parametrize("mode", [Mode.PV, Mode.MINPV])
def test_a_held_value_brings_no_third_phase(bench, mode):
    house = bench(LoadpointSettings(mode=mode))
    box = house.boxes[0]
    box.traits, box.phases = replace(box.traits, switches_phases=True), 1
    house.pv_w = 2400.0
    house.cycles(200)
    assert (box.enabled, box.phases) == (True, 1)
    hold_grid(house, -12_000.0)
    house.wish(max_current_a=8.0)
    house.cycles(20)
    house.wish(max_current_a=16.0)
    house.cycles(40)
    assert (box.phases, box.offered_a) == (1, 8)
    assert "waits_for_grid" in house.codes()


def test_home_power_is_not_reckoned_from_an_old_grid_value_and_a_new_charge(bench):
    house = bench(LoadpointSettings(mode=Mode.NOW))
    house.boxes[0].plugged = False
    house.cycles(30)
    hold_grid(house, house.grid_w)
    house.boxes[0].plugged = True
    for held_s in (10, 20, 30):
        decision = house.cycle()
        assert decision.site.home_w == 400, f"held for {held_s} s"
        assert (decision.quarter.home_kwh > 0) == (held_s == 10), "what nobody saw is not booked"
    house.snapshot_says = {}
    house.cycles(20)
    assert house.last.site.home_w == 400
    assert house.last.quarter.home_kwh == pytest.approx(400 * 10 / 3.6e6)


def test_a_slow_meter_that_answers_each_half_minute_still_starts_a_car(bench):
    house = bench(PV)
    house.pv_w = 6000.0
    for second in range(0, 300, 10):
        if second % 30 == 0:
            house.snapshot_says = {"grid": MeterReading("grid", house.now_s + 10, house.grid_w)}
        house.cycle()
    assert house.boxes[0].enabled


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.floats(-15_000, 5_000), st.integers(1, 9)), min_size=2, max_size=8),
    st.booleans(),
    st.sampled_from([Mode.PV, Mode.MINPV]),
)
def test_nothing_begins_or_rises_on_a_held_value(bench, told, switches, mode):
    house = bench(LoadpointSettings(mode=mode))
    box = house.boxes[0]
    box.traits = replace(box.traits, switches_phases=switches)
    house.cycle()
    for grid_w, cycles in told:
        hold_grid(house, grid_w)
        for cycle in range(cycles):
            before = (box.enabled, box.offered_a if box.enabled else 6.0, box.phases)
            house.cycle()
            after = (box.enabled, box.offered_a if box.enabled else 6.0, box.phases)
            if cycle >= 1:
                assert after[0] <= before[0] or (mode is Mode.MINPV and after[1] == 6)
                assert after[1] <= before[1]
                assert after[2] <= before[2]


def test_a_silent_meter_is_told_as_silent_whatever_nonsense_it_said_before(bench):
    house = bench(PV)
    house.cycle()
    house.snapshot_says = {"grid": MeterReading("grid", house.now_s, 1e308)}
    house.cycle()
    assert "implausible_value" in doubts(house)
    house.snapshot_says = {"grid": MeterReading("grid", house.now_s, 1e308, error="time-out")}
    house.cycle()
    assert doubts(house)["meter_silent"]["error"] == "time-out"
    assert "implausible_value" not in doubts(house)
