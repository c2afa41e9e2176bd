"""Charging from the sun: how much it gives, when to begin and end, and on how many phases.

One timer waits for one thing at a time. A deficit on three phases that one phase would cure is no reason to stop:
while the switch may still come, only what one phase would lack counts.
"""

from dataclasses import dataclass

from . import budget, phases, timers
from .figures import MINIMUM_BOOST_W
from .limits import limits_a
from .memory import ELAPSED, Timer, TimerKind
from .point import Point
from .reasons import Code, Reason, because
from .settings import Threshold
from .target import Target, kept_if_elapsed, offer, stop
from .words import Feature, Mode


@dataclass(frozen=True, slots=True)
class Sun:
    """What the house gives this loadpoint. ``site_w`` as it sees it, boost included; flags of the home battery.

    ``battery_first``: the battery is below its mark, and has the enable delay to take the sun before a car does.
    ``held_s``: the age of the grid's value where it is too old to begin or raise a charge on, else 0.
    """

    site_w: float
    start: bool
    buffered: bool
    boosted: bool
    battery_first: bool
    higher_first: bool
    held_s: float = 0.0

    def available_w(self, p: Point) -> float:
        """What this loadpoint may draw so that the site power becomes zero."""
        return p.share_w - self.site_w


def solar(p: Point, sun: Sun | None, why_not: Reason | None) -> Target:
    """Modes pv and minpv. Without any idea of the surplus there is none."""
    if sun is None:
        reasons = (why_not,) if why_not is not None else ()
        if p.mode is Mode.MINPV:
            return _at_minimum(p, None, *reasons)
        return stop(p, *reasons)
    if p.enabled:
        return _going(p, sun)
    return _resting(p, sun)


def _at_minimum(p: Point, timer: Timer | None, *reasons: Reason) -> Target:
    return Target(p.min_a, (*reasons, because(Code.MINIMUM_CURRENT, current_a=p.min_a)), timer)


def _current_a(p: Point, sun: Sun, active: int) -> float:
    return max(0.0, sun.available_w(p)) / (p.voltage_v * active)


def _going(p: Point, sun: Sun) -> Target:
    """The box is on: follow the sun, switch phases when one count no longer fits, end a lasting deficit."""
    active = p.phases_active
    switched = _down(p, sun, active) or _up(p, sun)
    if switched is not None:
        return switched
    target_a = _current_a(p, sun, active)
    timer = kept_if_elapsed(p.timer)
    if target_a >= p.min_a:
        return _held(p, sun, Target(min(target_a, p.max_a), (_from_sun(p, sun, target_a),), None))
    if p.mode is Mode.MINPV:
        return _at_minimum(p, timer)
    if sun.start or sun.boosted or (sun.buffered and p.charging):
        return Target(p.min_a, (_battery_helps(p, sun),), timer)
    if p.vehicle is not None and p.vehicle.climater:
        return offer(p, p.min_a, because(Code.CLIMATER))
    return _deficit(p, sun, active)


def _held(p: Point, sun: Sun, target: Target) -> Target:
    """A charge goes on with an old value of the grid, but takes no more because of it."""
    if not sun.held_s or target.current_a <= p.offered_a:
        return target
    current_a = min(target.current_a, max(p.min_a, p.offered_a))
    return Target(current_a, (*target.reasons, _waits_for_grid(sun)), target.timer, remaining_s=target.remaining_s)


def _waits_for_grid(sun: Sun) -> Reason:
    return because(Code.WAITS_FOR_GRID, held_s=round(sun.held_s))


def _deficit(p: Point, sun: Sun, active: int) -> Target:
    """Less than the minimum: wait for the disable delay at the minimum, then stop."""
    missing_w = _at_least_w(p, sun, active) - _relief_w(p, active)
    if missing_w < p.settings.disable.power_w:
        code = Code.PHASES_SETTLE if _relief_w(p, active) > 0 and sun.site_w > 0 else Code.MINIMUM_CURRENT
        return Target(p.min_a, (because(code, current_a=p.min_a, missing_w=round(sun.site_w)),), None)
    timer = timers.run(p.timer, TimerKind.DISABLE, p.now_s)
    left_s = timers.remaining_s(timer, p.settings.disable.delay_s, p.now_s)
    if left_s > 0:
        reason = because(Code.STOPS_SOON, remaining_s=round(left_s), missing_w=round(missing_w))
        return Target(p.min_a, (reason,), timer, remaining_s=left_s)
    return Target(0.0, (_needs(p, sun, active),), None)


