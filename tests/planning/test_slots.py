"""The planner's slots: each step of docs/control.rst, plans, and what must hold for any prices."""

import math
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evcc_flask.domain.rates import Rate
from evcc_flask.planning.slots import Schedule, schedule

NOW = datetime(2026, 5, 4, 20, tzinfo=UTC)
HOUR = 3600


def hours(*values, start=NOW, length=timedelta(hours=1)):
    return [Rate(start + place * length, start + (place + 1) * length, value) for place, value in enumerate(values)]


def after(h):
    return NOW + timedelta(hours=h)


def spans(plan):
    """Start and end of each slot in hours from now, and its price."""
    return [
        ((each.start - NOW).total_seconds() / HOUR, (each.end - NOW).total_seconds() / HOUR, each.value)
        for each in plan.slots
    ]


def test_nothing_is_needed():
    assert schedule(hours(1, 2), 0, after(2), NOW) == Schedule()
    assert schedule(hours(1, 2), math.nan, after(2), NOW) == Schedule()


def test_without_prices_it_begins_as_late_as_possible():
    plan = schedule([], 2 * HOUR, after(5), NOW)
    assert spans(plan) == [(3, 5, 0)]
    assert plan.cost(1000) is None


def test_a_time_that_has_passed_begins_now():
    assert spans(schedule(hours(3, 2, 1), 2 * HOUR, after(-1), NOW)) == [(0, 1, 3), (1, 2, 2)]


def test_what_does_not_fit_any_more_begins_now_and_ends_late():
    assert spans(schedule(hours(3, 1), 3 * HOUR, after(2), NOW)) == [(0, 1, 3), (1, 2, 1), (2, 3, 0)]


def test_the_cheapest_hours_later_ones_first_among_equals():
    assert spans(schedule(hours(1, 2, 1, 1), 2 * HOUR, after(4), NOW)) == [(2, 3, 1), (3, 4, 1)]
    assert spans(schedule(hours(1, 2, 3, 4), 2 * HOUR, after(4), NOW)) == [(0, 1, 1), (1, 2, 2)]


def test_of_the_last_pick_the_start_is_cut_where_it_is_the_first_of_several():
    assert spans(schedule(hours(2, 1, 3), 1.5 * HOUR, after(3), NOW)) == [(0.5, 1, 2), (1, 2, 1)]


def test_of_the_last_pick_the_end_is_cut_where_another_one_is_before_it_or_it_is_alone():
    assert spans(schedule(hours(1, 3, 2), 1.5 * HOUR, after(3), NOW)) == [(0, 1, 1), (2, 2.5, 2)]
    assert spans(schedule(hours(3, 1, 2), 0.5 * HOUR, after(3), NOW)) == [(1, 1.5, 1)]


def test_negative_prices_are_the_best():
    assert spans(schedule(hours(0, -1, 2, -5), 1.5 * HOUR, after(4), NOW)) == [(1.5, 2, -1), (3, 4, -5)]
    assert schedule(hours(0, -1, 2, -5), 1.5 * HOUR, after(4), NOW).cost(2000) == pytest.approx(-11)


def test_the_running_hour_counts_only_as_far_as_it_is_left():
    rates = hours(1, 5, start=NOW - timedelta(minutes=30))
    assert spans(schedule(rates, 0.5 * HOUR, after(1.25), NOW)) == [(0, 0.5, 1)]


def test_it_waits_for_prices_that_are_to_come():
    plan = schedule(hours(1, 1), 2 * HOUR, after(4), NOW)
    assert (plan.slots, plan.waits) == ((), True)


def test_what_must_be_charged_after_the_last_price_is_left_for_then():
    plan = schedule(hours(3, 1), 2 * HOUR, after(3), NOW)
    assert (spans(plan), plan.later_s) == ([(1, 2, 1)], HOUR)
    assert plan.end == after(3)


def test_too_many_gaps_are_as_no_prices():
    rates = [*hours(1), *hours(1, start=after(3))]
    assert spans(schedule(rates, 3 * HOUR, after(4), NOW)) == [(1, 3, 0), (3, 4, 1)]


