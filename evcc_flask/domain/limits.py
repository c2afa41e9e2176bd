"""The smallest and the largest current a loadpoint may offer, and who says so. A per phase."""

from . import plausible
from .figures import ABSURD_A
from .point import Point
from .reasons import Code


def limits_a(p: Point, phases: int) -> tuple[float, float]:
    """Effective minimum and maximum on so many phases."""
    s = p.settings
    own_min = s.min_current_1p_a if phases == 1 else s.min_current_3p_a
    own_max = s.max_current_1p_a if phases == 1 else s.max_current_3p_a
    vehicle_min = _positive(p.vehicle.min_current_a) if p.vehicle else None
    charger_min = _positive(p.charger.min_current_a)
    low = charger_min if charger_min is not None else s.min_current_a
    low = max(low, vehicle_min or 0.0, own_min or 0.0)
    high = min(each for each, _ in _maxima(p, own_max))
    return low, high


def who_limits(p: Point, phases: int) -> Code:
    """Whose limit the effective maximum is."""
    own_max = p.settings.max_current_1p_a if phases == 1 else p.settings.max_current_3p_a
    return min(_maxima(p, own_max), key=lambda each: each[0])[1]


def _maxima(p: Point, own_max: float | None) -> list[tuple[float, Code]]:
    found = [(p.settings.max_current_a if own_max is None else own_max, Code.LIMITED_BY_LOADPOINT)]
    vehicle_max = _positive(p.vehicle.max_current_a) if p.vehicle else None
    charger_max = _positive(p.charger.max_current_a)
    if vehicle_max is not None:
        found.append((vehicle_max, Code.LIMITED_BY_VEHICLE))
    if charger_max is not None:
        found.append((charger_max, Code.LIMITED_BY_CHARGER))
    return found


def _positive(value: float | None) -> float | None:
    number = plausible.number(value, ABSURD_A)
    return number if number is not None and number > 0 else None
