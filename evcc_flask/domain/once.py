"""Fast, just this once: a person's wish that charges at full speed in any mode and ends by itself; the mode stays."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

KWH_PER_100_KM = 18.0
"""Where the car does not tell its range: what a middle-sized car takes from its battery."""
LARGEST = 1e5

_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?)(kwh|km|h|min)")


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
    """``full``, ``unplugged``, or an amount: ``20kwh``, ``100km``, ``2h``, ``90min``. Raises ValueError.

    ``kwh_per_km``: at the plug.
    """
    if said in (Until.FULL.value, Until.UNPLUGGED.value):
        return FastOnce(said, Until(said), from_kwh=session_kwh)
    found = _AMOUNT.fullmatch(said)
    amount = float(found[1]) if found else 0.0
    if found is None or not 0 < amount <= LARGEST:
        raise ValueError(f"{said!r} is none of full, unplugged, 20kwh, 100km, 2h, 90min")
    if found[2] in ("kwh", "km"):
        energy_kwh = amount if found[2] == "kwh" else amount * kwh_per_km
        return FastOnce(said, Until.ENERGY, energy_kwh, session_kwh)
    return FastOnce(said, Until.TIME, ends=now + timedelta(hours=amount if found[2] == "h" else amount / 60))
