"""What a day in the simulation leaves behind: each decision, on what it was made, and how the house really was."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from evcc_flask.domain.commands import Disable, Enable, OfferCurrent, SetBatteryMode, SwitchPhases, WakeUp
from evcc_flask.domain.decision import Decision
from evcc_flask.domain.settings import Settings
from evcc_flask.domain.snapshot import Snapshot
from evcc_flask.domain.words import BatteryMode

WORDS: Mapping[type, str] = {
    OfferCurrent: "current",
    Enable: "enable",
    Disable: "disable",
    SwitchPhases: "phases",
    WakeUp: "wake",
    SetBatteryMode: "battery",
}


@dataclass(frozen=True, slots=True)
class BoxTruth:
    """What a box really did at the moment of the decision (before it obeyed)."""

    status: str
    phases: int
    box_enabled: bool
    box_offered_a: float
    car_w: float
    car_soc_percent: float | None
    energy_kwh: float


@dataclass(frozen=True, slots=True)
class Cycle:
    """One decision: when, on what, what, and how the house really was."""

    at: datetime
    since_midnight: timedelta
    snapshot: Snapshot
    settings: Settings
    decision: Decision
    boxes: tuple[BoxTruth, ...]
    battery_modes: tuple[BatteryMode, ...]
    true_grid_w: float
    import_kwh: float
    calls: int = 0

    @property
    def clock(self) -> str:
        return self.at.strftime("%H:%M:%S")

    @property
    def command_words(self) -> list[tuple[int | None, str]]:
        """Loadpoint (None: a battery) and word of each command."""
        return [(getattr(each, "loadpoint", None), WORDS[type(each)]) for each in self.decision.commands]


@dataclass(frozen=True, slots=True)
class Trace:
    """All cycles of a scenario, in order."""

    cycles: tuple[Cycle, ...]

    def at(self, since_midnight: timedelta) -> Cycle:
        """The cycle that is in force at that time."""
        return [cycle for cycle in self.cycles if cycle.since_midnight <= since_midnight][-1]

    def between(self, first: timedelta, end: timedelta) -> list[Cycle]:
        """Cycles from ``first`` up to before ``end``."""
        return [cycle for cycle in self.cycles if first <= cycle.since_midnight < end]
