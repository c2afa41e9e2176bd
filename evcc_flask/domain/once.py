"""Fast, just this once: a person's wish that charges at full speed in any mode and ends by itself; the mode stays."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from .figures import EFFICIENCY

KWH_PER_100_KM = 18.0
"""Where the car does not tell its range: what a middle-sized car takes from its battery."""
LEAST, MOST = 8.0, 60.0
"""What a car can be thought to take for 100 km."""

AMOUNT = r"([1-9][0-9]{0,3}(?:\.[0-9]{1,2})?)(kwh|km|h|min)"
WORDS = rf"full|unplugged|{AMOUNT}"


class Until(Enum):
    """What ends it, besides the car that leaves and the person that chooses a mode."""

    FULL = "full"
    UNPLUGGED = "unplugged"
    ENERGY = "energy"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class FastOnce:
    """``said``: as the person did, ``20kwh``. ``energy_kwh``: at the plug, from ``from_kwh`` of the session on."""

    said: str
    until: Until
    energy_kwh: float = 0.0
    from_kwh: float = 0.0
    ends: datetime | None = None

    def remaining_kwh(self, session_kwh: float) -> float | None:
        """Energy still to come; None where energy does not end it."""
        return max(0.0, self.energy_kwh + self.from_kwh - session_kwh) if self.until is Until.ENERGY else None

    def remaining_s(self, now: datetime | None) -> float | None:
        """Seconds still to come; None where time does not end it, or the clock is not trusted (``now`` None)."""
        return max(0.0, (self.ends - now).total_seconds()) if self.ends is not None and now is not None else None


def fast_once(said: str, session_kwh: float, kwh_per_km: float, now: datetime) -> FastOnce:
    """``full``, ``unplugged``, or an amount: ``20kwh``, ``100km``, ``2h``, ``90min``. Raises ValueError."""
    if said in (Until.FULL.value, Until.UNPLUGGED.value):
        return FastOnce(said, Until(said), from_kwh=session_kwh)
    found = re.fullmatch(AMOUNT, said)
    if found is None:
        raise ValueError(f"{said!r} is none of full, unplugged, 20kwh, 100km, 2h, 90min")
    amount, unit = float(found[1]), found[2]
    if unit in ("kwh", "km"):
        return FastOnce(said, Until.ENERGY, amount if unit == "kwh" else amount * kwh_per_km, session_kwh)
    return FastOnce(said, Until.TIME, ends=now + timedelta(hours=amount if unit == "h" else amount / 60))


def kwh_per_km(capacity_kwh: float | None, soc_percent: float | None, range_km: float | None) -> float:
    """At the plug: as the car itself reckons its range, else as most do."""
    per_100_km = KWH_PER_100_KM
    if capacity_kwh and soc_percent and range_km and range_km > 0:
        per_100_km = min(max(capacity_kwh * soc_percent / range_km, LEAST), MOST)
    return per_100_km / 100 / EFFICIENCY
