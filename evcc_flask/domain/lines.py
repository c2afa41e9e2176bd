"""A loadpoint on the house's phases: which ones it loads, and with how many ampere."""

from .point import Point


def used(p: Point, phases: int) -> tuple[int, ...]:
    """House phases that the loadpoint loads: those that are seen to carry current, else the first ones of its order."""
    order = p.settings.phase_order
    if p.currents_a is not None and p.measured_phases is not None and phases == p.measured_phases:
        seen = tuple(order[own] for own in range(3) if p.currents_a[own] > 1.0)
        if len(seen) == phases:
            return seen
    return order[:phases]


def drawn_a(p: Point) -> tuple[float, float, float]:
    """Measured currents by house phase; from the power where only that is known."""
    found = [0.0, 0.0, 0.0]
    if p.currents_a is not None:
        for own, phase in enumerate(p.settings.phase_order):
            found[phase] += p.currents_a[own]
    elif p.power_w > 0:
        phases = p.phases_active
        for phase in p.settings.phase_order[:phases]:
            found[phase] += p.power_w / (p.voltage_v * phases)
    return found[0], found[1], found[2]


def house_a(p: Point) -> tuple[float, float, float]:
    """Currents that count for the circuits: as drawn, or as offered while the car may still rise to that."""
    drawn = drawn_a(p)
    if not p.in_transit or not p.enabled or not p.connected:
        return drawn
    return larger(drawn, spread(p.offered_a, used(p, p.phases_active)))


def spread(current_a: float, over: tuple[int, ...]) -> tuple[float, float, float]:
    """A on each house phase."""
    a, b, c = (current_a if phase in over else 0.0 for phase in range(3))
    return a, b, c


def larger(one: tuple[float, float, float], other: tuple[float, float, float]) -> tuple[float, float, float]:
    """The larger current on each phase."""
    a, b, c = (max(pair) for pair in zip(one, other, strict=True))
    return a, b, c
