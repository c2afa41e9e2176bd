"""How well the forecast of the sun has met today: what the roof gave, beside what was foretold for the same time.

Shown, and never reckoned with: whether a car is charged is decided by what the sun does, not by what it should.
"""

from dataclasses import dataclass
from datetime import date, datetime

from evcc_flask.domain.decision import SiteDecision
from evcc_flask.domain.snapshot import Snapshot

LONGEST_S = 300.0
"""House seconds that one cycle may stand for; what lies in a longer gap is not known."""
ENOUGH_WH = 500.0
"""Below it a morning's haze would be taken for the day."""


def produced_w(snapshot: Snapshot, site: SiteDecision) -> float | None:
    """What the whole roof gives now; None while one of its meters is silent."""
    silent = any(pv.meter.power_w is None or pv.meter.error for pv in snapshot.pv)
    return None if silent or not snapshot.pv else site.pv_w


@dataclass(frozen=True, slots=True)
class Yield:
    """Energies of ``day`` in Wh, as far as both were known; ``at_s``: house monotonic seconds of the last count."""

    day: date | None = None
    produced_wh: float = 0.0
    foretold_wh: float = 0.0
    at_s: float | None = None

    def counted(self, wall: datetime | None, now_s: float, pv_w: float | None, foretold_w: float | None) -> "Yield":
        """One cycle more; a new day begins with nothing."""
        if wall is None or pv_w is None or foretold_w is None:
            return Yield(self.day, self.produced_wh, self.foretold_wh)
        before = self if self.day == wall.date() else Yield(wall.date())
        hours = min(now_s - self.at_s, LONGEST_S) / 3600 if self.at_s is not None else 0.0
        return Yield(
            before.day,
            before.produced_wh + max(0.0, pv_w) * hours,
            before.foretold_wh + max(0.0, foretold_w) * hours,
            now_s,
        )

    @property
    def scale(self) -> float | None:
        """By which factor the forecast was wrong; None while too little is known."""
        enough = self.produced_wh > ENOUGH_WH and self.foretold_wh > 0
        return self.produced_wh / self.foretold_wh if enough else None
