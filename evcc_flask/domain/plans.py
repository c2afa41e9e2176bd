"""Charging plans as people make them: by when, how much. What follows in slots and amperes is planned elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEK = 7


@dataclass(frozen=True, slots=True)
class SocPlan:
    """``soc_percent`` at ``time`` (aware); the last ``precondition_s`` seconds before it are charged in any case.

    ``continuous``: in one piece, however the prices are.
    """

    soc_percent: int
    time: datetime
    precondition_s: int = 0
    continuous: bool = False


@dataclass(frozen=True, slots=True)
class EnergyPlan:
    """``energy_kwh`` in this connection, for a car whose SoC is not known."""

    energy_kwh: float
    time: datetime
    precondition_s: int = 0
    continuous: bool = False


@dataclass(frozen=True, slots=True)
class Goal:
    """What a plan aims at, once. ``plan_id``: 1 the one made for a day, from 2 on the repeating ones by their place."""

    plan_id: int
    time: datetime
    precondition_s: int
    soc_percent: int = 0
    energy_kwh: float = 0.0
    continuous: bool = False


@dataclass(frozen=True, slots=True)
class RepeatingPlan:
    """A goal for some days of the week (0 = Sunday) at ``at`` o'clock in the zone ``tz``."""

    weekdays: tuple[int, ...]
    at: time
    tz: str
    soc_percent: int
    precondition_s: int = 0
    active: bool = False
    continuous: bool = False

    def next_time(self, now: datetime) -> datetime | None:
        """The next time after ``now`` (aware), by the wall clock of its zone; None without a weekday."""
        zone = ZoneInfo(self.tz)
        today = now.astimezone(zone).date()
        times = (self._on(today + timedelta(days), zone) for days in range(WEEK + 1))
        return next((moment for moment in times if moment is not None and moment > now), None)

    def means(self, goal: Goal) -> bool:
        """Whether ``goal`` is one of its days, also one that has passed."""
        at = goal.time.astimezone(ZoneInfo(self.tz))
        aims = (goal.soc_percent, goal.precondition_s, goal.continuous)
        same = aims == (self.soc_percent, self.precondition_s, self.continuous) and at.time() == self.at
        return self.active and same and at.isoweekday() % WEEK in self.weekdays

    def _on(self, day: date, zone: ZoneInfo) -> datetime | None:
        return datetime.combine(day, self.at, zone) if day.isoweekday() % WEEK in self.weekdays else None


def goals(plan: SocPlan | None, repeating: Sequence[RepeatingPlan], now: datetime | None) -> list[Goal]:
    """What a car's plans aim at next. ``now`` None: the clock is not to be trusted, repeating plans have no time."""
    found = [Goal(1, plan.time, plan.precondition_s, plan.soc_percent, continuous=plan.continuous)] if plan else []
    for number, each in enumerate(repeating, 2):
        at = each.next_time(now) if each.active and now is not None else None
        if at is not None:
            found.append(Goal(number, at, each.precondition_s, each.soc_percent, continuous=each.continuous))
    return found