def test_a_gap_is_not_charged_in_as_long_as_the_rest_suffices():
    rates = [*hours(9), *hours(1, 2, start=after(2))]
    assert spans(schedule(rates, 2 * HOUR, after(4), NOW)) == [(2, 3, 1), (3, 4, 2)]


def test_the_last_hours_are_reserved_whatever_they_cost():
    plan = schedule(hours(-1, 1, 2, 9), 2 * HOUR, after(4), NOW, HOUR)
    assert spans(plan) == [(0, 1, -1), (3, 4, 9)]


def test_preconditioning_for_longer_than_needed_is_charging_late():
    assert spans(schedule(hours(1, 2, 3, 4), 2 * HOUR, after(4), NOW, 7 * 86400)) == [(2, 3, 3), (3, 4, 4)]


def test_preconditioning_counts_what_lies_beyond_the_last_price():
    plan = schedule(hours(1, 2, 3), 2 * HOUR, after(4), NOW, HOUR)
    assert (spans(plan), plan.later_s) == ([(0, 1, 1)], HOUR)


def test_in_one_piece_it_takes_the_cheapest_run_later_ones_first():
    assert spans(schedule(hours(1, 9, 2, 2, 9), 2 * HOUR, after(5), NOW, continuous=True)) == [(2, 3, 2), (3, 4, 2)]
    assert spans(schedule(hours(1, 1, 1), 1 * HOUR, after(3), NOW, continuous=True)) == [(2, 3, 1)]


def test_one_piece_may_end_with_the_time_and_bridges_no_gap():
    assert spans(schedule(hours(2, 3, 1), 1.5 * HOUR, after(3), NOW, continuous=True)) == [(1.5, 2, 3), (2, 3, 1)]
    rates = [*hours(1), *hours(1, 5, 5, start=after(2))]
    assert spans(schedule(rates, 2 * HOUR, after(5), NOW, continuous=True)) == [(2, 3, 1), (3, 4, 5)]


def test_prices_that_overlap_or_are_no_numbers_confuse_nobody():
    rates = [*hours(5, 4, 3, 2), *hours(1), Rate(after(2), after(3), math.nan), Rate(after(1), after(1), 0)]
    assert spans(schedule(rates, HOUR, after(4), NOW)) == [(3, 4, 2)]


def test_a_night_of_nine_hours_is_nine_hours_long():
    from zoneinfo import ZoneInfo

    berlin = ZoneInfo("Europe/Berlin")
    now, target = datetime(2026, 3, 28, 22, tzinfo=berlin), datetime(2026, 3, 29, 8, tzinfo=berlin)
    rates = [
        Rate(at.astimezone(berlin), (at + timedelta(hours=1)).astimezone(berlin), value)
        for value, at in enumerate((now.astimezone(UTC) + timedelta(hours=h) for h in range(9)), 1)
    ]
    assert schedule(rates, 9 * HOUR, target, now).duration_s == 9 * HOUR
    assert schedule(rates, HOUR, target, now).slots[0].start == now
    late = schedule([], 2 * HOUR, target, now)
    assert (late.start.astimezone(berlin).hour, late.end.astimezone(berlin).hour) == (6, 8)


def test_the_running_slot_its_successor_and_the_next_break():
    plan = schedule(hours(1, 1, 9, 1), 3 * HOUR, after(4), NOW)
    first = plan.slot_at(after(0.5))
    assert plan.continues(first)
    assert plan.break_after(after(0.5)) == after(2)
    assert (plan.slot_at(after(2.5)), plan.break_after(after(2.5))) == (None, None)
    assert not plan.continues(plan.slot_at(after(3)))


quarter = timedelta(minutes=15)
prices = st.lists(st.integers(-20, 60), min_size=1, max_size=60)
minutes = st.integers(1, 900)


