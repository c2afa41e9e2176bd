"""What must survive a power cut of a plan that charges: which one it is, so that a repeating one is finished."""

from collections.abc import Mapping
from dataclasses import asdict
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
        "goal": goal and {**asdict(goal), "time": goal.time.isoformat()},
        "slot_end": plan.slot_end and plan.slot_end.isoformat(),
        "late": plan.late,
        "energy_plan": energy and {**asdict(energy), "time": energy.time.isoformat()},
        "from_kwh": plan.from_kwh,
    }


def recalled(stored: Any) -> PlanMemory:
    """The inverse; what is damaged is forgotten."""
    if not isinstance(stored, Mapping):
        return PlanMemory()
    try:
        goal, energy, slot_end = stored["goal"], stored["energy_plan"], stored["slot_end"]
        return PlanMemory(
            Goal(**{**goal, "time": _moment(goal["time"])}) if goal else None,
            _moment(slot_end) if slot_end else None,
            stored["late"] is True,
            EnergyPlan(**{**energy, "time": _moment(energy["time"])}) if energy else None,
            float(stored["from_kwh"]),
        )
    except (TypeError, KeyError, ValueError):
        return PlanMemory()


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment
