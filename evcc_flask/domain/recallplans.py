"""What must survive a power cut of a plan that charges: which one it is, so that a repeating one is finished."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .memory import PlanMemory
from .plans import EnergyPlan, Goal


def kept(plan: PlanMemory) -> dict[str, Any] | None:
    """Plain values for the database; None where there is nothing to remember."""
    if plan == PlanMemory():
        return None
    goal, energy = plan.goal, plan.energy_plan
    return {
        "goal": goal and [goal.plan_id, goal.time.isoformat(), goal.precondition_s, goal.soc_percent, goal.energy_kwh],
        "slot_end": plan.slot_end and plan.slot_end.isoformat(),
        "late": plan.late,
        "energy_plan": energy and [energy.energy_kwh, energy.time.isoformat(), energy.precondition_s],
        "from_kwh": plan.from_kwh,
    }


def recalled(stored: Any) -> PlanMemory:
    """The inverse; what is damaged is forgotten."""
    if not isinstance(stored, Mapping):
        return PlanMemory()
    try:
        goal, energy, slot_end = stored["goal"], stored["energy_plan"], stored["slot_end"]
        return PlanMemory(
            Goal(int(goal[0]), _moment(goal[1]), int(goal[2]), int(goal[3]), float(goal[4])) if goal else None,
            _moment(slot_end) if slot_end else None,
            stored["late"] is True,
            EnergyPlan(float(energy[0]), _moment(energy[1]), int(energy[2])) if energy else None,
            float(stored["from_kwh"]),
        )
    except (TypeError, KeyError, ValueError, IndexError):
        return PlanMemory()


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment
