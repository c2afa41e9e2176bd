"""What is written to one device: in order, on the worker of each write's link, and never a stale wish.

A wish that has not begun when a newer one of its kind comes (an older current, an enable before a disable) is dropped:
a link that comes back after a minute must not replay the minute.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from evcc_flask.bus.needs import ErrorKind, Link, ReadError
from evcc_flask.domain.commands import Ending
from evcc_flask.domain.ports import Done


@dataclass(frozen=True, slots=True)
class Errand:
    """``work`` runs on the worker of ``link`` and raises ReadError; ``kind`` says what a newer one replaces."""

    kind: str
    link: Link
    work: Callable[[], None]
    done: Done


class Outbox:
    """The queue of one device. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: deque[Errand] = deque()
        self._busy = False

    def post(self, errand: Errand) -> None:
        """Returns at once."""
        with self._lock:
            replaced = [waiting for waiting in self._waiting if waiting.kind == errand.kind]
            for waiting in replaced:
                self._waiting.remove(waiting)
            self._waiting.append(errand)
            begin, self._busy = not self._busy, True
        for waiting in replaced:
            waiting.done(Ending.OVERTAKEN, "")
        if begin:
            self._next()

    def _next(self) -> None:
        with self._lock:
            if not self._waiting:
                self._busy = False
                return
            errand = self._waiting.popleft()
        errand.link.submit(lambda wire: errand.work(), lambda error: self._ended(errand, error))

    def _ended(self, errand: Errand, error: ReadError | None) -> None:
        # The next one is submitted first: it is then before any read on the same link.
        self._next()
        if error is None:
            errand.done(Ending.TAKEN, "")
        elif error.kind is ErrorKind.NOT_AVAILABLE:
            errand.done(Ending.UNAVAILABLE, str(error))
        else:
            errand.done(Ending.FAILED, str(error))
