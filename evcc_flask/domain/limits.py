"""The smallest and the largest current a loadpoint may offer, and who says so. A per phase."""

from . import plausible
from .figures import ABSURD_A, SMALLEST_A
from .point import Point
from .reasons import Code


def limits_a(p: Point, phases: int) -> tuple[float, float]:
    """Effective minimum and maximum on so many phases. Nothing is charged where the minimum is above the maximum."""
    s = p.settings
    own_min, own_max = _own(p, phases)
    vehicle_min = _positive(p.vehicle.min_current_a) if p.vehicle else None
    charger_min = _positive(p.charger.min_current_a)
    high = min(each for each, _ in _maxima(p, own_max))
    low = charger_min if charger_min is not None else s.min_current_a
    # A box stays at what it has when it is told less than it can give: below its least there is but the stop.
    return max(low, vehicle_min or 0.0, min(own_min, high), p.charger.traits.least_a, SMALLEST_A), high


def who_limits(p: Point, phases: int) -> Code:
    """Whose limit the effective maximum is."""
    return min(_maxima(p, _own(p, phases)[1]), key=lambda each: each[0])[1]


def _own(p: Point, phases: int) -> tuple[float, float | None]:
    """Bounds for this count of phases alone."""
    s = p.settings
    if phases == 1:
        return s.min_current_1p_a or 0.0, s.max_current_1p_a
    return s.min_current_3p_a or 0.0, s.max_current_3p_a


def _maxima(p: Point, own_max: float | None) -> list[tuple[float, Code]]:
    wished = p.settings.max_current_a
    found = [(wished if own_max is None else min(own_max, wished), Code.LIMITED_BY_LOADPOINT)]
    vehicle_max = _positive(p.vehicle.max_current_a) if p.vehicle else None
    charger_max = _positive(p.charger.max_current_a)
    if vehicle_max is not None:
        found.append((vehicle_max, Code.LIMITED_BY_VEHICLE))
    if charger_max is not None:
        found.append((charger_max, Code.LIMITED_BY_CHARGER))
    if p.charger.traits.most_a is not None:
        found.append((p.charger.traits.most_a, Code.LIMITED_BY_CHARGER))
    return found


def _positive(value: float | None) -> float | None:
    number = plausible.number(value, ABSURD_A)
    return number if number is not None and number > 0 else None
