"""A WebSocket that a device pushes its messages through; one connection per address."""

import ssl
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from evcc_flask.domain.ports import Clock

from .needs import ErrorKind, ReadError
from .pushed import KEEPALIVE_S, PushedLink

CONNECT_S = 10.0
LARGEST = 1024 * 1024
"""Bytes of one message."""


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """``headers``: name and value, credentials among them. Equal ones share a connection."""

    uri: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    insecure: bool = False

    @property
    def place(self) -> str:
        """Host and path without what may be secret."""
        parts = urlsplit(self.uri)
        return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"


@dataclass(frozen=True, eq=False)
class Messages:
    """A subscription: ``pick`` gives the value in a message, and raises ReadError for one that is not meant for it."""

    pick: Callable[[str | bytes], Any]

    def run(self, wire: Any) -> Any:
        """Messages are heard, never asked for."""
        raise ReadError(ErrorKind.VALUE, "a socket can only be listened to")


class StreamLink(PushedLink):
    """Implements Link; nothing is written here."""

    def __init__(self, spec: StreamSpec, clock: Clock) -> None:
        super().__init__(spec.place, clock)
        self._spec = spec
        self._socket: Any = None

    def _session(self, up: Callable[[], None]) -> None:
        # Imported on the first use, as in a house without sockets nobody needs it.
        import websocket

        spec = self._spec
        options = {"cert_reqs": ssl.CERT_NONE, "check_hostname": False} if spec.insecure else {}
        try:
            socket = websocket.create_connection(
                spec.uri, timeout=CONNECT_S, header=[f"{name}: {value}" for name, value in spec.headers], sslopt=options
            )
        except (websocket.WebSocketException, OSError, ValueError) as error:
            raise ReadError(ErrorKind.CONNECTION, f"{self.name}: {_reason(error)}") from None
        self._socket = socket
        try:
            socket.settimeout(KEEPALIVE_S)
            up()
            self._receive(socket)
        except (websocket.WebSocketException, OSError) as error:
            raise ReadError(ErrorKind.CONNECTION, f"{self.name}: {_reason(error)}") from None
        finally:
            self._socket = None
            with suppress(OSError, websocket.WebSocketException):
                socket.shutdown()  # type: ignore[no-untyped-call]

    def _receive(self, socket: Any) -> None:
        """Until the line is cut; a silent one is asked whether it still stands."""
        import websocket

        asked = False
        while not self._closing.is_set():
            try:
                opcode, data = socket.recv_data(control_frame=True)
            except websocket.WebSocketTimeoutException:
                if asked:
                    raise ReadError(ErrorKind.TIMEOUT, f"{self.name} does not answer any more") from None
                socket.ping()
                asked = True
                continue
            asked = False
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                return
            if opcode in (websocket.ABNF.OPCODE_TEXT, websocket.ABNF.OPCODE_BINARY) and len(data) <= LARGEST:
                self._take(data)

    def _take(self, data: bytes) -> None:
        self.counted.traffic(received=len(data))
        news: dict[Hashable, Any] = {}
        for request in list(self._followed):
            if isinstance(request, Messages):
                with suppress(ReadError):
                    news[request] = request.pick(data)
        self._heard(news)

    def _hang_up(self) -> None:
        socket = self._socket
        if socket is not None:
            with suppress(OSError):
                socket.sock.shutdown(2)


def _reason(error: Exception) -> str:
    """In a few words."""
    if isinstance(error, ConnectionRefusedError):
        return "connection refused. Is the device on, the port right?"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate is not trusted. insecure: true trusts it anyway"
    text = str(error)
    return "the name does not resolve" if "known" in text or "resol" in text.lower() else text
