"""Who comes first, and what those behind could give up."""

from collections.abc import Sequence

from . import rules
from .point import Point
from .snapshot import Rates
from .words import Feature, Mode


def in_order(points: Sequence[Point]) -> list[Point]:
    """Highest priority first; equals in the order of the configuration."""
    return sorted(points, key=lambda p: -p.priority)


def releasable_w(p: Point, rates: Rates) -> float:
    """Charge power in W that a loadpoint would give up for one of higher priority."""
    if not p.charging or p.hurries or p.off or rules.minimum_soc_unmet(p):
        return 0.0
    planned = p.settings.plan
    if rules.smart_cost_active(p, rates) or (planned is not None and planned.active):
        return 0.0
    power_w = max(0.0, p.power_w + p.pending_w)
    if p.mode is Mode.PV:
        return power_w
    if Feature.SWITCH_DEVICE in p.features or Feature.CONTINUOUS in p.features:
        return 0.0
    return max(0.0, power_w - p.min_a * p.phases_active * p.voltage_v)


def flexible_w(p: Point, points: Sequence[Point], rates: Rates) -> float:
    """What a loadpoint in mode pv may count on, because lower priorities would give it up."""
    if p.mode is not Mode.PV:
        return 0.0
    return sum(releasable_w(other, rates) for other in points if other.priority < p.priority)
