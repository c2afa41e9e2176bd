"""Operations of the tag vehicles. An unknown name is 404 with its name in the error."""

from evcc_flask.domain.plans import SocPlan
from evcc_flask.domain.vehicles import ManualSoc, VehicleSettings
from evcc_flask.domain.wishes import still_to_come

from .blueprint import Blueprint
from .context import now, state
from .schemas.plans import (
    Capacity,
    EmptyResult,
    Manner,
    RepeatingPlans,
    RepeatingPlansResult,
    SocResult,
    StaticSocPlanResult,
)

blp = Blueprint("vehicles", __name__, url_prefix="/api/vehicles/<vehicle:name>")


@blp.post("/limitsoc/<number(min=0, max=100):soc>")
@blp.response(200, SocResult)
def set_vehicle_soc_limit(name, soc):
    """Stop at this SoC in %, rounded to a whole one, wherever the car stands. 0 removes the limit."""
    return {"soc": _changed(name, limit_soc_percent=round(soc)).limit_soc_percent}


@blp.post("/minsoc/<number(min=0, max=100):soc>")
@blp.response(200, SocResult)
def set_vehicle_min_soc(name, soc):
    """Charge fast up to this SoC in %, rounded to a whole one, in every mode but off. 0 removes it."""
    return {"soc": _changed(name, min_soc_percent=round(soc)).min_soc_percent}


@blp.post("/soc/<number(min=0, max=100):soc>")
@blp.arguments(Capacity, location="query")
@blp.response(200, SocResult)
def set_vehicle_soc(query, name, soc):
    """The SoC in % by a person's word, until the car is unplugged. Rejected (400) where it stands at no loadpoint."""
    state().tell_soc(name, ManualSoc(soc, now(), query["capacity"]))
    return {"soc": soc}


@blp.delete("/soc")
@blp.response(200, EmptyResult)
def delete_vehicle_soc(name):
    """Take back what a person said; the car's own word counts again."""
    state().tell_soc(name, None)
    return {}


@blp.post("/plan/soc/<number(min=0, max=100):soc>/<timestamp:timestamp>")
@blp.arguments(Manner, location="query")
@blp.response(200, StaticSocPlanResult)
def set_vehicle_soc_plan(query, name, soc, timestamp):
    """Be at this SoC in % by then; 0 removes the plan. Rejected (400) when the time has passed."""
    plan = SocPlan(round(soc), timestamp, query["precondition"], query["continuous"])
    _changed(name, plan=still_to_come(plan, now()) if plan.soc_percent else None)
    return {"soc": plan.soc_percent, "time": plan.time, "precondition": plan.precondition_s}


@blp.delete("/plan/soc")
@blp.response(200, EmptyResult)
def delete_vehicle_soc_plan(name):
    """Remove the plan made for a day; the repeating ones stay."""
    _changed(name, plan=None)
    return {}


@blp.post("/plan/repeating")
@blp.arguments(RepeatingPlans)
@blp.response(200, RepeatingPlansResult)
def update_vehicle_repeating_plans(body, name):
    """Replace all repeating plans. An object or a bare list goes in, and the same comes out."""
    stored = _changed(name, repeating=body.plans).repeating
    return body.answered(stored)


def _changed(name: str, **changes: object) -> VehicleSettings:
    return state().change_vehicle(name, **changes).vehicles[name]
