"""Operations of the tag loadpoints that deal with charging plans."""

from typing import NoReturn

from werkzeug.exceptions import BadRequest

from evcc_flask.control.cars import goal_at
from evcc_flask.control.view import ZERO_TIME
from evcc_flask.domain.plans import EnergyPlan
from evcc_flask.domain.wishes import still_to_come

from .context import now, state
from .loadpoints import blp
from .schemas.plans import (
    EmptyResult,
    PlanResult,
    Precondition,
    PreviewResult,
    StaticEnergyPlanResult,
)


@blp.get("/plan")
@blp.response(200, PlanResult)
def get_loadpoint_plan(id):
    """The plan that counts now. ``plan``: its hours, null as long as none are computed."""
    goal = goal_at(state().settings, id, now())
    if goal is None:
        return {"planTime": ZERO_TIME, "duration": 0, "precondition": 0, "plan": None}
    time, precondition_s = goal.time.isoformat(), goal.precondition_s
    return {"planId": goal.plan_id, "planTime": time, "precondition": precondition_s, "plan": None}


@blp.post("/plan/energy/<number(min=0):energy>/<timestamp:timestamp>")
@blp.arguments(Precondition, location="query")
@blp.response(200, StaticEnergyPlanResult)
def set_loadpoint_energy_plan(query, id, energy, timestamp):
    """Charge so many kWh by then; 0 removes the plan. It counts where the SoC of the car is not known."""
    plan = EnergyPlan(energy, timestamp, query["precondition"])
    state().change_loadpoint(id, energy_plan=still_to_come(plan, now()) if energy else None)
    return {"energy": plan.energy_kwh, "time": plan.time, "precondition": plan.precondition_s}


@blp.delete("/plan/energy")
@blp.response(200, EmptyResult)
def delete_loadpoint_energy_plan(id):
    """Remove the energy plan."""
    state().change_loadpoint(id, energy_plan=None)
    return {}


@blp.get("/plan/static/preview/soc/<number(min=0, max=100):soc>/<timestamp:timestamp>")
@blp.arguments(Precondition, location="query")
@blp.response(200, PreviewResult)
def preview_loadpoint_soc_plan(query, id, soc, timestamp):
    """What a plan by SoC would come to; refused (400) as long as no plans are computed."""
    _not_computed()


@blp.get("/plan/static/preview/energy/<number(min=0):energy>/<timestamp:timestamp>")
@blp.arguments(Precondition, location="query")
@blp.response(200, PreviewResult)
def preview_loadpoint_energy_plan(query, id, energy, timestamp):
    """What a plan by energy would come to; refused (400) as long as no plans are computed."""
    _not_computed()


@blp.get(
    "/plan/repeating/preview/<number(min=0, max=100):soc>/<weekdays:weekdays>/<clock:hourMinuteTime>/<zone:timezone>"
)
@blp.arguments(Precondition, location="query")
@blp.response(200, PreviewResult)
def preview_loadpoint_repeating_plan(query, id, soc, weekdays, hourMinuteTime, timezone):  # noqa: N803 — the contract's
    """What a repeating plan would come to; refused (400) as long as no plans are computed."""
    _not_computed()


def _not_computed() -> NoReturn:
    raise BadRequest("this version keeps plans and does not compute their hours yet, so there is no preview")
