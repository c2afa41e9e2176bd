"""A clock, a link and a wallbox that a test moves by hand: nothing happens between two lines of a test."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from evcc_flask.bus.needs import Answer, ErrorKind, Need, ReadError, Registers, Table
from evcc_flask.devices.charger import SourceCharger
from evcc_flask.devices.lease import Lease
from evcc_flask.devices.parts import ChargerParts
from evcc_flask.domain.commands import ChargerCommand, Ending
from evcc_flask.plugins.made import Fetched, Written


class HandClock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.s = 1000.0

    def monotonic_s(self) -> float:
        return self.s

    wire_s = monotonic_s

    def real_s(self, house_s: float) -> float:
        return house_s


class HandLink:
    """A link whose worker is the test: jobs wait until it runs them."""

    name = "hand"

    def __init__(self) -> None:
        self.answers: dict[Any, Answer] = {}
        self.jobs: list[tuple[Callable[[Any], None], Callable[[ReadError | None], None] | None]] = []
        self.ticking: list[tuple[float, Callable[[Any], None]]] = []
        self.forgotten: list[int | None] = []

    def latest(self, request: Any) -> Answer:
        return self.answers.get(request, Answer())

    def submit(self, job: Callable[[Any], None], done: Callable[[ReadError | None], None] | None = None) -> None:
        self.jobs.append((job, done))

    def do(self, job: Callable[[Any], None]) -> None:
        job(None)

    def every(self, period_s: float, job: Callable[[Any], None]) -> Callable[[], None]:
        self.ticking.append((period_s, job))
        return lambda: None

    def forget(self, unit: int | None = None) -> None:
        self.forgotten.append(unit)

    def work(self) -> None:
        """Run everything that waits."""
        while self.jobs:
            job, done = self.jobs.pop(0)
            error = None
            try:
                job(None)
            except ReadError as raised:
                error = raised
            if done is not None:
                done(error)

    def tick(self, wire: Any = None) -> None:
        """The time of every timed job has come."""
        for _, job in self.ticking:
            job(wire)


@dataclass
class Box:
    """A wallbox under test: what was written, in order, and switches for what its slave says."""

    clock: HandClock = field(default_factory=HandClock)
    link: HandLink = field(default_factory=HandLink)
    written: list[tuple[str, Any]] = field(default_factory=list)
    outcomes: list[tuple[str, Ending, str]] = field(default_factory=list)
    fails: ReadError | None = None

    def sink(self, name: str) -> Written:
        def write(value: Any) -> None:
            if self.fails is not None:
                raise self.fails
            self.written.append((name, value))

        return Written(self.link, write)

    def source(self, address: int, decode: Callable[[Any], Any] = lambda words: words[0]) -> Fetched:
        return Fetched(Need(self.link, Registers(1, Table.INPUT, address)), decode)

    def says(self, address: int, word: Any) -> None:
        self.link.answers[Registers(1, Table.INPUT, address)] = Answer((word,), self.clock.s)

    def is_silent(self, address: int) -> None:
        request = Registers(1, Table.INPUT, address)
        old = self.link.latest(request)
        self.link.answers[request] = Answer(old.value, old.at_s, ReadError(ErrorKind.TIMEOUT, "no answer"))

    def charger(self, **parts: Any) -> SourceCharger:
        base: dict[str, Any] = {
            "status": self.source(0, lambda words: str(words[0])),
            "enabled": self.source(1, lambda words: bool(words[0])),
            "current": self.sink("current"),
            "off": self.sink("off"),
            "fine": True,
        }
        return SourceCharger("box", ChargerParts(**(base | parts)), Lease(self.clock), self.clock, lambda: self.link)

    def send(self, charger: SourceCharger, *commands: ChargerCommand) -> None:
        for command in commands:
            name = type(command).__name__
            charger.send(command, lambda ending, error, name=name: self.outcomes.append((name, ending, error)))
