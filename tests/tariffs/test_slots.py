"""Quarters of an hour, whatever a provider's slots are, and whatever the clocks do."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evcc_flask.domain.rates import SLOT, Rate, at, from_now
from evcc_flask.tariffs.answers import rates_of
from evcc_flask.tariffs.slots import drawn_in_quarters, in_quarters, local, midnight, quarters, sun_in_quarters

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def hours(*values, start=NOON):
    return [Rate(start + n * HOUR, start + (n + 1) * HOUR, value) for n, value in enumerate(values)]


def test_an_hour_is_four_quarters_of_the_same_price():
    assert [rate.value for rate in in_quarters(hours(0.2, -0.1))] == [0.2] * 4 + [-0.1] * 4


def test_short_slots_are_weighed_by_their_length():
    five = timedelta(minutes=5)
    rates = [Rate(NOON + n * five, NOON + (n + 1) * five, value) for n, value in enumerate((0.1, 0.2, 0.6))]
    assert [rate.value for rate in in_quarters(rates)] == pytest.approx([0.3])


def test_a_slot_that_begins_late_still_has_its_quarter():
    rates = in_quarters([Rate(NOON + timedelta(seconds=1), NOON + SLOT, 0.5)])
    assert [(rate.start, rate.value) for rate in rates] == [(NOON, 0.5)]


def test_days_of_a_clock_change_have_92_and_100_quarters():
    spring, autumn = date(2026, 3, 29), date(2026, 10, 25)
    for day, count in ((spring, 92), (autumn, 100), (date(2026, 6, 1), 96)):
        assert len(list(quarters(midnight(day, BERLIN), midnight(day + timedelta(1), BERLIN)))) == count


def test_the_hour_that_comes_twice_is_told_apart():
    start = midnight(date(2026, 10, 25), BERLIN)
    rates = [
        Rate(local(each, BERLIN), local(each + SLOT, BERLIN), n)
        for n, each in enumerate(quarters(start, start + 5 * HOUR))
    ]
    twice = [rate for rate in rates if (rate.start.hour, rate.start.minute) == (2, 30)]
    assert [rate.start.isoformat() for rate in twice] == ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"]
    assert [at(rates, rate.start) for rate in twice] == [10, 14]


def test_a_price_is_found_by_its_moment():
    rates = in_quarters(hours(1, 2))
    assert at(rates, NOON) == 1
    assert at(rates, NOON + HOUR - timedelta(microseconds=1)) == 1
    assert at(rates, NOON + HOUR) == 2
    assert at(rates, NOON + 2 * HOUR) is None
    assert at(rates, NOON - timedelta(microseconds=1)) is None
    assert at((), NOON) is None
    assert len(from_now(rates, NOON + HOUR)) == 4


def test_the_sun_rises_between_hours_and_its_energy_stays():
    rates = sun_in_quarters(hours(0, 1000, 3000, 0))
    assert sum(rate.value for rate in rates) / 4 == pytest.approx(4000)
    assert rates[4].value < rates[5].value < rates[6].value < rates[7].value
    assert min(rate.value for rate in rates) == 0


def test_a_source_that_leaves_the_night_out_means_darkness():
    morning = hours(500, start=NOON + 18 * HOUR)
    rates = sun_in_quarters([*hours(100), *morning])
    assert at(rates, NOON + 10 * HOUR) == 0
    assert at(rates, NOON + 18 * HOUR) == 500


def test_values_of_moments_are_joined_by_straight_lines():
    rates = drawn_in_quarters(hours(0, 800, 800))
    assert [rate.value for rate in rates] == pytest.approx([100, 300, 500, 700, 800, 800, 800, 800])


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 400), st.floats(-1, 1)), max_size=20))
def test_quarters_never_overlap_and_stay_between_the_prices(slots):
    rates = [
        Rate(NOON + timedelta(minutes=start), NOON + timedelta(minutes=start + lasts), value)
        for start, lasts, value in slots
    ]
    found = in_quarters(rates)
    assert all(rate.end - rate.start == SLOT for rate in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
    if rates:
        low, high = min(rate.value for rate in rates), max(rate.value for rate in rates)
        assert all(low - 1e-6 <= rate.value <= high + 1e-6 for rate in found)


@pytest.mark.parametrize("minutes", [15, 60])
def test_the_last_slot_is_as_long_as_that_before_it(minutes):
    told = [{"start": f"2026-05-04T{n * minutes // 60:02}:{n * minutes % 60:02}:00Z", "value": n} for n in range(3)]
    last = rates_of(told, timedelta(minutes=30))[-1]
    assert last.end - last.start == timedelta(minutes=minutes)
    alone = rates_of(told[:1], timedelta(minutes=30))[-1]
    assert alone.end - alone.start == timedelta(minutes=30)
