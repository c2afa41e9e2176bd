"""What can be believed: NaN, infinite and absurd values are missing values, and so is what was read too long ago."""

from .figures import ABSURD_PRICE, STALE_S
from .memory import Held
from .readings import MeterReading, Phases
from .reasons import Code, Fact, Reason, because
from .snapshot import Rates


def number(value: float | None, limit: float) -> float | None:
    """``value`` if it is a number between -limit and limit, else None. NaN fails every comparison."""
    return value if value is not None and -limit <= value <= limit else None


def phases(values: Phases | None, limit: float) -> Phases | None:
    """Three believable values, or None."""
    if values is None or len(values) != 3:
        return None
    a, b, c = values
    return values if -limit <= a <= limit and -limit <= b <= limit and -limit <= c <= limit else None


def believable(rates: Rates) -> Rates:
    """Prices that are numbers."""
    limit = ABSURD_PRICE
    return Rates(
        number(rates.grid, limit),
        number(rates.feed_in, limit),
        number(rates.co2_g, limit),
        number(rates.planner, limit),
    )


def fresh(at_s: float | None, started_s: float, now_s: float) -> bool:
    """Read in this run, and at most 60 s ago."""
    return at_s is not None and at_s >= started_s and now_s - at_s <= STALE_S


def held(
    value: float | None, at_s: float | None, before: Held | None, limit: float, started_s: float, now_s: float
) -> Held | None:
    """The value as read, or the last believable one while it is young enough."""
    if at_s is not None and at_s >= started_s and value is not None and -limit <= value <= limit:
        before = Held(value, min(at_s, now_s))
    return before if before is not None and now_s - before.at_s <= STALE_S else None


def doubt(reading: MeterReading, known: Held | None, limit: float, now_s: float) -> Reason | None:
    """Why this meter's value is missing or an old one, from the first failed read on; None when all is well."""
    if not reading.error and reading.power_w is not None and number(reading.power_w, limit) is None:
        return because(Code.IMPLAUSIBLE_VALUE, meter=reading.name, value=str(reading.power_w))
    if known is not None and not reading.error:
        return None
    facts: dict[str, Fact] = {"error": reading.error} if reading.error else {}
    if known is not None:
        facts["held_s"] = round(max(0.0, now_s - known.at_s))
    return because(Code.METER_SILENT, meter=reading.name, **facts)
