"""What the state shows of plans at a loadpoint, and of a fast charge for once."""

from datetime import datetime
from typing import Any

from evcc_flask.domain.memory import Memory
from evcc_flask.domain.plans import Goal
from evcc_flask.domain.settings import Plan, Settings
from evcc_flask.planning.choice import aims, chosen, still_meant
from evcc_flask.planning.sheet import Sheet, sheet

from .figures import short
from .view import View

NONE = Plan()


def at_loadpoint(view: View, settings: Settings, index: int) -> dict[str, Any]:
    """The keys of the plan that counts at a loadpoint (0-based)."""
    loadpoint, goal = settings.loadpoints[index], goal_at(view, settings, index, view.decided_at)
    decided = view.decision.loadpoints if view.decision else ()
    plan = (decided[index].plan if index < len(decided) else None) or NONE
    # The hours are of the last cycle; a plan that was made or removed since has none yet.
    plan = plan if plan.goal == goal else NONE
    energy, precondition_s = loadpoint.energy_plan, goal.precondition_s if goal else 0
    return {
        "planEnergy": short(energy.energy_kwh) if energy else 0,
        "planTime": _time(energy.time) if energy else None,
        "planPrecondition": energy.precondition_s if energy else 0,
        "planProjectedStart": _time(plan.start),
        "planProjectedEnd": _time(plan.end),
        "planOverrun": round(plan.overrun_s),
        "planStrategy": {"continuous": goal is not None and goal.continuous, "precondition": precondition_s},
        "effectivePlanId": goal.plan_id if goal else 0,
        "effectivePlanTime": _time(goal.time) if goal else None,
        "effectivePlanSoc": goal.soc_percent if goal else 0,
        "effectivePlanPrecondition": precondition_s,
        "fast": fast_shown(view, settings, index, view.decided_at),
    }


def sheet_at(view: View, settings: Settings, index: int) -> Sheet | None:
    """What a plan must know of a loadpoint, as of the last cycle; None until its car was read."""
    memory = view.decision.memory if view.decision else Memory()
    readings = view.snapshot.loadpoints
    if index >= len(readings):
        return None
    read = readings[index].vehicle
    # The reading is of the last cycle, the assignment may be of this moment.
    if (read.name if read else None) != settings.loadpoints[index].vehicle:
        return None
    return sheet(index, view.snapshot, settings, memory, memory.decided_s or 0.0)


def goal_at(view: View, settings: Settings, index: int, now: datetime | None) -> Goal | None:
    """What is aimed at: the plan that charges, else the one that must begin first."""
    known = sheet_at(view, settings, index)
    memories = view.decision.memory.loadpoints if view.decision else ()
    held = memories[index].plan.goal if index < len(memories) else None
    if held is not None and known is not None and still_meant(held, settings, index, known):
        return held
    return chosen(aims(settings, index, known, now), known)


def fast_shown(view: View, settings: Settings, index: int, now: datetime | None) -> dict[str, Any] | None:
    """What is wanted fast for once at a loadpoint (0-based), and how much of it is to come."""
    wish = settings.loadpoints[index].fast_once
    if wish is None:
        return None
    decided = view.decision.loadpoints if view.decision else ()
    session_kwh = decided[index].session_energy_wh / 1000 if index < len(decided) else 0.0
    left_kwh, left_s = wish.remaining_kwh(session_kwh), wish.remaining_s(now)
    return {
        "until": wish.said,
        "remainingEnergy": short(left_kwh * 1000) if left_kwh is not None else None,
        "remainingDuration": round(left_s) if left_s is not None else None,
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
