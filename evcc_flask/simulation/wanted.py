"""Plans and prices as scenarios tell them: times count from midnight of the scenario's day, ``30:15`` is tomorrow."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from evcc_flask.domain.plans import EnergyPlan, RepeatingPlan, SocPlan
from evcc_flask.domain.rates import SLOT, Outlook, Rate, Tariff, TariffKind, Usage
from evcc_flask.domain.settings import Settings

from .strict import Unreadable, clock_time


@dataclass(frozen=True, slots=True)
class PlanWords:
    """A plan for one day; of no SoC and no energy: none any more."""

    time: timedelta = timedelta(0)
    soc_percent: int = 0
    energy_kwh: float = 0.0
    precondition_s: int = 0
    continuous: bool = False


def read_prices(node: object, path: str) -> tuple[tuple[timedelta, float | None], ...]:
    """``{"22:00": 0.3, "26:00": 0.1, "30:00": null}``: each holds until the next; null: unknown. Raises Unreadable."""
    if not isinstance(node, Mapping):
        raise Unreadable(f"{path}: times and prices were expected")
    found = tuple(sorted((clock_time(at, path), value) for at, value in node.items()))
    if not found or found[-1][1] is not None:
        raise Unreadable(f"{path}: the last price must be null, where nothing is known any more")
    return found


def outlook(prices: tuple[tuple[timedelta, float | None], ...], midnight: datetime) -> Outlook:
    """The grid's and the planner's tariff, in quarters of an hour."""
    rates = []
    for (start, value), (end, _) in pairwise(prices):
        while value is not None and start < end:
            until = min(start + SLOT, end)
            rates.append(Rate(midnight + start, midnight + until, value))
            start = until
    tariff = Tariff(TariffKind.FORECAST, tuple(rates))
    return Outlook(tariffs={Usage.GRID: tariff, Usage.PLANNER: tariff})


def with_plan(settings: Settings, place: int, words: PlanWords, midnight: datetime) -> Settings:
    """A plan of the car at a loadpoint (0-based), or an energy plan of the loadpoint."""
    at = midnight + words.time
    if words.energy_kwh or settings.vehicle_at(place) is None:
        energy = EnergyPlan(words.energy_kwh, at, words.precondition_s, words.continuous) if words.energy_kwh else None
        loadpoints = list(settings.loadpoints)
        loadpoints[place] = replace(loadpoints[place], energy_plan=energy)
        return replace(settings, loadpoints=tuple(loadpoints))
    plan = SocPlan(words.soc_percent, at, words.precondition_s, words.continuous) if words.soc_percent else None
    return _with_car(settings, place, plan=plan)


def with_repeating(settings: Settings, place: int, plans: tuple[RepeatingPlan, ...]) -> Settings:
    """All repeating plans of the car at a loadpoint (0-based)."""
    return _with_car(settings, place, repeating=plans)


def _with_car(settings: Settings, place: int, **changes: Any) -> Settings:
    car = settings.vehicle_at(place)
    if car is None:
        raise Unreadable(f"loadpoint {place + 1} has no vehicle, whose plan could it be?")
    return replace(settings, vehicles={**settings.vehicles, car.vehicle.name: replace(car, **changes)})


def utc(midnight: datetime) -> datetime:
    """So that an hour later is an hour later, in the nights in which the clocks change too."""
    return midnight.astimezone(UTC)
