"""One open socket: what it still has to be sent, and whether it listens at all. Used by the hub's thread only."""

import contextlib
import socket
from collections import deque

from wsproto import WSConnection
from wsproto.events import CloseConnection, Message, Ping
from wsproto.utilities import ProtocolError

from .frames import POLICY_VIOLATION, farewell

MOST_PENDING = 1 << 20
"""Bytes that may wait for a slow listener, beside what the kernel holds for it."""
PATIENCE_S = 10.0
"""What waits must move within this; evcc writes as long."""
KERNEL_BYTES = 256 << 10
"""The kernel's buffer of a socket, which else grows to megabytes for who does not read."""
GONE_MS = 30_000
"""A peer that acknowledges nothing for so long has left the network."""


class Listener:
    """A socket that was upgraded. ``hears_log``: it may read the log, too."""

    def __init__(self, sock: socket.socket, protocol: WSConnection, *, hears_log: bool) -> None:
        self.sock = sock
        self.hears_log = hears_log
        self.moved_at_s = 0.0
        self._protocol = protocol
        self._waiting: deque[memoryview] = deque()
        self._pending = 0
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_MS)

    @property
    def behind(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._waiting)

    def deaf(self, now_s: float) -> bool:
        """Whether it has taken nothing for too long, or fell too far behind."""
        return self._pending > MOST_PENDING or (self.behind and now_s - self.moved_at_s > PATIENCE_S)

    def tell(self, data: bytes, now_s: float) -> None:
        """Send, or keep what the socket does not take now. Raises OSError when the connection is gone."""
        if not self._waiting:
            self.moved_at_s = now_s
        self._waiting.append(memoryview(data))
        self._pending += len(data)
        self.flush(now_s)

    def flush(self, now_s: float) -> None:
        """Send what waits, as far as the socket takes it. Raises OSError."""
        while self._waiting:
            piece = self._waiting[0]
            try:
                sent = self.sock.send(piece)
            except BlockingIOError:
                return
            self.moved_at_s = now_s
            self._pending -= sent
            if sent < len(piece):
                self._waiting[0] = piece[sent:]
                return
            self._waiting.popleft()

    def hear(self, now_s: float) -> bool:
        """Read what the client sent. False when the connection ends; raises OSError when it is gone.

        There is nothing to say to us here: a message ends the connection, as with evcc; pings are answered.
        """
        try:
            received = self.sock.recv(4096)
        except BlockingIOError:
            return True
        if not received:
            return False
        try:
            self._protocol.receive_data(received)
            for event in self._protocol.events():
                if isinstance(event, Ping):
                    self.tell(self._protocol.send(event.response()), now_s)
                elif isinstance(event, CloseConnection):
                    self.tell(self._protocol.send(event.response()), now_s)
                    return False
                elif isinstance(event, Message):
                    self.tell(farewell(POLICY_VIOLATION), now_s)
                    return False
        except ProtocolError:
            return False
        return True

    def leave(self, code: int | None = None) -> None:
        """Close, with a word where the socket takes it at once."""
        with contextlib.suppress(OSError):  # it is being closed anyway
            if code is not None and not self._waiting:
                self.sock.send(farewell(code))
        self.sock.close()
