"""What a reader wants from a link, and what it gets: the words between devices and wires."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any, Protocol


class Table(IntEnum):
    """Modbus tables; the number is the function code that reads it."""

    COIL = 1
    DISCRETE = 2
    HOLDING = 3
    INPUT = 4


class ErrorKind(Enum):
    """What went wrong on a link; counted per kind."""

    TIMEOUT = "timeout"
    CONNECTION = "connection"
    GARBLED = "garbled"
    REFUSED = "refused"
    UNHEARD = "unheard"
    """A broker or a socket has not said it yet: a wrong topic, or one that the device lacks."""
    LIMITED = "limited"
    """Too many calls: to be left alone for a while."""
    VALUE = "value"
    ASLEEP = "asleep"
    MUST_RETRY = "must_retry"
    NOT_AVAILABLE = "not_available"


class ReadError(Exception):
    """A value cannot be had now. ``kind`` says why; the text is for people.

    ``after_s``: seconds that who answered wants to be left alone for; None: it said nothing about that.
    """

    def __init__(self, kind: ErrorKind, message: str, after_s: float | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.after_s = after_s

    @property
    def sentence(self) -> str:
        """The text with one mark at its end."""
        text = str(self)
        return text if text.endswith((".", "?", "!")) else f"{text}."

    def again(self) -> "ReadError":
        """The same without its traceback: what is kept must not keep frames, nor gather more with each raise."""
        return ReadError(self.kind, str(self), self.after_s)


@dataclass(frozen=True, slots=True)
class Registers:
    """``count`` registers (or coils) from ``address`` (0-based, as sent) of a slave. The answer is a tuple of ints."""

    unit: int
    table: Table
    address: int
    count: int = 1


class Procedure(Protocol):
    """A read that is more than one range (HTTP call, script, SunSpec scan): hashable, run by the link's worker."""

    def __hash__(self) -> int: ...

    def run(self, wire: Any) -> Any:
        """Do it and return the answer; raise ReadError. ``wire`` is the link's own: ModbusWire or Traffic."""
        ...


Request = Registers | Procedure


@dataclass(frozen=True, slots=True)
class Answer:
    """What a link last fetched. ``at_s``: house monotonic. ``error``: the last try failed, ``value`` is the old one.

    Before the first success ``value`` is None and ``at_s`` is None.
    """

    value: Any = None
    at_s: float | None = None
    error: ReadError | None = None


class Link(Protocol):
    """One link. All methods but a job's body are safe from any thread and return at once."""

    name: str
    pushes: bool
    """Whether it speaks by itself (a broker, a socket), and listening costs nobody anything."""

    def latest(self, request: Hashable) -> Answer:
        """What was fetched last for a request that some Need named; an empty Answer before the first fetch."""
        ...

    def submit(self, job: Callable[[Any], None], done: Callable[[ReadError | None], None] | None = None) -> None:
        """Run ``job(wire)`` on the worker before any further read. Jobs keep their order."""
        ...

    def do(self, job: Callable[[Any], None]) -> None:
        """Run ``job(wire)`` to its end: at once where the caller is this link's own worker, else as a submitted job
        that is waited for. For workers only (a sink's ``write``); raises ReadError.
        """
        ...

    def renew(self, request: Request) -> None:
        """On the worker, for a write that depends on it: fetch ``request`` now. Raises ReadError."""
        ...

    def every(self, period_s: float, job: Callable[[Any], None]) -> Callable[[], None]:
        """Run ``job(wire)`` on the worker every ``period_s`` until the returned function is called.

        Real seconds, also in a demo that hurries: the timers of devices do not hurry with it.
        """
        ...

    def forget(self, unit: int | None = None) -> None:
        """After a write: what was fetched (of that slave) is due again at the next refresh, whatever its age."""
        ...


class Calls(Link, Protocol):
    """A link of calls, whose answers can arrive in order and still mean nothing."""

    def misread(self, request: Request, error: ReadError) -> None:
        """An answer came and means nothing (a web page for JSON): counted once per answer, and told in the report."""
        ...


class Traffic(Protocol):
    """The wire of a device's own worker: jobs and procedures tell it what they sent and received."""

    def traffic(self, sent: int = 0, received: int = 0) -> None:
        """Bytes."""
        ...


class ModbusWire(Protocol):
    """One Modbus endpoint as jobs and procedures see it, on the worker's thread. Raises ReadError."""

    def read(self, unit: int, table: Table, address: int, count: int) -> tuple[int, ...]: ...

    def write_register(self, unit: int, address: int, value: int) -> None:
        """Function 6."""
        ...

    def write_registers(self, unit: int, address: int, values: tuple[int, ...]) -> None:
        """Function 16."""
        ...

    def write_coil(self, unit: int, address: int, value: bool) -> None:
        """Function 5."""
        ...


@dataclass(frozen=True, slots=True)
class Need:
    """A request on a link, to be fetched when the last answer is older than ``max_age_s`` (0: every cycle).

    ``pressing``: the house hangs on it, and it is not left alone for long while it fails.
    """

    link: Link
    request: Request
    max_age_s: float = 0.0
    pressing: bool = False
