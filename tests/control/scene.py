"""A house for tests of the control loop: drivers that note what they are told, and a clock that the test moves."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from evcc_flask.control.house import House, LoadpointDrivers
from evcc_flask.control.loop import Loop
from evcc_flask.control.state import SharedState
from evcc_flask.control.view import Facts, View
from evcc_flask.domain.changes import Change
from evcc_flask.domain.commands import Ending
from evcc_flask.domain.issues import Issue
from evcc_flask.domain.memory import Memory
from evcc_flask.domain.ports import Done
from evcc_flask.domain.quarters import Quarter, together
from evcc_flask.domain.readings import BatteryReading, ChargerReading, ChargerTraits, MeterReading, PvReading
from evcc_flask.domain.settings import LoadpointSettings, Settings
from evcc_flask.domain.words import BatteryMode, Mode, Status


class HandClock:
    """House time moves when the test says so; ``real_s`` is 0, so that no pause of the loop takes time."""

    def __init__(self) -> None:
        self.s = 1000.0
        self.wire = 0.0

    def monotonic_s(self) -> float:
        return self.s

    def wire_s(self) -> float:
        self.wire += 0.01
        return self.wire

    def now(self) -> datetime:
        return datetime(2026, 6, 21, 12, tzinfo=UTC) + timedelta(seconds=self.s)

    def trusted(self) -> bool:
        return True

    def real_s(self, house_s: float) -> float:
        return 0.0


class Meter:
    def __init__(self, clock: HandClock, name: str, power_w: float) -> None:
        self.clock, self.name, self.power_w = clock, name, power_w
        self.answers = True
        self.at_s: float | None = None
        self.currents_a: tuple[float, float, float] | None = None
        self.modes: list[BatteryMode] = []
        self.notes: tuple[str, ...] = ()

    def reading(self) -> MeterReading:
        if self.answers:
            self.at_s = self.clock.s
        return MeterReading(self.name, self.at_s, self.power_w, currents_a=self.currents_a, notes=self.notes)

    def pv_reading(self) -> PvReading:
        return PvReading(self.reading())

    def battery_reading(self) -> BatteryReading:
        return BatteryReading(self.reading(), 50.0, 10.0, controllable=True)

    def renew(self, until_s: float) -> None:
        """Nothing to keep alive."""

    def set_battery_mode(self, mode: BatteryMode, done: Done) -> None:
        self.modes.append(mode)
        done(Ending.TAKEN, "")


class Box:
    def __init__(self, clock: HandClock) -> None:
        self.clock, self.name = clock, "box"
        self.sent: list[Any] = []
        self.renewed: list[float] = []
        self.error: str | None = None
        self.error_text: str | None = None
        self.status = Status.B
        self.enabled = False
        self.reads = lambda: None

    def reading(self) -> ChargerReading:
        self.reads()
        traits = ChargerTraits(physical_phases=3)
        if self.error_text:
            return ChargerReading(self.name, error=self.error_text, traits=traits)
        return ChargerReading(self.name, self.clock.s, self.status, self.enabled, traits=traits)

    def send(self, command: Any, done: Done) -> None:
        self.sent.append(command)
        done(Ending.FAILED if self.error else Ending.TAKEN, self.error or "")

    def renew(self, until_s: float) -> None:
        self.renewed.append(until_s)


class Wires:
    """Each refresh moves the clock on; ``hung``: no round ever ends."""

    def __init__(self, clock: HandClock, step_s: float = 10.0) -> None:
        self.clock, self.step_s, self.hung, self.closed = clock, step_s, False, False
        self.waits = 0

    def refresh(self) -> "Wires":
        self.clock.s += self.step_s
        return self

    def wait(self, timeout_s: float) -> bool:
        self.waits += 1
        self.clock.wire += timeout_s if self.hung else 0.0
        return not self.hung

    def links(self) -> Sequence[Mapping[str, object]]:
        return [{"name": "line"}]

    def close(self) -> None:
        self.closed = True


class Book:
    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.rows: list[Any] = []
        self.quarters: dict[int, Quarter] = {}
        self.saves = 0
        self.trouble: Issue | None = None

    def save(self, values: Mapping[str, Any], changes: Sequence[Change] = ()) -> "Book":
        self.values |= values
        self.saves += 1
        return self

    def save_sessions(self, rows: Sequence[Any], values: Mapping[str, Any], quarters: Mapping[int, Quarter]) -> "Book":
        self.rows += rows
        self.quarters = together(self.quarters, quarters)
        return self.save(values)

    def statistics(self) -> Mapping[str, Mapping[str, float | None]]:
        return {}

    def wait(self, timeout_s: float) -> str | None:
        return None

    def problem(self) -> Issue | None:
        return self.trouble


class Scene:
    """A grid meter that exports 8 kW, a battery, and a wallbox with a car on it."""

    def __init__(self, *, observe: bool = False, settings: Settings | None = None) -> None:
        self.clock = HandClock()
        self.grid, self.battery = Meter(self.clock, "grid", -8000.0), Meter(self.clock, "battery", 0.0)
        self.box, self.wires, self.book = Box(self.clock), Wires(self.clock), Book()
        self.house = House(
            grid=self.grid,
            batteries=(self.battery,),
            loadpoints=(LoadpointDrivers(self.box),),
            circuit_meters={"main": self.grid},
        )
        self.settings = settings or Settings(loadpoints=(LoadpointSettings("Carport", Mode.PV),))
        self.state = SharedState(self.settings, View(Facts(grid=True, has_battery=True)), self.book)
        self.loop = self.make(Memory(), observe=observe)

    def make(self, memory: Memory, *, observe: bool = False) -> Loop:
        return Loop(
            self.state, self.house, self.wires, self.book, self.clock, memory=memory, standing=(), observe=observe
        )

    def run(self, cycles: int) -> None:
        left = iter(range(10_000))
        goal = self.loop.pulse.cycles + cycles
        self.loop.run(lambda: self.loop.pulse.cycles < goal and next(left) < 5000)
