"""From an opinion to commands: circuits, whole amperes, budgets; the current goes before its enable."""

import math

from . import budget
from .circuits import Circuits, Room
from .commands import ChargerCommand, Disable, Enable, OfferCurrent, SwitchPhases
from .figures import ADOPT_A, PERSISTENT_A, PERSISTENT_S, REPEAT_S, SETTLE_S
from .limits import limits_a, who_limits
from .phases import configured
from .point import Point
from .reasons import Code, Reason, because
from .target import Target
from .words import Feature


def carry_out(p: Point, target: Target, circuits: Circuits) -> tuple[list[ChargerCommand], list[Reason]]:
    """Commands in their order, and what limited the opinion. Afterwards the sheet's box is as it will be."""
    commands: list[ChargerCommand] = []
    limits: list[Reason] = []
    phases = target.phases
    active = p.phases_with(phases)
    low_a, high_a = limits_a(p, active)
    wish_a = min(target.current_a, high_a)
    if target.current_a > 0 and low_a > high_a:
        wish_a = 0.0
    elif target.current_a > 0 and target.current_a >= high_a:
        limits.append(because(who_limits(p, active), limit_a=high_a))
    if wish_a >= low_a:
        wish_a = max(wish_a, _step_up(p, low_a, high_a))
    room = circuits.room(p, active, wish_a)
    one_phase = _one_phase_fits(p, circuits, wish_a, low_a, room, active)
    if one_phase is not None:
        phases, active, room = 1, 1, one_phase
        low_a, high_a = limits_a(p, 1)
        wish_a = min(wish_a, high_a) if p.box.phases == 1 else low_a
    current_a = _step(p, min(wish_a, room.allowed_a))
    # why: it does not go down, and what it draws is too much
    stuck = p.stuck_high and p.enabled and room.circuit is not None and room.allowed_a < p.offered_a
    if target.current_a > 0 and _step(p, wish_a) < low_a:
        most_a = high_a if low_a > high_a else _step(p, wish_a)
        limits.append(because(Code.MINIMUM_ABOVE_MAXIMUM, minimum_a=low_a, maximum_a=most_a))
    elif stuck or (room.circuit is not None and room.allowed_a < wish_a):
        limits.append(room.reason())
    if stuck:
        current_a = 0.0
    if current_a < low_a or not math.isfinite(current_a):
        current_a = 0.0
    if target.hold and current_a >= wish_a:
        circuits.claim(p, active, wish_a, p.offered_a if p.enabled else 0.0)
        return [], limits
    cut = room.allowed_a < wish_a
    if current_a > 0 and not p.enabled:
        wait_s = budget.start_wait_s(p)
        if wait_s > 0:
            limits.append(because(Code.SWITCH_BUDGET, remaining_s=round(wait_s)))
            current_a = 0.0
    before_w, before_box = p.power_w, p.box
    if phases is not None and phases != p.box.phases and (current_a > 0 or configured(p) != 0):
        commands.append(SwitchPhases(p.index, phases))
        p.learn(phases=phases, previous_phases=p.box.phases, phases_s=p.now_s)
        p.measured_phases = None
        if one_phase is not None and not p.enabled:
            # why: three phases would overload the circuit, so nothing flows before the box has switched
            limits.append(because(Code.SWITCHES_PHASES, phases=1))
            current_a = 0.0
    if current_a > 0:
        commands += _offer(p, current_a, limits, cut=cut)
        if not p.enabled:
            commands.append(Enable(p.index))
            p.learn(enabled=True, enabled_s=p.now_s, stops=0)
    elif p.box.enabled is not False or p.unasked:
        commands.append(Disable(p.index))
        p.learn(enabled=False, enabled_s=p.now_s, stops=p.box.stops + 1, rested=False, recalled=False)
    if p.box is not before_box:
        p.learn(changed_s=p.now_s, before_w=before_w)
    possible_a = wish_a if room.possible_a >= low_a else 0.0
    circuits.claim(p, active, min(wish_a, max(0.0, possible_a)), p.offered_a if p.enabled else 0.0)
    return commands, limits


def _one_phase_fits(p: Point, circuits: Circuits, wish_a: float, low_a: float, room: Room, active: int) -> Room | None:
    """Three phases at the minimum are too much for a circuit, one is not."""
    if wish_a < low_a or room.allowed_a >= low_a or active <= 1 or not p.switchable or configured(p) != 0:
        return None
    if p.box.phases != 1 and (p.since(p.box.phases_s) <= SETTLE_S or budget.phase_wait_s(p) > 0):
        return None
    one = circuits.room(p, 1, wish_a)
    return one if one.allowed_a >= limits_a(p, 1)[0] else None


def _step(p: Point, current_a: float) -> float:
    """Whole amperes, or tenths where box and car take them; always downwards."""
    if not math.isfinite(current_a):
        return 0.0
    if p.charger.traits.milliampere and Feature.COARSE_CURRENT not in p.features:
        return math.floor(current_a * 10 + 1e-6) / 10
    return float(math.floor(current_a + 1e-6))


def _step_up(p: Point, low_a: float, high_a: float) -> float:
    """The smallest step that is not below the minimum; a maximum in between forbids it."""
    down = _step(p, low_a)
    if down >= low_a - 1e-6:
        return down
    up = down + (0.1 if p.charger.traits.milliampere and Feature.COARSE_CURRENT not in p.features else 1.0)
    return up if up <= high_a else low_a


def _offer(p: Point, current_a: float, limits: list[Reason], *, cut: bool) -> list[ChargerCommand]:
    """Only on change; what the box did not take is repeated with patience; flash memory is spared."""
    box = p.box
    present_a = box.offered_a if p.enabled else None
    if present_a is not None and abs(present_a - current_a) < 1e-3 and not box.resend:
        return []
    again = box.told_a is not None and abs(box.told_a - current_a) <= ADOPT_A and not box.resend and p.enabled
    if again and box.offers and p.since(box.offered_s) < REPEAT_S[min(box.offers, len(REPEAT_S)) - 1]:
        return []
    if p.charger.traits.persistent_current and present_a is not None and not box.resend:
        small = abs(present_a - current_a) <= PERSISTENT_A
        early = p.since(box.offered_s) < PERSISTENT_S
        if (small or early) and not (cut and current_a < present_a):
            limits.append(because(Code.SPARES_FLASH, wanted_a=current_a, offered_a=present_a))
            return []
    p.learn(
        offered_a=current_a,
        previous_a=box.offered_a,
        told_a=current_a,
        offered_s=p.now_s,
        resend=False,
        offers=box.offers + 1 if again else 0,
    )
    return [OfferCurrent(p.index, current_a)]
