"""The last lines of the log, kept in memory so that a person can read them without a shell."""

import threading
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass

SIZE = 10_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line as printed, ``said`` the message alone; ``level`` is Python logging's number, higher is worse."""

    area: str
    level: int
    text: str
    said: str = ""


class Ring:
    """The last ``size`` lines; safe from any thread."""

    def __init__(self, size: int = SIZE) -> None:
        self._lines: deque[Line] = deque(maxlen=size)
        self._lock = threading.Lock()
        self._followers: tuple[Callable[[Line], None], ...] = ()

    def append(self, line: Line) -> None:
        with self._lock:
            self._lines.append(line)
        for follower in self._followers:
            follower(line)

    def follow(self, follower: Callable[[Line], None]) -> None:
        """``follower`` is handed each further line, on the thread that logs; it must return at once and log nothing."""
        with self._lock:
            self._followers = (*self._followers, follower)

    def lines(self, level: int, areas: Collection[str] = (), count: int | None = None) -> list[str]:
        """Texts of at least ``level``, oldest first; of ``areas`` only where any are given; the last ``count``."""
        with self._lock:
            kept = list(self._lines)
        found = [line.text for line in kept if line.level >= level and (not areas or line.area in areas)]
        return found if count is None else found[max(0, len(found) - count) :]

    def areas(self) -> list[str]:
        """The areas that have spoken, sorted."""
        with self._lock:
            return sorted({line.area for line in self._lines})
