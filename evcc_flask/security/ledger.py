"""The stored rows of who may come in: read again now and then, because the command line writes them, too."""

import threading
from collections.abc import Mapping
from typing import Any, Protocol

from .brake import Clock

PASSWORD = "adminPassword"
"""evcc's name for it, so that a hash taken over needs no translation."""
KEY = "auth.key"
SESSIONS = "auth.sessions"
API_KEYS = "auth.keys"

REREAD_S = 2.0
"""After so long a change by the command line counts."""
DISK_S = 2.0
"""So long is waited for the disk; what is not on it by then counts in memory, and is tried again."""


class Receipt(Protocol):
    def wait(self, timeout_s: float) -> str | None: ...


class Keeper(Protocol):
    """The database, as far as it is needed here."""

    def settings(self) -> dict[str, Any]: ...

    def save(self, values: Mapping[str, Any]) -> Any:
        """Queue; the answer is a Receipt."""
        ...


class Ledger:
    """Rows by key. Whoever writes what he has read before must see to it that nobody else does so meanwhile."""

    def __init__(self, keeper: Keeper, clock: Clock) -> None:
        self._keeper = keeper
        self._clock = clock
        self._lock = threading.Lock()
        self._rows: Mapping[str, Any] = keeper.settings()
        self._read_s = clock.monotonic_s()
        self._receipt: Receipt | None = None

    def rows(self) -> Mapping[str, Any]:
        """At most two seconds old."""
        return self._rows if self._clock.monotonic_s() - self._read_s < REREAD_S else self.fresh()

    def fresh(self) -> Mapping[str, Any]:
        """As they are on disk; or in memory, while the disk does not take them."""
        with self._lock:
            if self._receipt is None or self._receipt.wait(0.0) is None:
                self._rows = self._keeper.settings()
                self._read_s = self._clock.monotonic_s()
            return self._rows

    def write(self, values: Mapping[str, Any]) -> str | None:
        """In force at once; None when it is on disk, else what went wrong."""
        with self._lock:
            receipt: Receipt = self._keeper.save(values)
            self._rows = {**self._rows, **values}
            self._receipt = receipt
        return receipt.wait(DISK_S)
