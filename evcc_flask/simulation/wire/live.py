"""The one house behind all servers: moved to the present before every look, one look at a time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from evcc_flask.simulation.house import House


class LiveHouse:
    """A house that lives by a clock. ``clock`` gives the house's wall time."""

    def __init__(self, house: House, clock: Callable[[], datetime]) -> None:
        self._house = house
        self._clock = clock
        self._lock = threading.Lock()

    @contextmanager
    def now(self) -> Iterator[House]:
        """The house as it is now; nobody else sees or changes it inside the ``with``."""
        with self._lock:
            self._house.step(self._clock())
            yield self._house
