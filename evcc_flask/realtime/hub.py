"""One thread tells every open socket what has changed: no thread per client, and none of them can hold up another.

The publishing thread leaves a reference and a byte in a pipe. The hub's thread finds the difference, serialises it once
and hands the same bytes to all; what a socket does not take at once waits in its own bounded queue, and who does not
read is let go.
"""

import contextlib
import logging
import os
import queue
import selectors
import socket
import threading
from collections import deque
from typing import Any, Protocol

from wsproto import WSConnection

from evcc_flask.control.state import Published, SharedState
from evcc_flask.logs.ring import Line

from .frames import GOING_AWAY, TRY_AGAIN_LATER, changed, event, flat, frame
from .listener import Listener

log = logging.getLogger("live")

MOST_LISTENERS = 300
"""With gunicorn's connections this stays below 1024 open files, beyond which pyserial's select fails."""
SILENCE_S = 20.0
"""Something is sent at least so often: clients reconnect after 50 s of silence, and none should wait for 30."""
LOOK_S = 1.0
"""While somebody is behind, so often is looked who does not listen any more."""
MOST_EVENTS = 100
"""Lines of the log that wait to be sent; a flood loses its oldest."""


class RealClock(Protocol):
    """Seconds that pass as on the wall."""

    def wire_s(self) -> float: ...


class Hub:
    """The open sockets of ``/ws``. Methods are safe from any thread and return at once."""

    def __init__(self, state: SharedState, clock: RealClock) -> None:
        self._state = state
        self._clock = clock
        self._listeners: set[Listener] = set()
        self._newcomers: queue.SimpleQueue[Listener] = queue.SimpleQueue()
        self._events: deque[dict[str, Any]] = deque(maxlen=MOST_EVENTS)
        self._selector = selectors.DefaultSelector()
        self._told: dict[str, Any] = {}
        self._published: Published | None = None
        self._welcome: bytes | None = None
        self._spoke_at_s = 0.0
        self._ending = threading.Event()
        self._woken, self._bell = os.pipe()
        for end in (self._woken, self._bell):
            os.set_blocking(end, False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._guarded, name="live", daemon=True)

    def start(self) -> None:
        self._state.subscribe(lambda _: self._ring())
        self._thread.start()

    def stop(self, timeout_s: float = 1.0) -> None:
        """Say good-bye to everybody. A second call does nothing."""
        self._ending.set()
        self._ring()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def join(self, sock: socket.socket, protocol: WSConnection, *, hears_log: bool) -> None:
        """An upgraded socket, which is the hub's from now on."""
        listener = Listener(sock, protocol, hears_log=hears_log)
        if self._ending.is_set():
            listener.leave(GOING_AWAY)
            return
        self._newcomers.put(listener)
        self._ring()

    def say(self, line: Line) -> None:
        """A line of the log, for those who may read it; only warnings and worse are told."""
        if self._listeners and (told := event(line)):
            self._events.append(told)
            self._ring()

    def _ring(self) -> None:
        with contextlib.suppress(BlockingIOError):  # a full pipe has rung
            os.write(self._bell, b".")

    def _guarded(self) -> None:
        while not self._ending.is_set():
            try:
                self._run()
            except Exception:  # why: a fault here must not leave a page without news for ever; the log tells it whole
                log.exception("live connections failed; all are closed, and clients come again")
                self._drop_all(GOING_AWAY)
        self._drop_all(GOING_AWAY)
        while not self._newcomers.empty():
            self._newcomers.get_nowait().leave(GOING_AWAY)

    def _run(self) -> None:
        while not self._ending.is_set():
            for key, _ in self._selector.select(self._pause_s()):
                if key.data is None:
                    os.read(self._woken, 4096)
                else:
                    self._attend(key.data)
            now_s = self._clock.wire_s()
            self._spread(now_s)
            self._admit(now_s)
            self._tell_log(now_s)
            self._break_silence(now_s)
            for listener in [each for each in self._listeners if each.deaf(now_s)]:
                log.debug("a live connection that does not read is closed")
                self._drop(listener)

    def _pause_s(self) -> float | None:
        if not self._listeners:
            return None
        if any(listener.behind for listener in self._listeners):
            return LOOK_S
        return max(0.0, self._spoke_at_s + SILENCE_S - self._clock.wire_s())

    def _attend(self, listener: Listener) -> None:
        if listener not in self._listeners:
            return
        now_s = self._clock.wire_s()
        try:
            listener.flush(now_s)
            stays = listener.hear(now_s)
        except OSError:
            stays = False
        if stays:
            self._watch(listener)
        else:
            self._drop(listener)

    def _spread(self, now_s: float) -> None:
        """What the newest state has otherwise than the one that was told last."""
        published = self._state.published
        if published is self._published or not (self._listeners or not self._newcomers.empty()):
            return
        keys = flat(published.state)
        difference = changed(self._told, keys) if self._listeners else {}
        self._told, self._published, self._welcome = keys, published, None
        if difference:
            self._tell(frame(difference), now_s)

    def _admit(self, now_s: float) -> None:
        while True:
            try:
                listener = self._newcomers.get_nowait()
            except queue.Empty:
                return
            if len(self._listeners) >= MOST_LISTENERS:
                listener.leave(TRY_AGAIN_LATER)
                continue
            if self._welcome is None:
                self._welcome = frame(self._told)
            if not self._listeners:
                self._spoke_at_s = now_s
            self._listeners.add(listener)
            self._selector.register(listener.sock, selectors.EVENT_READ, listener)
            self._send(listener, self._welcome, now_s)

    def _tell_log(self, now_s: float) -> None:
        while self._events:
            data = frame({"log": self._events.popleft()})
            for listener in [each for each in self._listeners if each.hears_log]:
                self._send(listener, data, now_s)

    def _break_silence(self, now_s: float) -> None:
        if self._listeners and now_s - self._spoke_at_s >= SILENCE_S:
            key = "homePower" if "homePower" in self._told else "interval"
            self._tell(frame({key: self._told.get(key)}), now_s)

    def _tell(self, data: bytes, now_s: float) -> None:
        self._spoke_at_s = now_s
        for listener in list(self._listeners):
            self._send(listener, data, now_s)

    def _send(self, listener: Listener, data: bytes, now_s: float) -> None:
        try:
            listener.tell(data, now_s)
        except OSError:
            self._drop(listener)
        else:
            self._watch(listener)

    def _watch(self, listener: Listener) -> None:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if listener.behind else 0)
        if self._selector.get_key(listener.sock).events != wanted:
            self._selector.modify(listener.sock, wanted, listener)

    def _drop(self, listener: Listener, code: int | None = None) -> None:
        self._listeners.discard(listener)
        self._selector.unregister(listener.sock)
        listener.leave(code)

    def _drop_all(self, code: int) -> None:
        for listener in list(self._listeners):
            self._drop(listener, code)
