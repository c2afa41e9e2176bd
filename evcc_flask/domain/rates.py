"""What something costs, emits or yields, and when."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Rate:
    """From ``start`` until just before ``end`` (aware): currency per kWh, g/kWh, or W of a forecast; negative, too."""

    start: datetime
    end: datetime
    value: float
