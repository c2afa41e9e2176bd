"""Slows down who guesses passwords: five wrong tries a minute from one address, thirty from all together.

A refused try is not counted, so that nobody can prolong the wait of another one; addresses from which the owner has
logged in before are not held up by what others do.
"""

import ipaddress
import math
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

WINDOW_S = 60.0
PER_ADDRESS = 5
ALTOGETHER = 30
MOST_KNOWN = 16
"""Addresses of former logins that are remembered."""

TRIES = "auth.tries"
KNOWN = "auth.addresses"


class Clock(Protocol):
    def monotonic_s(self) -> float: ...

    def now(self) -> datetime: ...


class Braked(Exception):
    """Too many wrong tries; nothing was checked."""

    def __init__(self, wait_s: float) -> None:
        self.retry_after_s = max(1, math.ceil(wait_s))
        super().__init__(f"Too many wrong passwords. Try again in {self.retry_after_s} s.")


class Brake:
    """Counts wrong tries by address. Safe from any thread."""

    def __init__(self, rows: Mapping[str, Any], clock: Clock, save: Callable[[Mapping[str, Any]], object]) -> None:
        """``rows``: what was saved before; ``save`` keeps it over a restart."""
        self._clock = clock
        self._save = save
        self._lock = threading.Lock()
        self._tries = _remembered(rows.get(TRIES), clock)
        known = rows.get(KNOWN)
        self._known = tuple(map(str, known)) if isinstance(known, list) else ()

    def checked(self, address: str, check: Callable[[], bool]) -> bool:
        """What ``check`` says, counted when it is wrong. Raises Braked instead of asking it."""
        place = network(address)
        stamp = self._reserved(place)
        if check():
            self._right(place, stamp)
            return True
        with self._lock:
            saved = {TRIES: self._spelled()}
        self._save(saved)
        return False

    def _reserved(self, place: str) -> float:
        """Counted before it is checked, so that tries at the same time count, too."""
        now = self._clock.monotonic_s()
        with self._lock:
            self._tries = {
                each: fresh
                for each, stamps in self._tries.items()
                if (fresh := [stamp for stamp in stamps if now - stamp < WINDOW_S])
            }
            mine = self._tries.get(place, [])
            if len(mine) >= PER_ADDRESS:
                raise Braked(mine[-PER_ADDRESS] + WINDOW_S - now)
            everybody = sorted(stamp for stamps in self._tries.values() for stamp in stamps)
            if len(everybody) >= ALTOGETHER and place not in self._known:
                raise Braked(everybody[-ALTOGETHER] + WINDOW_S - now)
            self._tries[place] = [*mine, now]
        return now

    def _right(self, place: str, stamp: float) -> None:
        with self._lock:
            left = list(self._tries.get(place, ()))
            if stamp in left:
                left.remove(stamp)
            self._tries[place] = left
            if place in self._known:
                return
            self._known = (*self._known, place)[-MOST_KNOWN:]
            saved = {KNOWN: list(self._known)}
        self._save(saved)

    def _spelled(self) -> dict[str, list[float]]:
        """In wall time, which goes on when the machine is off."""
        wall, now = self._clock.now().timestamp(), self._clock.monotonic_s()
        return {place: [round(wall - (now - stamp), 1) for stamp in stamps] for place, stamps in self._tries.items()}


def network(address: str) -> str:
    """Whom an address belongs to: itself, or the /64 that one household has of IPv6."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _remembered(saved: Any, clock: Clock) -> dict[str, list[float]]:
    """A clock that was set in between neither frees anybody nor holds him longer than a minute."""
    if not isinstance(saved, dict):
        return {}
    wall, now = clock.now().timestamp(), clock.monotonic_s()
    return {
        str(place): [now - max(0.0, wall - stamp) for stamp in stamps if isinstance(stamp, (int, float))]
        for place, stamps in saved.items()
        if isinstance(stamps, list)
    }
