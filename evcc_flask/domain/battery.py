"""The home battery's mode: normal, held back, or charged from the grid. The first cause that applies decides.

An order is given on change only, and then watched: a battery that refuses it, shows another mode or does something else
is told again. What it was in before our first order is what it goes back to; what we did not order is left alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from . import rules
from .circuits import INFINITE, Circuits
from .commands import Ending, SetBatteryMode
from .figures import BATTERY_CALM_S, ENDED_SHOWN_S, EXTERNAL_BATTERY_S, FULL_PERCENT, LEAK_W, REPEAT_S, SETTLE_S
from .house import House
from .memory import BatteryMemory, BatteryOrder
from .plausible import number
from .point import Point
from .readings import BatteryReading
from .reasons import Code, Fact, Reason, because
from .settings import Settings
from .snapshot import Rates, Snapshot
from .words import BatteryMode

HELD = (BatteryMode.HOLD, BatteryMode.CHARGE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The mode that all batteries shall be in, None: as they are. ``release``: what was changed goes back.

    ``external``: it was ordered from outside; ``grid_charge``: electricity is cheap enough to charge from the grid.
    """

    mode: BatteryMode | None = None
    reasons: tuple[Reason, ...] = ()
    external: bool = False
    grid_charge: bool = False
    release: bool = False


def follow(
    snapshot: Snapshot,
    rates: Rates,
    settings: Settings,
    memory: BatteryMemory,
    points: Sequence[Point],
    h: House,
    circuits: Circuits,
    now_s: float,
) -> tuple[Verdict, list[SetBatteryMode], BatteryMemory]:
    """What is decided, what is ordered, and what is remembered of it."""
    orders = _after(snapshot, memory.orders)
    verdict = _verdict(snapshot, rates, settings, replace(memory, orders=orders), points, h, circuits, now_s)
    if circuits.ordered and verdict.mode is BatteryMode.CHARGE:
        # A battery is not throttled; while the grid operator limits, it takes nothing from the grid.
        verdict = replace(verdict, mode=BatteryMode.HOLD, reasons=(*verdict.reasons, because(Code.DIMMED)))
    ended_s = _ended_s(memory, verdict, now_s)
    commands, reasons = [], list(verdict.reasons)
    if ended_s is not None and ended_s < now_s:
        reasons.append(because(Code.BATTERY_EXTERNAL_ENDED))
    for place, battery in enumerate(snapshot.batteries):
        if not battery.controllable:
            continue
        name, before = battery.meter.name, orders.get(battery.meter.name)
        order = _order(battery, before, verdict, now_s)
        if order is None and before is not None and before.mode is before.before:
            before = orders[name] = replace(before, error="")
        if order is None and before is not None:
            doubt = _disobeys(battery, before, now_s)
            reasons += [] if doubt is None else [doubt]
            pause_s = REPEAT_S[min(before.tries, len(REPEAT_S) - 1)]
            if before.recalled or (doubt is not None and now_s - before.sent_s >= pause_s):
                order = replace(before, sent_s=now_s, tries=before.tries + (doubt is not None), recalled=False)
            elif doubt is None:
                seen = before.confirmed or battery.mode is before.mode
                orders[name] = replace(before, tries=0, confirmed=seen) if seen or before.tries else before
        if before is not None and before.error:
            reasons.append(because(Code.BATTERY_REFUSES, battery=_named(battery), error=before.error))
        if order is not None:
            orders[name] = order
            commands.append(SetBatteryMode(place, order.mode))
    kept = BatteryMemory(orders, verdict.external, h.socs, ended_s)
    return replace(verdict, reasons=tuple(reasons)), commands, kept


def _ended_s(memory: BatteryMemory, verdict: Verdict, now_s: float) -> float | None:
    """When the order from outside ended; None when that is long ago, or there is one."""
    if verdict.external:
        return None
    if memory.external:
        return now_s
    told = memory.ended_s is not None and now_s - memory.ended_s < ENDED_SHOWN_S
    return memory.ended_s if told else None


def grid_charge_w(memory: BatteryMemory, h: House) -> float:
    """W that the batteries draw from the grid because of us; the sun's part loads no fuse."""
    if not any(order.mode is BatteryMode.CHARGE for order in memory.orders.values()):
        return 0.0
    return max(0.0, min(-(h.battery_w or 0.0), h.grid_w or 0.0))


def _after(snapshot: Snapshot, orders: Mapping[str, BatteryOrder]) -> dict[str, BatteryOrder]:
    """A refused order leaves what was in force before, so that it is given again."""
    after = dict(orders)
    for outcome in snapshot.outcomes:
        if not isinstance(outcome.command, SetBatteryMode) or outcome.command.battery >= len(snapshot.batteries):
            continue
        name = snapshot.batteries[outcome.command.battery].meter.name
        order = after.get(name)
        if order is None or order.mode is not outcome.command.mode:
            continue
        if outcome.failed:
            after[name] = replace(order, mode=order.before, ours=order.was_ours, error=outcome.error)
        elif outcome.ending is Ending.UNAVAILABLE:
            after[name] = replace(order, ours=order.was_ours, confirmed=True, kept_from=True)
        elif outcome.ending is Ending.TAKEN:
            after[name] = replace(order, before=order.mode, was_ours=order.ours, error="")
    return after


