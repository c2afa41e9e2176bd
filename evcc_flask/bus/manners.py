"""How one slave wants to be spoken to, and what a wire needs to do so."""

from dataclasses import dataclass
from threading import Event

from evcc_flask.domain.ports import Clock

from .counters import Counters
from .needs import ErrorKind, ReadError

SLICE_S = 0.05
"""A wait on a wire is cut into slices of this length, so that a worker ends soon after the bus is closed."""


@dataclass(frozen=True, slots=True)
class Manners:
    """``delay_s``: pause before each request; None where nobody asked for one. ``sleeps``: the first frame wakes it."""

    timeout_s: float
    delay_s: float | None = None
    max_registers: int | None = None
    max_gap: int | None = None
    sleeps: bool = False


@dataclass(slots=True)
class Etiquette:
    """The manners of all slaves of one link; those of ``None`` hold for slaves without their own."""

    manners: dict[int | None, Manners]

    def of(self, unit: int) -> Manners:
        return self.manners.get(unit) or self.manners[None]


@dataclass(frozen=True, slots=True)
class Pace:
    """Clock, counters and the order to end, as the wires of one link share them."""

    clock: Clock
    counters: Counters
    closing: Event

    def now_s(self) -> float:
        """Wire seconds."""
        return self.clock.wire_s()

    def pause_until(self, then_s: float) -> None:
        """Wait, unless the link is being closed."""
        if (wait_s := then_s - self.now_s()) > 0:
            self.closing.wait(wait_s)

    def check_open(self) -> None:
        """Raises ReadError once the link is being closed."""
        if self.closing.is_set():
            raise ReadError(ErrorKind.CONNECTION, "the link is being closed")
