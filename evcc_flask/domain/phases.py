"""How many phases: what is configured, what is measured, and when it may change."""

import math
from dataclasses import replace

from .figures import ACTIVE_A, LIVE_V, OVERDRAW_SHARE, REACTION_S, SETTLE_S, UNKNOWN_PHASES
from .point import Point
from .reasons import Code, because


def configured(p: Point) -> int:
    """0 = we choose; only a box that switches can be left to us."""
    wanted = p.settings.phases if p.settings.phases in (1, 3) else 0
    physical = p.physical or UNKNOWN_PHASES
    if p.switchable:
        return min(wanted, physical)
    return min(wanted or UNKNOWN_PHASES, physical)


def measure(p: Point) -> None:
    """Learn from live voltages and from currents which phases the box and the car use."""
    if not p.switchable:
        _fix(p)
    _look(p)
    if p.measured_phases is not None and p.measured_phases > p.told_phases:
        p.note(because(Code.MORE_PHASES, phases=p.measured_phases, told_phases=p.told_phases))


def _look(p: Point) -> None:
    if p.currents_a is None or not p.charging or p.since(p.box.phases_s) <= SETTLE_S:
        return
    seen = sum(current > ACTIVE_A for current in p.currents_a)
    if not seen:
        return
    if p.switchable and p.box.phases is not None and seen > p.box.phases:
        _more_than_told(p, seen)
        return
    p.measured_phases = seen


def by_power(p: Point) -> None:
    """Without ampere meters: more power than the phases could carry at the current told shows that there are more.

    A current that somebody else raised looks alike, so the box is told its own once more.
    """
    told_a = max(p.charger.offered_a or 0.0, p.box.told_a or 0.0)
    followed = p.box.changed_s is None or (p.power is not None and p.power.at_s > p.box.changed_s + REACTION_S)
    if not p.fresh or p.currents_a is not None or p.power is None or not p.charging or not p.enabled or not followed:
        return
    if not math.isfinite(told_a) or told_a < ACTIVE_A or p.since(p.box.phases_s) <= SETTLE_S:
        return
    seen = min(UNKNOWN_PHASES, math.ceil(p.power_w / (p.voltage_v * told_a * OVERDRAW_SHARE)))
    if seen <= p.phases_active:
        return
    p.learn(resend=p.box.told_a is not None)
    if p.switchable and p.box.phases is not None and seen > p.box.phases:
        _more_than_told(p, seen)
    else:
        p.measured_phases = seen


def _fix(p: Point) -> None:
    phases = configured(p)
    volts = p.charger.voltages_v
    if p.fresh and volts is not None and any(volt >= LIVE_V for volt in volts):
        only_first = volts[0] >= LIVE_V and not any(volt >= LIVE_V for volt in volts[1:])
        phases = min(phases, 1 if only_first else UNKNOWN_PHASES)
    if p.box.phases != phases:
        p.box = replace(p.box, phases=phases)


def _more_than_told(p: Point, seen: int) -> None:
    """The box charges on more phases than it was switched to: believe the ampere meters, two count as three."""
    p.measured_phases = None
    p.note(because(Code.OUT_OF_SYNC, phases=seen, told_phases=p.box.phases or 0))
    p.learn(phases=3, previous_phases=3)


def may_switch(p: Point) -> bool:
    """We choose the phases here, and the last switch has settled."""
    return p.switchable and configured(p) == 0 and p.since(p.box.phases_s) > SETTLE_S
