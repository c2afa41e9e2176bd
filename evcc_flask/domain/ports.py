"""What the controller needs of the world, as Protocols: drivers, links and clocks are handed in by the wiring."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from .commands import ChargerCommand, Ending
from .rates import Outlook
from .readings import BatteryReading, CarReading, ChargerReading, GridOrder, LimitReading, MeterReading, PvReading
from .words import BatteryMode

Done = Callable[[Ending, str], None]
"""Called once, from any thread, when a write has ended: how, and where it was not taken the sentence why."""


class Clock(Protocol):
    """House time and wire time. They differ only in a demo that runs faster than life."""

    def monotonic_s(self) -> float:
        """House seconds that never jump: every duration of the control loop."""
        ...

    def wire_s(self) -> float:
        """Real seconds that never jump: time-outs and pauses on a wire."""
        ...

    def now(self) -> datetime:
        """Aware local wall time of the house."""
        ...

    def trusted(self) -> bool:
        """Whether the wall time can be believed."""
        ...

    def real_s(self, house_s: float) -> float:
        """How many real seconds ``house_s`` house seconds take."""
        ...


class Meter(Protocol):
    """A meter of any usage. The readings are instant: they decode what the links fetched last, and do no I/O."""

    name: str

    def reading(self) -> MeterReading: ...

    def pv_reading(self) -> PvReading: ...

    def battery_reading(self) -> BatteryReading: ...

    def set_battery_mode(self, mode: BatteryMode, done: Done) -> None:
        """Returns at once; ``done`` is called later from a worker thread."""
        ...

    def renew(self, until_s: float) -> None:
        """As a charger's: a mode that the battery forgets is repeated until ``until_s`` (house monotonic)."""
        ...


class Limits(Protocol):
    """What a circuit's own sources allow now; as instant as a meter's reading."""

    def reading(self) -> LimitReading: ...


class GridOperator(Protocol):
    """Where the grid operator's orders come from; as instant as a meter's reading."""

    def reading(self) -> GridOrder: ...


class Charger(Protocol):
    """``send`` returns at once; commands of one charger keep their order, ``done`` is called from a worker thread.

    ``renew`` is the dead man's handle: keep-alives to the box are allowed until ``until_s`` (house monotonic).
    """

    name: str

    def reading(self) -> ChargerReading: ...

    def send(self, command: ChargerCommand, done: Done) -> None: ...

    def renew(self, until_s: float) -> None: ...


class Vehicle(Protocol):
    """A car's own account (or the lack of one). Nobody asks it unless ``poll`` is called: most may be asked rarely.

    What a broker or a socket pushes to us arrives by itself; ``poll`` then costs nothing. Commands return at once,
    keep their order, and ``done`` is called from a worker thread; a car that cannot do it says available = False.
    """

    name: str

    def reading(self) -> CarReading:
        """What is known now, instantly: no I/O."""
        ...

    def poll(self) -> None:
        """Fetch once what is older than the account's own cache (evcc: 15 min); later readings show it."""
        ...

    def forget(self) -> None:
        """The next ``poll`` asks, whatever the cache says: for a car just plugged in, or one to be detected."""
        ...

    def wake(self, done: Done) -> None: ...

    def set_charge_enable(self, enabled: bool, done: Done) -> None: ...

    def set_max_current(self, current_a: float, done: Done) -> None:
        """In A per phase."""
        ...


class Tariffs(Protocol):
    """All tariffs of the house; a thread of their own fetches them."""

    def outlook(self) -> Outlook:
        """What is known now. Instant: no I/O."""
        ...


class Round(Protocol):
    """One refresh of all links, under way."""

    def wait(self, timeout_s: float) -> bool:
        """Wait at most ``timeout_s`` real seconds; True when every link has answered or failed."""
        ...


class Field(Protocol):
    """All devices and their links together."""

    def refresh(self) -> Round:
        """Ask every link to fetch what is due. Returns at once."""
        ...

    def links(self) -> Sequence[Mapping[str, object]]:
        """The links' counters, ready to publish."""
        ...

    def close(self) -> None:
        """End all workers and close all ports; pending commands are dropped."""
        ...
