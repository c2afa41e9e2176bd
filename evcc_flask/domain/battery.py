"""The home battery's mode: normal, held back, or charged from the grid. The first cause that applies decides."""

from collections.abc import Sequence

from . import rules
from .circuits import Circuits
from .commands import Outcome, SetBatteryMode
from .figures import BATTERY_CALM_S, EXTERNAL_BATTERY_S
from .house import House
from .memory import BatteryMemory
from .point import Point
from .reasons import Code, Reason, because
from .settings import Settings
from .snapshot import Rates, Snapshot
from .words import BatteryMode


def after(outcomes: Sequence[Outcome], memory: BatteryMemory) -> BatteryMemory:
    """A refused order leaves the mode that was remembered before, so that it is given again."""
    refused = {each.command.battery for each in outcomes if isinstance(each.command, SetBatteryMode) and each.failed}
    if not refused:
        return memory
    modes = tuple(
        memory.previous[place] if place in refused and place < len(memory.previous) else mode
        for place, mode in enumerate(memory.modes)
    )
    return BatteryMemory(modes, modes, memory.external, memory.socs)


def decide_mode(
    snapshot: Snapshot,
    rates: Rates,
    settings: Settings,
    memory: BatteryMemory,
    points: Sequence[Point],
    h: House,
    circuits: Circuits,
    now_s: float,
) -> tuple[BatteryMode | None, tuple[Reason, ...], bool, bool]:
    """(mode to be in or None for as it is, why, whether the outside rules, whether a grid charge is wanted)."""
    if not snapshot.batteries:
        return None, (), False, False
    ordered = settings.external_battery_mode
    age_s = now_s - ordered.set_at_s if ordered is not None else 0.0
    outside = ordered is not None and ordered.mode is not BatteryMode.UNKNOWN and age_s <= EXTERNAL_BATTERY_S
    if memory.external and not outside:
        return BatteryMode.NORMAL, (because(Code.BATTERY_EXTERNAL_ENDED),), False, False
    if outside and ordered is not None:
        left_s = round(EXTERNAL_BATTERY_S - max(0.0, age_s))
        return ordered.mode, (because(Code.BATTERY_EXTERNAL, mode=ordered.mode.word, remaining_s=left_s),), True, False
    limit, rate = settings.battery_grid_charge_limit, rates.planner
    if limit is not None and rate is not None and rate <= limit:
        return _grid_charge(snapshot, h, circuits, rate, limit, now_s)
    if settings.battery_discharge_control:
        for p in points:
            if _holds_battery(p, rates):
                return BatteryMode.HOLD, (because(Code.BATTERY_HELD_FOR_CAR, loadpoint=p.index + 1),), False, False
    if any(mode in (BatteryMode.HOLD, BatteryMode.CHARGE) for mode in memory.modes):
        return BatteryMode.NORMAL, (because(Code.BATTERY_NORMAL),), False, False
    return None, (), False, False


def _grid_charge(
    snapshot: Snapshot, h: House, circuits: Circuits, rate: float, limit: float, now_s: float
) -> tuple[BatteryMode, tuple[Reason, ...], bool, bool]:
    """Charging from the grid is not throttled by circuits, so it pauses when one was overloaded."""
    over_s = circuits.last_over_s()
    if over_s is not None and now_s - over_s < BATTERY_CALM_S:
        left_s = round(BATTERY_CALM_S - (now_s - over_s))
        return BatteryMode.HOLD, (because(Code.BATTERY_GRID_CHARGE_WAITS, remaining_s=left_s),), False, True
    full = [each.max_soc_percent for each in snapshot.batteries if each.max_soc_percent]
    if full and h.soc_percent is not None and h.soc_percent >= min(full):
        return BatteryMode.HOLD, (because(Code.BATTERY_FULL, soc_percent=h.soc_percent),), False, True
    return BatteryMode.CHARGE, (because(Code.BATTERY_GRID_CHARGE, price=rate, limit=limit),), False, True


def _holds_battery(p: Point, rates: Rates) -> bool:
    if not p.charging or p.off:
        return False
    planned = p.settings.plan
    fast = p.hurries or (planned is not None and planned.active) or rules.minimum_soc_unmet(p)
    return fast or rules.smart_cost_active(p, rates)


def commands(
    mode: BatteryMode | None, snapshot: Snapshot, memory: BatteryMemory, h: House, *, external: bool
) -> tuple[list[SetBatteryMode], BatteryMemory]:
    """Only on change, to every battery that obeys."""
    before = [
        memory.modes[place] if place < len(memory.modes) else BatteryMode.UNKNOWN
        for place in range(len(snapshot.batteries))
    ]
    modes = list(before)
    orders = []
    for place, battery in enumerate(snapshot.batteries):
        if mode is None or not battery.controllable or before[place] is mode:
            continue
        orders.append(SetBatteryMode(place, mode))
        modes[place] = mode
    previous = tuple(before) if orders else memory.previous
    return orders, BatteryMemory(tuple(modes), previous, external, h.socs)
