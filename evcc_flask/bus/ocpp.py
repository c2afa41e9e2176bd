"""Charge points that call us by OCPP 1.6: one link for each, fed by one server.

A charge point speaks by itself and is only answered, so its link is one that is listened to. What it was told last
stays known over a cut line; commands run on the link's worker and end when the charge point has answered.
"""

import logging
from collections.abc import Awaitable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any, Protocol

from evcc_flask.domain.ports import Clock

from .needs import Answer, ErrorKind, ReadError, Request
from .pushed import FIRST_S, PushedLink

log = logging.getLogger("ocpp")

PORT = 8887
ANSWER_S = 10.0
"""How long a charge point may take for an answer."""
READY_S = 15.0
"""How long a first command waits until the charge point has said what it can."""
STATUS, LIMIT, TAG, TRANSACTION, PHASES, FAULT = "status", "limit", "tag", "transaction", "phases", "fault"
"""What is told beside the measurands: words of OCPP, A, an RFID tag, a number, whether phases switch, a sentence."""
SOC = "SoC"
METERED = frozenset({"Power", "Energy", "Current", "Voltage", SOC, "Frequency", "Temperature", "RPM"})


@dataclass(frozen=True, slots=True)
class OcppSpec:
    """Where charge points are awaited. ``host`` empty: on all addresses; ``shut``: the sentence why on none.

    ``stations``: name and password of those that may come; where empty, those that a charger names. ``password``: of
    those without one of their own; empty: none is asked for.
    """

    port: int = PORT
    host: str = ""
    stations: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    password: str = field(default="", repr=False)
    shut: str = ""

    def password_of(self, station: str) -> str:
        """Empty: it needs none."""
        return dict(self.stations).get(station) or self.password

    def allows(self, station: str) -> bool:
        """Whether the list has it, where there is a list."""
        return not self.stations or station in dict(self.stations)


@dataclass(frozen=True, slots=True)
class Told:
    """What a charge point said of one of its connectors; 0 is the charge point itself.

    ``what``: one of the words above, or a measurand, its phase behind a dot (``Current.Import.1``); in W, Wh, A, V.
    """

    connector: int
    what: str

    @property
    def metered(self) -> bool:
        """Whether it has a time of its own; all else holds for as long as the charge point is heard."""
        return self.what.partition(".")[0] in METERED

    def run(self, wire: Any) -> Any:
        """It is heard, never asked for."""
        raise ReadError(ErrorKind.VALUE, f"{self.what} can only be listened to")


class Station(Protocol):
    """A charge point on the line; its methods are called in the server's loop."""

    async def limit(self, connector: int, limit: "Limit") -> None: ...

    async def begin(self, connector: int, tag: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Limit:
    """``current_a`` per phase, in tenths, 0 stops. ``phases``: told where somebody chose. ``watts``: it counts in W.

    ``bottom``: at stack level 0, for boxes that have no other.
    """

    current_a: float
    phases: int | None = None
    watts: bool = False
    bottom: bool = False


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a charger asks of its charge point once it is on the line. ``measurands``: empty for the usual ones."""

    measurands: str = ""
    interval_s: int = 10
    watts: bool = False


class Server(Protocol):
    """Who feeds the links."""

    def begin(self) -> None: ...

    def run(self, doing: Awaitable[None]) -> None:
        """Carry it out in the server's loop and wait; from a worker. Raises ReadError."""
        ...


class OcppLink(PushedLink):
    """Implements Link. ``station`` empty: the first one to come that no other link is for."""

    def __init__(self, station: str, server: Server, spec: OcppSpec, clock: Clock) -> None:
        super().__init__(f"ocpp {station or 'any'}", clock)
        self.station = station
        self.wishes: dict[int, Wishes] = {}
        self.generation = 0
        """Counts the times that it came: what it was told before may be forgotten there."""
        self._server = server
        self._on_line: Station | None = None
        self._ready = Event()
        self._life_s: float | None = None
        self._transaction = 0
        who = f"charge point {station!r}" if station else "a charge point"
        where = f"ws://<address of this machine>:{spec.port}/{station or '<its name>'}"
        waits = f"{who} has not called yet. Enter {where} as its OCPP 1.6 server"
        self._gone = ReadError(ErrorKind.CONNECTION, waits)

    # From any thread

    def latest(self, request: Hashable) -> Answer:
        """See PushedLink; what it said holds for as long as it is heard, what it measured has its own time."""
        answer, life_s = super().latest(request), self._life_s
        if answer.at_s is None or life_s is None or (isinstance(request, Told) and request.metered):
            return answer
        return replace(answer, at_s=max(answer.at_s, life_s))

    def wish(self, connector: int, wishes: Wishes) -> None:
        """For when it calls."""
        self.wishes[connector] = wishes

    # In the server's loop

    def came(self, station: Station) -> None:
        """It is on the line; commands wait until ``ready``."""
        self._ready.clear()
        self._on_line = station
        self.alive()
        self._is_up()

    def ready(self) -> None:
        """It has said what it can; what it was told before may have to be told again."""
        self.generation += 1
        self._ready.set()

    def alive(self) -> None:
        """It was heard just now."""
        self._life_s = self._clock.monotonic_s()

    def hear(self, news: Mapping[Told, Any]) -> None:
        """Keep what it said."""
        self.alive()
        self._heard(news)

    def known(self, connector: int, what: str) -> Any:
        """What it said last; None where it never did."""
        answer = self._answers.get(Told(connector, what))
        return None if answer is None else answer.value

    def is_on_line(self, station: Station) -> bool:
        """Whether no newer line of the same charge point has taken its place."""
        return self._on_line is station

    def next_transaction(self, wanted: int) -> int:
        """A number for a transaction that none had before: by the clock, as it must outlast a restart."""
        self._transaction = max(self._transaction + 1, wanted)
        return self._transaction

    def left(self, station: Station | None, error: ReadError) -> None:
        """Its line is cut; an older one of the same charge point is no news. None: the server cannot listen."""
        if self._on_line is station:
            self._on_line = None
            self._ready.set()
            self._is_down(error)

    # On the worker

    def limit(self, connector: int, limit: Limit) -> None:
        """Raises ReadError where it is not taken; the limit is known from then on."""
        station = self._present()
        self._server.run(station.limit(connector, limit))
        self._heard({Told(connector, LIMIT): limit.current_a})

    def start_charge(self, connector: int, tag: str) -> None:
        """Begin a transaction that the charge point does not begin by itself. Raises ReadError."""
        self._server.run(self._present().begin(connector, tag))

    def _present(self) -> Station:
        self._begin()
        self._ready.wait(READY_S)
        station = self._on_line
        if station is None:
            raise (self._gone or ReadError(ErrorKind.CONNECTION, f"{self.name} is not on the line")).again()
        return station

    def _is_up(self) -> None:
        with self._line:
            self._gone, self._up = None, True
            self._line.notify_all()

    def _is_down(self, error: ReadError) -> None:
        with self._line:
            news, self._gone, self._up = str(error) != str(self._gone), error, False
            self._line.notify_all()
        if news and not self._closing.is_set():
            self.counted.error(error.kind)
            log.warning("%s It is awaited; everything else runs on.", error.sentence)

    def _begin(self) -> None:
        if not self._closing.is_set():
            self._server.begin()

    def _fetch(self, due: list[Request]) -> Iterator[None]:
        if not due:
            return
        self._follow(due)
        self._begin()
        until_s = self._clock.wire_s() + FIRST_S
        while self._clock.wire_s() < until_s and not self._closing.is_set() and self._life_s is None:
            with self._line:
                self._line.wait(0.05)
            yield
