"""A link that others speak on: a broker's topics, a socket's messages. It listens; nobody has to ask.

One thread listens and connects again when the line is cut, the worker of every link writes. A line that is down is an
error of all that came over it, told with the old value and its age.
"""

import logging
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import replace
from threading import Condition, Thread
from typing import Any

from evcc_flask.domain.backoff import Backoff
from evcc_flask.domain.ports import Clock

from .link import WorkLink
from .needs import Answer, ErrorKind, ReadError, Request

log = logging.getLogger("bus")

FIRST_S = 1.0
"""How long the first fetch waits for what is new to it: a broker answers with its retained messages at once."""
CONNECT_S = 3.0
"""How long the first write waits for a line that is just being opened."""
PATIENCE = Backoff(step_s=2.0, longest_s=5.0)
"""A broker that starts again is back within seconds, and a grid meter may hang on it."""
KEEPALIVE_S = 30


class PushedLink(WorkLink):
    """Implements Link; what is fetched is a subscription, and its answer the message that came last."""

    pushes = True

    def __init__(self, name: str, clock: Clock) -> None:
        super().__init__(name, clock)
        self._wire = self
        self._line = Condition()
        self._up = False
        self._gone: ReadError | None = None
        self._followed: dict[Hashable, None] = {}
        self._listener: Thread | None = None

    # From any thread

    def latest(self, request: Hashable) -> Answer:
        """See Link; while the line is down that is the error, and the value what was heard before."""
        answer = self._answers.get(request) or Answer()
        gone = self._gone
        return answer if gone is None else replace(answer, error=gone)

    def report(self) -> dict[str, object]:
        """As every link's; ``lost`` while the line is down."""
        gone = self._gone
        state = {"state": "lost", "error": str(gone)} if gone is not None else {}
        return {**super().report(), **state}

    def close(self) -> None:
        """See WorkLink."""
        super().close()
        self._hang_up()
        with self._line:
            self._line.notify_all()

    # On the worker

    def connected(self) -> None:
        """Wait for a line that is just being opened. Raises ReadError where there is none: nothing is sent later."""
        self._begin()
        with self._line:
            self._line.wait_for(lambda: self._up or self._gone is not None or self._closing.is_set(), CONNECT_S)
            if not self._up:
                raise (self._gone or ReadError(ErrorKind.CONNECTION, f"{self.name}: no connection yet")).again()

    def renew(self, request: Request) -> None:
        """What came last is the newest there is."""

    def _is_due(self, request: Request, max_age_s: float, now_s: float) -> bool:
        return request not in self._followed

    def _fetch(self, due: list[Request]) -> Iterator[None]:
        if not due:
            return
        self._follow(due)
        self._begin()
        until_s = self._clock.wire_s() + FIRST_S
        while self._clock.wire_s() < until_s and self._gone is None and not self._closing.is_set():
            if all(request in self._answers for request in due):
                return
            with self._line:
                self._line.wait(0.05)
            yield

    def _begin(self) -> None:
        if self._listener is None and not self._closing.is_set():
            self._listener = Thread(target=self._listen, name=f"listener {self.name}", daemon=True)
            self._listener.start()

    def _follow(self, requests: list[Request]) -> None:
        """From now on these are kept; on a line that is up they are asked for at once."""
        self._followed |= dict.fromkeys(requests)

    # On the listener's thread

    def _session(self, up: Callable[[], None]) -> None:
        """Connect, tell ``up``, and listen until the line is cut or ``close``; raises ReadError."""
        raise NotImplementedError

    def _hang_up(self) -> None:
        """End a session under way, from any thread."""

    def _listen(self) -> None:
        patience = PATIENCE
        while not self._closing.is_set():
            began_s = self._clock.wire_s()
            try:
                self._session(self._is_up)
                error = ReadError(ErrorKind.CONNECTION, f"{self.name} closed the connection")
            except ReadError as problem:
                error = problem
            except Exception as problem:  # why: a fault of a library must not end the listening for good
                log.exception("%s: the connection failed in an unforeseen way", self.name)
                error = ReadError(ErrorKind.CONNECTION, f"{self.name}: {problem!r}")
            if self._closing.is_set():
                return
            lasted = self._up and self._clock.wire_s() - began_s > PATIENCE.longest_s
            patience = (PATIENCE if lasted else patience).failed(self._clock.wire_s())
            self._is_down(error)
            with self._line:
                self._line.wait_for(self._closing.is_set, patience.until_s - self._clock.wire_s())

    def _is_up(self) -> None:
        with self._line:
            again, self._gone, self._up = self._gone is not None, None, True
            self._line.notify_all()
        if again:
            log.info("%s is connected again.", self.name)

    def _is_down(self, error: ReadError) -> None:
        with self._line:
            news, self._gone, self._up = self._gone is None, ReadError(error.kind, str(error)), False
            self._line.notify_all()
        self.counted.error(error.kind)
        if news:
            log.warning("%s Trying again every %g s; everything else runs on.", error.sentence, PATIENCE.longest_s)

    def _heard(self, news: Mapping[Any, Any]) -> None:
        """Keep what came just now."""
        now_s = self._clock.monotonic_s()
        for request, value in news.items():
            self._keep(request, value, now_s)
        with self._line:
            self._line.notify_all()