def _at_least_w(p: Point, sun: Sun, active: int) -> float:
    """The site power once this loadpoint has gone down to its minimum."""
    return sun.site_w - max(0.0, p.share_w - p.voltage_v * p.min_a * active)


def _relief_w(p: Point, active: int) -> float:
    """What a switch to one phase, due or still to come, would save at the minimum current."""
    auto = p.switchable and phases.configured(p) == 0 and budget.phase_wait_s(p) <= 0
    return p.voltage_v * p.min_a * (active - 1) if auto and active > 1 else 0.0


def _down(p: Point, sun: Sun, active: int) -> Target | None:
    """Three phases are too many: to one phase after the disable delay; to none if that would be too much as well.

    The switch is made at the minimum: should the box refuse it, that is still the least it can do.
    """
    if active <= 1 or sun.site_w <= 0 or not phases.may_switch(p) or budget.phase_wait_s(p) > 0:
        return None
    available_w = p.power_w + p.pending_w - sun.site_w
    if available_w >= p.voltage_v * active * p.min_a:
        return None
    covered = _at_least_w(p, sun, active) - _relief_w(p, active) < p.settings.disable.power_w
    helped = p.mode is Mode.MINPV or sun.start or sun.boosted or sun.buffered
    stays = covered or helped
    timer = timers.run(p.timer, TimerKind.SCALE_1P if stays else TimerKind.DISABLE, p.now_s)
    left_s = timers.remaining_s(timer, p.settings.disable.delay_s, p.now_s)
    if left_s > 0:
        code = Code.ONE_PHASE_SOON if stays else Code.STOPS_SOON
        reason = because(code, remaining_s=round(left_s), available_w=round(available_w))
        return Target(p.min_a, (reason,), timer, remaining_s=left_s)
    if not stays:
        return Target(0.0, (_needs(p, sun, 1),), None)
    reason = because(Code.SWITCHES_PHASES, phases=1, available_w=round(available_w))
    return Target(limits_a(p, 1)[0], (reason,), None, phases=1)


def _up(p: Point, sun: Sun) -> Target | None:
    """One phase is exhausted, and three would be filled: to three after the enable delay."""
    most = p.max_phases_active
    if most <= 1 or (p.box.phases or 3) >= most or not phases.may_switch(p) or budget.phase_wait_s(p) > 0:
        return None
    low_a, high_a = limits_a(p, 3)
    available_w = p.power_w + p.pending_w - sun.site_w
    if not _three_fit(p, available_w, most, low_a):
        return None
    timer = timers.run(p.timer, TimerKind.SCALE_3P, p.now_s)
    left_s = timers.remaining_s(timer, p.settings.enable.delay_s, p.now_s)
    if left_s > 0:
        reason = because(Code.THREE_PHASES_SOON, remaining_s=round(left_s), available_w=round(available_w))
        current_a = min(max(p.min_a, _current_a(p, sun, p.phases_active)), p.max_a)
        return _held(p, sun, Target(current_a, (reason,), timer, remaining_s=left_s))
    if sun.held_s:
        return Target(max(p.min_a, p.offered_a), (_waits_for_grid(sun),), timer)
    current_a = min(max(low_a, _current_a(p, sun, most)), high_a)
    return Target(current_a, (because(Code.SWITCHES_PHASES, phases=3, available_w=round(available_w)),), None, phases=3)


def _three_fit(p: Point, available_w: float, active: int, low_a: float) -> bool:
    one_phase_max_a = limits_a(p, 1)[1]
    return available_w / p.voltage_v > one_phase_max_a and available_w >= p.voltage_v * active * low_a


