"""gunicorn's gthread, for which nobody is worth waiting: a request must have arrived in time, or its thread is freed.

gthread waits without end for headers and bodies that trickle in, or for a client that does not read its answer, and it
lingers on a closed connection in the thread that accepts all others. Each of these is given an end here. gunicorn's
master imports this module.
"""

import contextlib
import json
import select
import socket
import struct
import sys
import threading
from typing import Any

from gunicorn.http.errors import (
    ChunkMissingTerminator,
    InvalidChunkExtension,
    InvalidChunkSize,
    InvalidHeader,
    InvalidHeaderName,
    InvalidHTTPVersion,
    InvalidRequestLine,
    InvalidRequestMethod,
    LimitRequestHeaders,
    LimitRequestLine,
    ObsoleteFolding,
    UnsupportedTransferCoding,
)
from gunicorn.util import close_graceful
from gunicorn.workers.gthread import ThreadWorker

from evcc_flask.clock import SystemClock

ARRIVAL_S = 10.0
"""So long may a request take from its first byte to its last one, its body included."""
STANDSTILL_S = 20
"""An answer of which the client takes nothing for so long is given up."""
LOOK_S = 1.0
NEXT_MS = 20
"""So long a thread waits for the next request of who was just answered: who asks on finds it where it is."""
WAITING_ON = 64
"""Threads that may do so at once; all others are everybody's."""
SWITCH_S = 0.001
"""A thread that computes lets others in after this (Python's own: 5 ms): an answer changes hands several times."""
LEFT_OVER = 4 << 20
"""Bytes that a refused client may still send before it reads why."""
TOO_LONG = "the first line of a request has at most 8190 bytes; make the filter shorter"
MALFORMED = (
    ChunkMissingTerminator,
    InvalidChunkExtension,
    InvalidChunkSize,
    InvalidHTTPVersion,
    InvalidHeader,
    InvalidHeaderName,
    InvalidRequestLine,
    InvalidRequestMethod,
    LimitRequestLine,
    ObsoleteFolding,
)
"""Mistakes of whoever asks, each a bad request."""


class PunctualWorker(ThreadWorker):
    """A worker whose threads come back."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._clock = SystemClock()
        self._looked_at_s = 0.0
        self._arriving: dict[Any, float] = {}
        self._places = threading.BoundedSemaphore(WAITING_ON)

    def init_process(self) -> None:
        """Accepted sockets inherit the limit from those that listen."""
        for listener in self.sockets:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", STANDSTILL_S, 0))
        sys.setswitchinterval(SWITCH_S)
        super().init_process()

    def notify(self) -> None:
        """Called by the loop at least once a second: who still reads a request whose time is over, reads its end.

        An answer that takes longer is not cut; its connection is only not used for another request.
        """
        super().notify()
        now_s = self._clock.wire_s()
        if now_s - self._looked_at_s < LOOK_S:
            return
        self._looked_at_s = now_s
        for conn, until_s in list(self._arriving.items()):
            if now_s >= until_s:
                self._arriving.pop(conn, None)
                _end_of_input(conn.sock)

    def handle(self, conn: Any) -> Any:
        """The requests that come one after the other, on a thread of the pool, which also sees a connection's end."""
        again = self._answered(conn)
        while again is True and self._asks_on(conn):
            again = self._answered(conn)
        if again:
            return again
        if conn.sock.fileno() >= 0:  # else it is a live connection's now
            close_graceful(conn.sock, max_drain=LEFT_OVER)
            conn.sock.close()
        conn.close = _closed_already
        return False

    def _answered(self, conn: Any) -> Any:
        """One request. True: the connection stays open."""
        self._arriving[conn] = self._clock.wire_s() + ARRIVAL_S
        try:
            return super().handle(conn)
        finally:
            self._arriving.pop(conn, None)

    def _asks_on(self, conn: Any) -> bool:
        """Whether the next request comes at once. The way through the loop that watches all connections is longer."""
        if not self.alive or not self._places.acquire(blocking=False):
            return False
        try:
            waiting = select.poll()
            waiting.register(conn.sock, select.POLLIN)
            return bool(waiting.poll(NEXT_MS))
        finally:
            self._places.release()

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """What is no request is answered as any other mistake: with a status and a sentence as JSON."""
        match exc:
            case LimitRequestHeaders():
                status, sentence = "431 Request Header Fields Too Large", "the headers are too many or too long"
            case UnsupportedTransferCoding():
                status, sentence = "501 Not Implemented", "a body comes as it is, or in chunks"
            case LimitRequestLine():
                status, sentence = "400 Bad Request", TOO_LONG
            case _ if isinstance(exc, MALFORMED):
                status, sentence = "400 Bad Request", "this is no request of HTTP/1.1"
            case _:
                super().handle_error(req, client, addr, exc)
                return
        body = json.dumps({"error": sentence}).encode() + b"\n"
        head = (
            f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: application/json; charset=UTF-8\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        with contextlib.suppress(OSError):
            client.sendall(head.encode() + body)


def _end_of_input(sock: socket.socket) -> None:
    """Who waits for a byte reads the end."""
    with contextlib.suppress(OSError):  # gone already
        sock.shutdown(socket.SHUT_RD)


def _closed_already(*, graceful: bool = False) -> None:
    """In the place of a connection's own close."""
