"""The only reader of clocks. Everybody else is handed a Clock, or a Moment as a value."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from evcc_flask.domain.moment import Moment

SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd creates this file once it has set the clock."""


class SystemClock:
    """Real time. Wall time is trusted when it is later than the last time that was stored, or NTP said so."""

    def __init__(self) -> None:
        self._later_than: datetime | None = None

    def monotonic_s(self) -> float:
        return time.monotonic()

    def wire_s(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now().astimezone()

    def real_s(self, house_s: float) -> float:
        return house_s

    def trust_after(self, stored: datetime | None) -> None:
        """The clock is believed once it shows a time after ``stored`` (the newest time in the database)."""
        self._later_than = stored

    def trusted(self) -> bool:
        return SYNCHRONISED.exists() or self._later_than is None or self.now() > self._later_than

    def moment(self) -> Moment:
        """Now, as the core takes it."""
        return Moment(self.monotonic_s(), self.now() if self.trusted() else None)


@dataclass(frozen=True, slots=True)
class DemoClock:
    """House time: ``epoch`` when the machine's monotonic clock shows ``origin_s``, then ``speed`` times as fast.

    The house and the controller are two processes; both are given the same three figures.
    """

    origin_s: float
    epoch: datetime
    speed: float = 1.0

    def monotonic_s(self) -> float:
        return (time.monotonic() - self.origin_s) * self.speed

    def wire_s(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return (self.epoch.astimezone(UTC) + timedelta(seconds=self.monotonic_s())).astimezone(self.epoch.tzinfo)

    def real_s(self, house_s: float) -> float:
        return house_s / self.speed

    def trust_after(self, stored: datetime | None) -> None:
        """A demo believes its own clock."""

    def trusted(self) -> bool:
        return True

    def moment(self) -> Moment:
        """Now, as the core takes it."""
        return Moment(self.monotonic_s(), self.now())

    def spelled(self) -> str:
        """How it is handed to another process, read back by :func:`parse_demo_clock`."""
        return f"{self.origin_s!r};{self.epoch.isoformat()};{self.speed!r}"


def parse_demo_clock(text: str) -> DemoClock:
    """The inverse of ``DemoClock.spelled``. Raises ValueError."""
    origin, epoch, speed = text.split(";")
    return DemoClock(float(origin), datetime.fromisoformat(epoch), float(speed))
