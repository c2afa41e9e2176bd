"""A bench for the core: boxes that obey, cars that follow, and a grid that adds up; no threads, no wire, no waiting."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from evcc_flask.domain.commands import Disable, Enable, Ending, OfferCurrent, Outcome, SetBatteryMode, SwitchPhases
from evcc_flask.domain.decide import decide
from evcc_flask.domain.decision import Decision
from evcc_flask.domain.memory import Memory
from evcc_flask.domain.moment import Moment
from evcc_flask.domain.readings import (
    BatteryReading,
    ChargerReading,
    ChargerTraits,
    MeterReading,
    PvReading,
    VehicleReading,
)
from evcc_flask.domain.settings import LoadpointSettings, Settings
from evcc_flask.domain.snapshot import LoadpointReading, Rates, Snapshot
from evcc_flask.domain.words import Status

NOON = datetime(2026, 6, 21, 12, 0, tzinfo=UTC)


@dataclass
class Box:
    """A wallbox and the car in it. ``takes_a``: what the car draws at most; ``obeys`` False: it keeps what it has.

    ``lowest_a``: below it the box refuses a current, and nobody knew.
    """

    traits: ChargerTraits = field(default_factory=lambda: ChargerTraits(has_power=True, milliampere=True))
    plugged: bool = True
    enabled: bool = False
    offered_a: float = 0.0
    phases: int = 3
    car_phases: int = 3
    takes_a: float = 32.0
    asleep: bool = False
    obeys: bool = True
    refuses: bool = False
    lowest_a: float = 0.0
    energy_kwh: float = 100.0
    vehicle: VehicleReading | None = None
    says: dict[str, Any] = field(default_factory=dict)

    @property
    def current_a(self) -> float:
        draws = self.plugged and self.enabled and not self.asleep and self.offered_a >= 6
        return min(self.offered_a, self.takes_a) if draws else 0.0

    @property
    def currents_a(self) -> tuple[float, float, float]:
        used = min(self.phases, self.car_phases)
        a, b, c = (self.current_a if phase < used else 0.0 for phase in range(3))
        return a, b, c

    @property
    def power_w(self) -> float:
        return 230.0 * sum(self.currents_a)

    def status(self) -> Status:
        if not self.plugged:
            return Status.A
        return Status.C if self.current_a > 0 else Status.B


class Bench:
    """A house under the controller's hand: change its attributes, then ``cycle()``."""

    def __init__(self, *loadpoints: LoadpointSettings, **site: Any) -> None:
        self.settings = Settings(loadpoints=loadpoints, **site)
        self.boxes = [Box() for _ in loadpoints]
        self.memory = Memory()
        self.now_s = 1000.0
        self.pv_w = 0.0
        self.load_w = 400.0
        self.battery: BatteryReading | None = None
        self.battery_w = 0.0
        self.rates = Rates()
        self.trusted = True
        self.snapshot_says: dict[str, Any] = {}
        self.outcomes: list[Outcome] = []
        self.last: Decision | None = None

    @property
    def grid_w(self) -> float:
        return self.load_w - self.pv_w - self.battery_w + sum(box.power_w for box in self.boxes)

    @property
    def now(self) -> Moment:
        return Moment(self.now_s, NOON + timedelta(seconds=self.now_s) if self.trusted else None)

    def wish(self, index: int = 0, **changes: Any) -> None:
        """A person changes a setting of a loadpoint."""
        loadpoints = list(self.settings.loadpoints)
        loadpoints[index] = replace(loadpoints[index], **changes)
        self.settings = replace(self.settings, loadpoints=tuple(loadpoints))

    def snapshot(self) -> Snapshot:
        t = self.now_s
        batteries = ()
        if self.battery is not None:
            batteries = (replace(self.battery, meter=MeterReading("battery", t, self.battery_w)),)
        truth: dict[str, Any] = {
            "grid": MeterReading("grid", t, self.grid_w),
            "pv": (PvReading(MeterReading("pv", t, self.pv_w)),),
            "batteries": batteries,
            "loadpoints": tuple(self._reading(box) for box in self.boxes),
            "outcomes": tuple(self.outcomes),
            "rates": self.rates,
        }
        return Snapshot(**{**truth, **self.snapshot_says})

    def _reading(self, box: Box) -> LoadpointReading:
        traits = box.traits
        reading = ChargerReading(
            "box",
            self.now_s,
            box.status(),
            box.enabled,
            box.offered_a,
            box.phases if traits.switches_phases else None,
            box.power_w if traits.has_power else None,
            self.now_s if traits.has_power else None,
            box.energy_kwh if traits.has_power else None,
            box.currents_a if traits.has_power else None,
            traits=traits,
        )
        car = box.vehicle
        if car is not None and car.at_s is None:
            car = replace(car, at_s=self.now_s)
        return LoadpointReading(replace(reading, **box.says), car)

    def cycle(self, after_s: float = 10.0) -> Decision:
        """Time passes, then one decision is made and carried out."""
        self.now_s += after_s
        for box in self.boxes:
            box.energy_kwh += box.power_w * after_s / 3.6e6
        decision = decide(self.snapshot(), self.settings, self.memory, self.now)
        self.memory, self.last = decision.memory, decision
        self.outcomes = []
        for command in decision.commands:
            self._carry_out(command)
        for change in decision.changes:
            self.wish(change.loadpoint, **{change.name: change.value})
        return decision

    def _carry_out(self, command: object) -> None:
        if isinstance(command, SetBatteryMode):
            return
        box = self.boxes[command.loadpoint]  # type: ignore[attr-defined]
        if box.refuses:
            self.outcomes.append(Outcome(command, self.now_s, Ending.FAILED, "refused"))  # type: ignore[arg-type]
            return
        if not box.obeys:
            return
        if isinstance(command, OfferCurrent) and command.current_a < max(box.traits.least_a, box.lowest_a):
            self.outcomes.append(Outcome(command, self.now_s, Ending.FAILED, "too little"))
        elif isinstance(command, OfferCurrent):
            box.offered_a = command.current_a
        elif isinstance(command, Enable):
            box.enabled = True
        elif isinstance(command, Disable):
            box.enabled = False
        elif isinstance(command, SwitchPhases):
            box.phases = command.phases

    def cycles(self, seconds: float, step_s: float = 10.0) -> list[Decision]:
        """As many cycles as fit."""
        return [self.cycle(step_s) for _ in range(round(seconds / step_s))]

    def codes(self, index: int = 0) -> list[str]:
        """The reasons of the last decision."""
        assert self.last is not None
        return [reason.code.value for reason in self.last.loadpoints[index].reasons]

    def fact(self, code: str, name: str, index: int = 0) -> Any:
        """A number of a reason of the last decision."""
        assert self.last is not None
        found = {reason.code.value: dict(reason.facts) for reason in self.last.loadpoints[index].reasons}
        return found[code][name]

    def sent(self) -> list[str]:
        """Commands of the last decision, by their names."""
        assert self.last is not None
        return [type(command).__name__ for command in self.last.commands]


@pytest.fixture(scope="session")
def bench() -> type[Bench]:
    """Makes houses: ``bench(LoadpointSettings(mode=...), residual_power_w=...)``."""
    return Bench


@pytest.fixture(scope="session")
def box() -> type[Box]:
    return Box
