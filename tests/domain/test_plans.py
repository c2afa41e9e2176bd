"""Plans as people make them: when a repeating one comes next, and which of several counts."""

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest

from evcc_flask.domain.plans import RepeatingPlan, SocPlan, goals

SUNDAY, MONDAY, SATURDAY = 0, 1, 6
CHANGES = ({"soc_percent": 81}, {"active": False}, {"weekdays": (SUNDAY,)}, {"at": time(7, 31)}, {"precondition_s": 1})
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


def test_plans_are_known_by_their_place_and_inactive_ones_keep_theirs():
    plans = [repeating(SATURDAY), repeating(MONDAY, at="16:00", active=False), repeating(MONDAY, at="18:00")]
    early = SocPlan(50, datetime(2026, 5, 4, 13, tzinfo=UTC))
    assert [goal.plan_id for goal in goals(early, plans, MONDAY_NOON)] == [1, 2, 4]


def test_without_a_trusted_clock_only_a_plan_with_a_date_counts():
    plan = SocPlan(50, datetime(2026, 5, 4, 13, tzinfo=UTC))
    assert goals(None, [repeating(MONDAY)], None) == []
    assert [goal.plan_id for goal in goals(plan, [repeating(MONDAY)], None)] == [1]


def test_a_goal_belongs_to_its_plan_until_that_is_changed_and_also_when_its_time_has_passed():
    plan = repeating(SUNDAY, SATURDAY)
    (goal,) = goals(None, [plan], MONDAY_NOON)
    assert plan.means(goal)
    assert not any(replace(plan, **change).means(goal) for change in CHANGES)
