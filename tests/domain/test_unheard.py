"""A box that cannot be told: what it may still draw is nobody's to give, whatever limits the cars together."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evcc_flask.domain.orders import Step
from evcc_flask.domain.readings import ChargerTraits, Failsafe, GridOrder
from evcc_flask.domain.settings import Circuit, LoadpointSettings
from evcc_flask.domain.words import Mode

NOW = LoadpointSettings(mode=Mode.NOW)
ORDER = GridOrder("relay", 4200.0, 4200.0, with_sun=False)
SAFE = ChargerTraits(has_power=True, failsafe=Failsafe(timeout_s=30.0, current_a=6.0))


def fall_silent(house, index):
    """The box keeps its last current; commands fail, and what is read stays what it was."""
    box, at_s = house.boxes[index], house.now_s
    box.refuses = True
    box.says = {"at_s": at_s, "power_at_s": at_s, "error": "no answer"}


def offered_w(box):
    return 690.0 * box.offered_a if box.enabled else 0.0


@pytest.mark.parametrize("silent", [0, 1])
def test_an_order_counts_a_silent_box_with_what_it_has_and_stops_the_other(bench, silent):
    house = bench(NOW, NOW)
    house.cycles(100)
    fall_silent(house, silent)
    house.snapshot_says = {"grid_order": ORDER}
    house.cycle(5.0)
    for _ in range(20):
        house.cycle()
        assert not house.boxes[1 - silent].enabled
    assert "dimmed" in house.codes(1 - silent)
    assert house.last.site.order.drawn_w >= 16 * 690


def test_a_silent_box_counts_with_its_fail_safe_once_that_has_acted(bench):
    house = bench(
        replace(NOW, circuit="main"), replace(NOW, circuit="main"), circuits=(Circuit("main", max_current_a=20),)
    )
    house.boxes[0].traits = SAFE
    house.boxes[1].plugged = False
    house.cycles(60)
    assert house.boxes[0].offered_a == 16
    fall_silent(house, 0)
    house.boxes[1].plugged = True
    house.cycles(30)
    assert not house.boxes[1].enabled
    house.boxes[0].offered_a = 6.0
    house.cycles(60)
    assert house.boxes[1].offered_a == 14


def test_a_box_that_is_heard_again_shares_as_before(bench):
    house = bench(NOW, NOW)
    house.snapshot_says = {"grid_order": replace(ORDER, limit_w=11_040.0)}
    house.cycles(60)
    fall_silent(house, 0)
    house.cycles(120)
    house.boxes[0].refuses, house.boxes[0].says = False, {}
    house.wish(0, mode=Mode.OFF)
    house.cycles(90)
    assert house.boxes[1].offered_a == 16


def test_what_a_silent_box_last_drew_does_not_age_away(bench):
    house = bench(NOW, NOW)
    house.cycles(60)
    fall_silent(house, 0)
    house.cycles(3600)
    house.snapshot_says = {"grid_order": replace(ORDER, limit_w=16_000.0)}
    house.cycles(30)
    assert offered_w(house.boxes[1]) <= 16_000 - 16 * 690


def test_a_box_that_takes_its_orders_and_does_not_follow_them_counts_with_what_it_draws(bench):
    house = bench(NOW, NOW)
    house.cycles(60)
    house.boxes[1].obeys = False
    house.snapshot_says = {"grid_order": ORDER}
    house.cycles(20)
    for _ in range(20):
        house.cycle()
        assert not house.boxes[0].enabled


def test_an_order_is_not_recorded_as_obeyed_while_a_silent_box_may_draw_more(bench):
    house = bench(NOW, NOW)
    house.cycles(60)
    fall_silent(house, 0)
    house.snapshot_says = {"grid_order": ORDER}
    steps = [event.step for decision in house.cycles(300) for event in decision.grid_events]
    assert Step.OBEYED not in steps
    house.boxes[0].refuses, house.boxes[0].says = False, {}
    steps = [event.step for decision in house.cycles(60) for event in decision.grid_events]
    assert Step.OBEYED in steps


def test_a_lower_priority_that_does_not_follow_its_current_is_switched_off_for_the_higher_one(bench):
    house = bench(replace(NOW, circuit="main"), replace(NOW, circuit="main", priority=5))
    house.boxes[1].plugged = False
    house.boxes[0].lowest_a = 16.0
    house.cycles(60)
    house.settings = replace(house.settings, circuits=(Circuit("main", max_current_a=18),))
    house.boxes[1].plugged = True
    house.cycles(90)
    assert not house.boxes[0].enabled
    assert house.boxes[1].offered_a == 16


def test_a_box_without_a_car_that_is_switched_off_blocks_nobody(bench):
    house = bench(NOW, NOW)
    house.boxes[0].traits, house.boxes[0].plugged = SAFE, False
    house.cycles(30)
    fall_silent(house, 0)
    house.snapshot_says = {"grid_order": ORDER}
    house.cycles(120)
    assert house.boxes[1].offered_a == 6


@pytest.mark.parametrize("limit", [{"max_power_w": 4200.0}, {"max_current_a": 10.0}])
def test_a_box_that_tells_its_power_alone_and_charges_on_more_phases_keeps_the_limit(bench, limit):
    house = bench(replace(NOW, phases=1, circuit="main"))
    house.boxes[0].says = {"currents_a": None}
    house.cycles(60)
    assert house.boxes[0].power_w > 11_000
    assert house.last.loadpoints[0].phases_active == 3
    house.settings = replace(house.settings, circuits=(Circuit("main", **limit),))
    for _ in range(20):
        house.cycle()
        assert house.boxes[0].power_w <= limit.get("max_power_w", 6900.0)
    assert house.boxes[0].enabled


def test_a_limit_that_was_there_first_is_kept_on_more_phases_after_the_first_look_at_the_power(bench):
    house = bench(replace(NOW, phases=1))
    house.boxes[0].says = {"currents_a": None, "offered_a": None}
    house.snapshot_says = {"grid_order": ORDER}
    house.cycles(30)
    for _ in range(20):
        house.cycle()
        assert house.boxes[0].power_w <= 4200
        assert "dimmed" in house.codes()


boxes = st.tuples(st.booleans(), st.integers(0, 2), st.sampled_from([7.0, 16.0, 32.0]), st.sampled_from([1, 3]))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(boxes, min_size=2, max_size=4),
    st.sampled_from([0.0, 2000.0, 4200.0, 7560.0, 13_000.0]),
    st.booleans(),
    st.booleans(),
)
def test_what_can_be_told_stays_below_a_limit_together_with_all_that_cannot(bench, kinds, limit_w, by_order, sees_amps):
    """Any of the boxes fall silent and keep what they have: the others get what is left, down to nothing."""
    house = bench(*(replace(NOW, priority=rank, circuit="main") for _, rank, _, _ in kinds))
    for box, (_, _, takes_a, phases) in zip(house.boxes, kinds, strict=True):
        box.takes_a, box.car_phases = takes_a, phases
        box.says = {} if sees_amps else {"currents_a": None}
    house.cycles(100)
    kept = []
    for index, (silent, *_) in enumerate(kinds):
        if silent:
            fall_silent(house, index)
            kept.append(index)
    if by_order:
        house.snapshot_says = {"grid_order": replace(ORDER, limit_w=limit_w)}
    else:
        house.settings = replace(house.settings, circuits=(Circuit("main", max_power_w=max(1.0, limit_w)),))
    house.cycles(20)
    for _ in range(8):
        house.cycle()
        told_w = sum(box.power_w for index, box in enumerate(house.boxes) if index not in kept)
        theirs_w = sum(box.power_w for index, box in enumerate(house.boxes) if index in kept)
        assert told_w == 0 or told_w + theirs_w <= max(1.0, limit_w) + 1e-6