def _order(battery: BatteryReading, before: BatteryOrder | None, verdict: Verdict, now_s: float) -> BatteryOrder | None:
    """A new order; None: nothing changes."""
    if verdict.release:
        if before is None or not before.ours:
            return None
        mode = before.found if before.found in HELD else BatteryMode.NORMAL
    elif verdict.mode is None or (before is not None and before.mode is verdict.mode):
        return None
    else:
        mode = verdict.mode
    was, ours, found = (before.in_force, before.ours, before.found) if before else (BatteryMode.UNKNOWN, False, None)
    error = before.error if before is not None else ""
    return BatteryOrder(
        mode=mode,
        ours=mode in HELD and not verdict.release,
        before=was,
        was_ours=ours,
        found=found if ours else battery.mode,
        sent_s=now_s,
        error=error,
    )


def _verdict(
    snapshot: Snapshot,
    rates: Rates,
    settings: Settings,
    memory: BatteryMemory,
    points: Sequence[Point],
    h: House,
    circuits: Circuits,
    now_s: float,
) -> Verdict:
    if not snapshot.batteries:
        return Verdict()
    ordered = settings.external_battery_mode
    age_s = now_s - ordered.set_at_s if ordered is not None else 0.0
    outside = ordered is not None and ordered.mode is not BatteryMode.UNKNOWN and age_s <= EXTERNAL_BATTERY_S
    if memory.external and not outside:
        return Verdict(BatteryMode.NORMAL, (because(Code.BATTERY_EXTERNAL_ENDED),))
    if outside and ordered is not None:
        left_s = round(EXTERNAL_BATTERY_S - max(0.0, age_s))
        why = because(Code.BATTERY_EXTERNAL, mode=ordered.mode.word, remaining_s=left_s)
        return Verdict(ordered.mode, (why,), external=True)
    limit, rate = settings.battery_grid_charge_limit, rates.planner
    if limit is not None and rate is not None and rate <= limit:
        mode, why = _grid_charge(snapshot, memory, h, circuits, rate, limit, now_s)
        return Verdict(mode, (why,), grid_charge=True)
    if settings.battery_discharge_control:
        for p in points:
            if _holds_battery(p, rates):
                return Verdict(BatteryMode.HOLD, (because(Code.BATTERY_HELD_FOR_CAR, loadpoint=p.index + 1),))
    there = {each.meter.name for each in snapshot.batteries if each.controllable}
    if any(order.ours and name in there for name, order in memory.orders.items()):
        return Verdict(reasons=(because(Code.BATTERY_NORMAL),), release=True)
    return Verdict()


def _grid_charge(
    snapshot: Snapshot, memory: BatteryMemory, h: House, circuits: Circuits, rate: float, limit: float, now_s: float
) -> tuple[BatteryMode, Reason]:
    """It begins where the fuses have room for it, and pauses when one was overloaded: a battery is not throttled."""
    over_s = circuits.last_over_s()
    if over_s is not None and now_s - over_s < BATTERY_CALM_S:
        left_s = round(BATTERY_CALM_S - (now_s - over_s))
        return BatteryMode.HOLD, because(Code.BATTERY_GRID_CHARGE_WAITS, remaining_s=left_s)
    full_percent = min(each.max_soc_percent or FULL_PERCENT for each in snapshot.batteries)
    if h.soc_percent is not None and h.soc_percent >= full_percent:
        return BatteryMode.HOLD, because(Code.BATTERY_FULL, soc_percent=h.soc_percent)
    charging = any(order.mode is BatteryMode.CHARGE for order in memory.orders.values())
    room = circuits.house_room()
    if not charging and room is not None:
        circuit, spare_w = room
        needed_w = _most_w(snapshot) + (h.battery_w or 0.0)
        if spare_w < needed_w:
            spare, need = round(spare_w), round(needed_w)
            return BatteryMode.HOLD, because(Code.BATTERY_NO_ROOM, circuit=circuit, spare_w=spare, need_w=need)
    return BatteryMode.CHARGE, because(Code.BATTERY_GRID_CHARGE, price=rate, limit=limit)


def _most_w(snapshot: Snapshot) -> float:
    """What the batteries draw at most, as far as they tell."""
    known = [number(each.max_charge_w, 1e6) for each in snapshot.batteries if each.controllable]
    return sum(max(0.0, each) for each in known if each is not None)


def _holds_battery(p: Point, rates: Rates) -> bool:
    if not p.charging or p.off:
        return False
    planned = p.settings.plan
    fast = p.hurries or (planned is not None and planned.active) or rules.minimum_soc_unmet(p)
    return fast or rules.smart_cost_active(p, rates)


def _disobeys(battery: BatteryReading, order: BatteryOrder, now_s: float) -> Reason | None:
    """What it shows, or does, that is not what it was told. What was released is watched until it is seen once."""
    waited_s = INFINITE if order.tries else now_s - order.sent_s
    watched, shown = order.ours or not order.confirmed, battery.mode
    if watched and shown is not None and shown is not order.mode and waited_s >= REPEAT_S[0]:
        return _disobedience(battery, order, shows=shown.word)
    power_w, at_s = battery.meter.power_w, battery.meter.at_s
    since = at_s is not None and at_s > order.sent_s and now_s - at_s < SETTLE_S
    if order.ours and since and power_w is not None and power_w > LEAK_W and waited_s >= SETTLE_S:
        return _disobedience(battery, order, discharges_w=round(power_w))
    return None


def _disobedience(battery: BatteryReading, order: BatteryOrder, **facts: Fact) -> Reason:
    return because(Code.BATTERY_DISOBEYS, battery=_named(battery), told=order.mode.word, **facts, tries=order.tries + 1)


def _named(battery: BatteryReading) -> str:
    return battery.meter.title or battery.meter.name