def _resting(p: Point, sun: Sun) -> Target:
    """The box is off: begin at the minimum once the surplus has lasted; phases are switched with the start."""
    count = _starting_phases(p, sun)
    active = p.phases_with(count)
    low_a, _ = limits_a(p, active)
    switch = count if count is not None and count != p.box.phases else None
    target_a = _current_a(p, sun, active)
    if p.mode is Mode.MINPV:
        timer = kept_if_elapsed(p.timer)
        if target_a < low_a or sun.held_s:
            return Target(low_a, (because(Code.MINIMUM_CURRENT, current_a=low_a),), timer, phases=switch)
        current_a = min(target_a, limits_a(p, active)[1])
        return Target(current_a, (_from_sun(p, sun, target_a),), None, phases=switch)
    if sun.start or sun.boosted:
        return Target(low_a, (_battery_helps(p, sun),), kept_if_elapsed(p.timer), phases=switch)
    enough = _enough(sun, p.settings.enable, target_a, low_a)
    if not enough:
        return Target(0.0, (_needs(p, sun, active),), None)
    waiting = None if sun.battery_first and p.timer is ELAPSED else p.timer
    timer = timers.run(waiting, TimerKind.ENABLE, p.now_s)
    left_s = timers.remaining_s(timer, p.settings.enable.delay_s, p.now_s)
    if left_s > 0:
        reason = because(Code.STARTS_SOON, remaining_s=round(left_s), surplus_w=round(-sun.site_w))
        return Target(0.0, (reason,), timer, remaining_s=left_s)
    if sun.held_s:
        return Target(0.0, (_waits_for_grid(sun),), timer)
    return Target(low_a, (_from_sun(p, sun, target_a),), None, phases=switch)


def _enough(sun: Sun, enable: Threshold, target_a: float, low_a: float) -> bool:
    return target_a >= low_a if enable.power_w == 0 else sun.site_w <= enable.power_w


def _starting_phases(p: Point, sun: Sun) -> int | None:
    """None: as they are. A first start always says how many, since nobody knows what the box has in mind."""
    if not p.switchable or phases.configured(p) != 0:
        return None
    if p.box.phases is not None and (not phases.may_switch(p) or budget.phase_wait_s(p) > 0):
        return None
    most = p.max_phases_active
    low_a, _ = limits_a(p, 3)
    available_w = sun.available_w(p)
    if p.box.phases == 3:
        return 1 if available_w < p.voltage_v * most * low_a else None
    if most > 1 and not sun.held_s and _three_fit(p, available_w, most, low_a):
        return 3
    return 1 if p.box.phases is None else None


def _from_sun(p: Point, sun: Sun, target_a: float) -> Reason:
    code = Code.BATTERY_BOOST if sun.boosted else Code.CHARGES_FROM_SUN
    return because(code, surplus_w=round(sun.available_w(p)), current_a=round(target_a, 1))


def _battery_helps(p: Point, sun: Sun) -> Reason:
    code = Code.BATTERY_BOOST if sun.boosted else Code.BATTERY_START if sun.start else Code.BATTERY_BUFFER
    return because(code, current_a=p.min_a)


def _needs(p: Point, sun: Sun, active: int) -> Reason:
    """What is missing for a start, and who has it."""
    low_a, _ = limits_a(p, active)
    need_w = p.voltage_v * active * low_a
    have_w = max(0.0, -sun.site_w)
    facts = {"missing_w": round(max(0.0, need_w - have_w)), "need_w": round(need_w)}
    threshold_w = p.settings.enable.power_w
    if threshold_w:
        facts = {"missing_w": round(max(0.0, sun.site_w - threshold_w)), "need_w": round(-threshold_w)}
    if sun.higher_first:
        return because(Code.HIGHER_PRIORITY_FIRST, **facts)
    return because(Code.WAITS_FOR_SUN, **facts)


def boost_w(p: Point, battery_w: float | None, residual_w: float, spare_w: float | None) -> float:
    """How much the home battery is asked to add: what it gives, and a little more each time."""
    battery_w = battery_w or 0.0
    step_w = max(MINIMUM_BOOST_W, abs(residual_w))
    if not p.charger.traits.milliampere or Feature.COARSE_CURRENT in p.features:
        step_w += p.voltage_v * p.phases_active
    if not p.boosting or not p.charging:
        step_w = p.voltage_v * p.max_a * p.max_phases_active
    if spare_w is not None:
        step_w = min(step_w, spare_w)
    return max(0.0, battery_w) + step_w + residual_w
