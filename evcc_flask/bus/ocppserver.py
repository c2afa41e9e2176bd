"""The server that charge points call: a thread with a loop of its own, and a door that only known ones pass."""

import asyncio
import base64
import binascii
import hmac
import logging
from collections.abc import Awaitable, Coroutine
from http import HTTPStatus
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urlsplit

from evcc_flask.domain.ports import Clock

from .needs import ErrorKind, ReadError
from .ocpp import ANSWER_S, OcppLink, OcppSpec

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response

log = logging.getLogger("ocpp")
lines = logging.getLogger("ocpp.line")
lines.setLevel(logging.CRITICAL)
"""Whoever knocks at an open port fills no log."""

PROTOCOL = "ocpp1.6"
AGAIN_S = 5.0
LARGEST = 256 * 1024
"""Bytes of one message."""
TOLD_OF = 50
"""So many refusals are logged; a stranger cannot fill the log with more."""


class OcppServer:
    """Listens from ``begin`` on until ``close``."""

    def __init__(self, spec: OcppSpec, clock: Clock) -> None:
        self.spec = spec
        self._clock = clock
        self._links: dict[str, OcppLink] = {}
        self._lock = Lock()
        self._thread: Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event | None = None
        self._closing = False
        self._said: set[tuple[str, str]] = set()
        self._any: str = ""
        self.port = spec.port
        """The port that is listened on; it differs from that of ``spec`` where that is 0."""

    # From any thread

    def link(self, station: str) -> OcppLink:
        """The link of a charge point, the same for all its connectors."""
        return self._links.setdefault(station, OcppLink(station, self, self.spec, self._clock))

    def links(self) -> list[OcppLink]:
        return list(self._links.values())

    def begin(self) -> None:
        """Listen, if that has not begun."""
        with self._lock:
            if self._thread is None and not self._closing:
                self._thread = Thread(target=lambda: asyncio.run(self._serve()), name="ocpp", daemon=True)
                self._thread.start()

    def run(self, doing: Awaitable[None]) -> None:
        """See :class:`evcc_flask.bus.ocpp.Server`."""
        loop = self._loop
        if loop is None or self._closing:
            cast(Coroutine[Any, Any, None], doing).close()
            raise ReadError(ErrorKind.CONNECTION, "the OCPP server is not listening")
        future = asyncio.run_coroutine_threadsafe(cast(Coroutine[Any, Any, None], doing), loop)
        try:
            future.result(2 * ANSWER_S)
        except TimeoutError:
            future.cancel()
            raise ReadError(ErrorKind.TIMEOUT, "the charge point did not answer in time") from None

    def close(self) -> None:
        """Hang up; does not wait."""
        with self._lock:
            self._closing = True
            loop, ended = self._loop, self._ended
        if loop is not None and ended is not None and not loop.is_closed():
            loop.call_soon_threadsafe(ended.set)

    def join(self, timeout_s: float) -> None:
        if self._thread is not None:
            self._thread.join(max(0.0, timeout_s))

    # In the loop

    async def _serve(self) -> None:
        # Houses without a charge point do not pay for these.
        from websockets.asyncio.server import serve

        with self._lock:
            self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
            ended = self._ended
            if self._closing:
                return
        if self.spec.shut:
            self._cannot(self.spec.shut)
            return
        while not ended.is_set():
            try:
                async with serve(
                    self._talk,
                    self.spec.host or None,
                    self.spec.port,
                    process_request=self._admit,
                    select_subprotocol=lambda _, offered: next((name for name in offered if name == PROTOCOL), None),
                    ping_interval=None,
                    close_timeout=1.0,
                    max_size=LARGEST,
                    logger=lines,
                ) as server:
                    self.port = next(iter(server.sockets)).getsockname()[1]
                    log.info("charge points are awaited on port %d", self.port)
                    await ended.wait()
            except OSError as error:
                self._cannot(f"port {self.spec.port} cannot be opened for charge points: {error.strerror or error}")
                await _first(ended.wait(), AGAIN_S)

    def _cannot(self, why: str) -> None:
        for link in self.links():
            link.left(None, ReadError(ErrorKind.CONNECTION, why))

    def _admit(self, connection: "ServerConnection", request: "Request") -> "Response | None":
        """None: come in."""
        station = _name(request.path)
        if self._link_of(station) is None:
            self._refused(station, connection, "no charger has this stationid, or evcc-flask.yaml does not list it")
            return connection.respond(HTTPStatus.NOT_FOUND, "This charge point is not expected here.\n")
        password = self.spec.password_of(station)
        if password and not _knows(request.headers.get("Authorization", ""), station, password):
            self._refused(station, connection, "its password (HTTP Basic, user: its name) is missing or wrong")
            refusal = connection.respond(HTTPStatus.UNAUTHORIZED, "This charge point needs its password.\n")
            refusal.headers["WWW-Authenticate"] = 'Basic realm="ocpp"'
            return refusal
        return None

    def _refused(self, station: str, connection: "ServerConnection", why: str) -> None:
        if (station, why) in self._said or len(self._said) >= TOLD_OF:
            return
        self._said.add((station, why))
        address = (connection.remote_address or ("?",))[0]
        log.warning("charge point %r at %s was turned away: %s.", station[:64], address, why)

    def _link_of(self, station: str) -> OcppLink | None:
        if not station or not self.spec.allows(station):
            return None
        if station in self._links:
            return self._links[station]
        # A charger without a stationid takes the first that comes, and keeps to it.
        return self._links.get("") if self._any in ("", station) else None

    async def _talk(self, connection: "ServerConnection") -> None:
        from .ocppstation import ChargePoint

        name = _name(connection.request.path if connection.request else "")
        link = self._link_of(name)
        if link is None:
            return
        if connection.subprotocol is None:
            # OCPP-J 1.6 §3.1.2: the handshake is completed without one, and then the line is closed.
            self._refused(name, connection, f"it does not offer the subprotocol {PROTOCOL}; set it to OCPP 1.6 (JSON)")
            await connection.close(1002, f"only {PROTOCOL} is spoken here")
            return
        if not link.station:
            self._any = name
        await ChargePoint(name, connection, link, self._clock).talk()


def _name(path: str) -> str:
    """``/ocpp/Box%201?x`` is Box 1: the last part, as makers put folders before it."""
    return unquote(urlsplit(path).path.rstrip("/").rpartition("/")[2])


def _knows(header: str, station: str, password: str) -> bool:
    scheme, _, coded = header.partition(" ")
    try:
        given = base64.b64decode(coded, validate=True) if scheme.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(given, f"{station}:{password}".encode())


async def _first(waits: Awaitable[object], timeout_s: float) -> None:
    try:
        await asyncio.wait_for(waits, timeout_s)
    except TimeoutError:
        return
