"""Plans as people make them: when a repeating one comes next, and which of several counts."""

from datetime import UTC, datetime, time

import pytest

from evcc_flask.domain.plans import RepeatingPlan, SocPlan, next_goal

SUNDAY, MONDAY, SATURDAY = 0, 1, 6
MONDAY_NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def repeating(*days, at="07:30", tz="Europe/Berlin", active=True):
    return RepeatingPlan(days, time.fromisoformat(at), tz, 80, active=active)


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (repeating(MONDAY, at="18:00"), "2026-05-04T18:00:00+02:00"),
        (repeating(MONDAY, at="13:59"), "2026-05-11T13:59:00+02:00"),
        (repeating(MONDAY, at="14:00"), "2026-05-11T14:00:00+02:00"),
        (repeating(SUNDAY, SATURDAY), "2026-05-09T07:30:00+02:00"),
        (repeating(MONDAY, at="23:00", tz="Pacific/Auckland"), "2026-05-11T23:00:00+12:00"),
    ],
)
def test_the_next_time_is_that_of_the_wall_clock_in_its_zone(plan, expected):
    assert plan.next_time(MONDAY_NOON).isoformat() == expected


def test_a_plan_without_days_never_comes():
    assert repeating().next_time(MONDAY_NOON) is None


def test_half_past_seven_stays_half_past_seven_when_the_clocks_change():
    saturday = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert repeating(SUNDAY).next_time(saturday).isoformat() == "2026-03-29T07:30:00+02:00"


def test_the_next_in_time_counts_and_is_known_by_its_place():
    plans = [repeating(SATURDAY), repeating(MONDAY, at="16:00", active=False), repeating(MONDAY, at="18:00")]
    assert next_goal(None, plans, MONDAY_NOON).plan_id == 4
    early = SocPlan(50, datetime(2026, 5, 4, 13, tzinfo=UTC))
    assert next_goal(early, plans, MONDAY_NOON).plan_id == 1


def test_without_a_trusted_clock_only_a_plan_with_a_date_counts():
    plan = SocPlan(50, datetime(2026, 5, 4, 13, tzinfo=UTC))
    assert next_goal(None, [repeating(MONDAY)], None) is None
    assert next_goal(plan, [repeating(MONDAY)], None).plan_id == 1
