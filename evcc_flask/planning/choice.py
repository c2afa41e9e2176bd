"""Which of the plans at a loadpoint counts, and by which prices it is planned."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from evcc_flask.domain.plans import EnergyPlan, Goal, SocPlan, goals
from evcc_flask.domain.rates import Rate, TariffKind, Usage
from evcc_flask.domain.settings import Settings
from evcc_flask.domain.snapshot import Snapshot

from .sheet import LONGEST_S, Sheet
from .slots import Schedule, schedule

FAR = timedelta(seconds=LONGEST_S)
HEAD_START_S = 300.0
"""A charge without any slack begins so much earlier, and two cycles.

Box, car and meters take their time, and until it charges nobody knows by how much the voltage will fall under the load:
2 % of it are five minutes in a night.
"""


def aims(settings: Settings, index: int, sheet: Sheet | None, now: datetime | None) -> list[Goal]:
    """What is aimed at next at a loadpoint (0-based): by SoC where the car tells it, else by energy."""
    car, energy = settings.vehicle_at(index), settings.loadpoints[index].energy_plan
    by_soc = sheet.by_soc if sheet is not None else car is not None and car.by_soc
    if by_soc:
        return goals(car.plan, car.repeating, now) if car is not None else []
    if energy is None:
        return []
    return [Goal(1, energy.time, energy.precondition_s, energy_kwh=energy.energy_kwh, continuous=energy.continuous)]


def chosen(found: Sequence[Goal], sheet: Sheet | None) -> Goal | None:
    """The one that must begin first; those that are reached do not count as long as there are others."""
    if sheet is None:
        return min(found, key=lambda goal: goal.time, default=None)
    open_ = [goal for goal in found if not sheet.met(goal)]
    return min(open_ or found, key=lambda goal: goal.time.timestamp() - sheet.required_s(goal), default=None)


def still_meant(goal: Goal, settings: Settings, index: int, sheet: Sheet) -> bool:
    """Whether the plan of this goal is there, as it was; a repeating one also when its time has passed."""
    car = settings.vehicle_at(index)
    if goal.plan_id == 1:
        return goal in aims(settings, index, sheet, None)
    place = goal.plan_id - 2
    return sheet.by_soc and car is not None and place < len(car.repeating) and car.repeating[place].means(goal)


def source(goal: Goal, settings: Settings, index: int) -> SocPlan | EnergyPlan | None:
    """The plan with this goal that ends with it; a repeating one does not."""
    car = settings.vehicle_at(index)
    if goal.plan_id != 1:
        return None
    return car.plan if goal.soc_percent and car is not None else settings.loadpoints[index].energy_plan


def planned(goal: Goal, required_s: float, snapshot: Snapshot, now: datetime, cycle_s: float) -> Schedule:
    """By the rates of the planner's tariff; at a constant price as late as possible, and at once without any slack."""
    rates, precondition_s = snapshot.outlook.rates(Usage.PLANNER) or (), float(goal.precondition_s)
    target = now if hurried(goal, required_s, now, cycle_s) else goal.time
    if rates and snapshot.outlook.kind(Usage.PLANNER) is TariffKind.STATIC:
        rates, precondition_s = (Rate(now, max(target, now + FAR), rates[-1].value),), required_s
    return schedule(rates, required_s, target, now, precondition_s, continuous=goal.continuous)


def hurried(goal: Goal, required_s: float, now: datetime, cycle_s: float) -> bool:
    """Whether all of the time that is left is needed."""
    return (goal.time - now).total_seconds() - required_s <= HEAD_START_S + 2 * cycle_s