@given(prices, minutes, minutes, st.integers(0, 240), st.booleans())
def test_a_plan_is_as_long_as_it_must_be_and_lies_in_the_time_left_if_it_fits(
    values, need, left, precondition, continuous
):
    rates = hours(*values, length=quarter)
    target = NOW + timedelta(minutes=left)
    plan = schedule(rates, need * 60, target, NOW, precondition * 60, continuous=continuous)
    assert plan.duration_s + plan.later_s == need * 60
    assert all(a.end <= b.start for a, b in zip(plan.slots, plan.slots[1:], strict=False))
    assert all(NOW <= each.start < each.end for each in plan.slots)
    if need <= left and plan.slots:
        assert plan.end <= target


@given(prices, minutes, st.booleans())
def test_it_never_costs_more_than_charging_at_once_or_as_late_as_possible(values, need, continuous):
    rates = hours(*values, length=quarter)
    target = rates[-1].end
    need_s = min(need * 60, (target - NOW).total_seconds())
    plan = schedule(rates, need_s, target, NOW, continuous=continuous)
    at_once = schedule(rates, need_s, NOW, NOW)
    late = schedule(rates, need_s, target, NOW, 7 * 86400)
    assert plan.cost(1000) <= min(at_once.cost(1000), late.cost(1000)) + 1e-9


@given(prices, minutes, st.integers(0, 240))
def test_with_preconditioning_it_still_never_costs_more_than_charging_late(values, need, precondition):
    rates = hours(*values, length=quarter)
    target = rates[-1].end
    need_s = min(need * 60, (target - NOW).total_seconds())
    plan = schedule(rates, need_s, target, NOW, precondition * 60)
    late = schedule(rates, need_s, target, NOW, 7 * 86400)
    assert plan.cost(1000) <= late.cost(1000) + 1e-9


@settings(max_examples=60)
@given(st.lists(st.integers(-5, 9), min_size=1, max_size=9), st.data())
def test_no_other_choice_of_hours_is_cheaper(values, data):
    need = data.draw(st.integers(1, len(values)))
    plan = schedule(hours(*values), need * HOUR, after(len(values)), NOW)
    assert plan.cost(1000) == pytest.approx(min(sum(each) for each in combinations(values, need)))


@settings(max_examples=60)
@given(st.lists(st.integers(-5, 9), min_size=1, max_size=9), st.data())
def test_no_other_run_of_hours_is_cheaper(values, data):
    need = data.draw(st.integers(1, len(values)))
    plan = schedule(hours(*values), need * HOUR, after(len(values)), NOW, continuous=True)
    runs = [sum(values[place : place + need]) for place in range(len(values) - need + 1)]
    assert plan.cost(1000) == pytest.approx(min(runs))
    assert len({each.start for each in plan.slots} - {each.end for each in plan.slots}) == 1


MINUTE = timedelta(minutes=1)


def test_one_piece_may_end_where_a_slot_ends():
    quarters = hours(0.1, 0.1, -0.1, 0.1, 0.3, -0.607, 0.2, 0.3, length=15 * MINUTE)
    plan = schedule(quarters, 42 * 60, NOW + 104 * MINUTE, NOW + 3 * MINUTE, continuous=True)
    assert plan.cost(60_000) == pytest.approx(-3.405)
    assert (plan.start, plan.end) == (NOW + 48 * MINUTE, NOW + 90 * MINUTE)


@settings(max_examples=100)
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=8), st.integers(0, 14), st.integers(1, 120), st.integers(1, 120))
def test_no_piece_that_begins_at_another_minute_is_cheaper(values, begins, lasts, need):
    lasts = min(lasts, 15 * len(values) - begins)
    need = min(need, lasts)
    now = NOW + begins * MINUTE
    plan = schedule(hours(*values, length=15 * MINUTE), need * 60, now + lasts * MINUTE, now, continuous=True)
    minutes = [values[minute // 15] for minute in range(begins, begins + lasts)]
    pieces = [sum(minutes[first : first + need]) for first in range(lasts - need + 1)]
    assert plan.cost(60_000) == pytest.approx(min(pieces), abs=1e-3)
    assert plan.duration_s == pytest.approx(need * 60)
