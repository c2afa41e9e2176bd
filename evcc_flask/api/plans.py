"""Operations of the tag loadpoints that deal with charging plans."""

from datetime import UTC, datetime, timedelta
from typing import Any

from werkzeug.exceptions import BadRequest

from evcc_flask.control.planned import goal_at, sheet_at
from evcc_flask.domain.plans import EnergyPlan, Goal, RepeatingPlan
from evcc_flask.domain.wishes import still_to_come
from evcc_flask.planning.choice import planned
from evcc_flask.planning.sheet import Sheet

from .context import now, state
from .loadpoints import blp
from .schemas.plans import (
    EmptyResult,
    Manner,
    PlanResult,
    PreviewResult,
    StaticEnergyPlanResult,
)

ZERO_TIME = "0001-01-01T00:00:00Z"
"""No moment, as evcc's clients read it."""


@blp.get("/plan")
@blp.response(200, PlanResult)
def get_loadpoint_plan(id):
    """The plan that counts now. ``plan``: its hours; null while prices are awaited, or nothing is known of the car."""
    shared, moment = state(), now()
    goal = goal_at(shared.view, shared.settings, id, moment)
    if goal is None:
        return {"planTime": ZERO_TIME, "duration": 0, "precondition": 0, "plan": None}
    return {"planId": goal.plan_id, **_hours(goal, sheet_at(shared.view, shared.settings, id), moment)}


@blp.post("/plan/energy/<number(min=0):energy>/<timestamp:timestamp>")
@blp.arguments(Manner, location="query")
@blp.response(200, StaticEnergyPlanResult)
def set_loadpoint_energy_plan(query, id, energy, timestamp):
    """Charge so many kWh by then; 0 removes the plan. It counts where the SoC of the car is not known."""
    plan = EnergyPlan(energy, timestamp, query["precondition"], query["continuous"])
    state().change_loadpoint(id, energy_plan=still_to_come(plan, now()) if energy else None)
    return {"energy": plan.energy_kwh, "time": plan.time, "precondition": plan.precondition_s}


@blp.delete("/plan/energy")
@blp.response(200, EmptyResult)
def delete_loadpoint_energy_plan(id):
    """Remove the energy plan."""
    state().change_loadpoint(id, energy_plan=None)
    return {}


@blp.get("/plan/static/preview/soc/<number(min=0, max=100):soc>/<timestamp:timestamp>")
@blp.arguments(Manner, location="query")
@blp.response(200, PreviewResult)
def preview_loadpoint_soc_plan(query, id, soc, timestamp):
    """What a plan by SoC (whole %) would come to. Refused (400) without a known SoC, and for a time in the past."""
    goal = Goal(1, _to_come(timestamp), query["precondition"], int(soc), continuous=query["continuous"])
    return _hours(goal, _with_soc(id), now())


@blp.get("/plan/static/preview/energy/<number(min=0):energy>/<timestamp:timestamp>")
@blp.arguments(Manner, location="query")
@blp.response(200, PreviewResult)
def preview_loadpoint_energy_plan(query, id, energy, timestamp):
    """What a plan by energy would come to. Refused (400) where the SoC is known, and for a time in the past."""
    known = sheet_at(state().view, state().settings, id)
    if known is not None and known.by_soc:
        raise BadRequest("the car at this loadpoint is planned by its SoC")
    whole = query["continuous"]
    goal = Goal(1, _to_come(timestamp), query["precondition"], energy_kwh=energy, continuous=whole)
    return _hours(goal, known.fresh() if known is not None else None, now())


@blp.get(
    "/plan/repeating/preview/<number(min=0, max=100):soc>/<weekdays:weekdays>/<clock:hourMinuteTime>/<zone:timezone>"
)
@blp.arguments(Manner, location="query")
@blp.response(200, PreviewResult)
def preview_loadpoint_repeating_plan(query, id, soc, weekdays, hourMinuteTime, timezone):  # noqa: N803 — the contract's
    """What the next day of a repeating plan would come to. Refused (400) where no SoC is known."""
    plan = RepeatingPlan(tuple(weekdays), hourMinuteTime, timezone, int(soc), query["precondition"], active=True)
    known, at = _with_soc(id), plan.next_time(now())
    if at is None:
        raise BadRequest("on none of these days")
    goal = Goal(2, at, plan.precondition_s, plan.soc_percent, continuous=query["continuous"])
    return _hours(goal, known, now())


def _to_come(time: datetime) -> datetime:
    if time <= now():
        raise BadRequest("timestamp is in the past")
    return time


def _with_soc(index: int) -> Sheet:
    known = sheet_at(state().view, state().settings, index)
    if known is None or not known.by_soc or not known.soc_percent:
        raise BadRequest("a car with a known SoC and capacity is needed at this loadpoint")
    return known


def _hours(goal: Goal, known: Sheet | None, moment: datetime) -> dict[str, Any]:
    """As the contract's PlanRates."""
    hours = {"planTime": goal.time.isoformat(), "precondition": goal.precondition_s}
    if known is None:
        return {**hours, "duration": 0, "plan": None, "power": 0}
    required_s = known.required_s(goal)
    plan = planned(goal, required_s, state().view.snapshot, moment, state().settings.interval_s)
    slots = [
        {"start": _local(slot.start, moment), "end": _local(slot.end, moment), "value": slot.value}
        for slot in plan.slots
    ]
    return {**hours, "duration": round(required_s), "plan": slots or None, "power": round(known.power_w)}


def _local(time: datetime, moment: datetime) -> datetime:
    return (time + timedelta(microseconds=500)).replace(microsecond=0).astimezone(moment.tzinfo or UTC)
