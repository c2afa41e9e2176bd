"""A point in time as the core sees it: one count that never jumps, and the wall clock where it can be trusted.

A Raspberry Pi has no clock battery: after boot, NTP moves the wall clock by years. So every duration is a difference
of ``s``, and ``wall`` is ``None`` until the clock is known to be right.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """``s``: monotonic seconds, any origin. ``wall``: aware local time, or None while the clock is not trusted."""

    s: float
    wall: datetime | None = None

    def since(self, earlier_s: float) -> float:
        """Seconds since ``earlier_s``, never negative."""
        return max(0.0, self.s - earlier_s)
