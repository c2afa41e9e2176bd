"""Equal GETs share one answer, across devices: a gateway with five meters is asked once a cycle, not five times."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock

from evcc_flask.bus.needs import ReadError
from evcc_flask.domain.ports import Clock

SHORTEST_S = 0.4
"""Real seconds; equal calls of one cycle fall into it."""


@dataclass
class _Shelf:
    """``at_s`` is house time for the asked age; ``wire_s`` real time for the share within a cycle."""

    lock: Lock = field(default_factory=Lock)
    at_s: float = float("-inf")
    wire_s: float = float("-inf")
    body: bytes = b""
    error: ReadError | None = None


class Answers:
    """Safe from all workers. Only one of them asks, the others wait for its answer; errors are shared, too."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._shelves: dict[Hashable, tuple[str, _Shelf]] = {}

    def get(self, key: Hashable, place: str, cache_s: float, fetch: Callable[[], bytes]) -> bytes:
        """The shared answer if it is younger than ``cache_s`` house seconds or 0.4 s, else what ``fetch`` brings."""
        with self._lock:
            shelf = self._shelves.setdefault(key, (place, _Shelf()))[1]
        with shelf.lock:
            fresh = self._clock.wire_s() - shelf.wire_s < SHORTEST_S
            if not fresh and (shelf.error or self._clock.monotonic_s() - shelf.at_s >= cache_s):
                shelf.error = None
                try:
                    shelf.body = fetch()
                except ReadError as error:
                    shelf.error = error.again()
                shelf.at_s, shelf.wire_s = self._clock.monotonic_s(), self._clock.wire_s()
            if shelf.error is not None:
                raise shelf.error.again()
            return shelf.body

    def forget(self, place: str) -> None:
        """After a write to ``place`` (host and port): what it answered before counts no more."""
        with self._lock:
            gone = [key for key, (where, _) in self._shelves.items() if where == place]
            for key in gone:
                del self._shelves[key]
