"""The house's balance: what the grid, the sun and the battery give, and what is left for cars.

Order and figures: docs/control.rst, site. Powers in W; site power negative = surplus.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from . import plausible
from .figures import ABSURD_W, FORCED_RESIDUAL_W, HELD_S, LAG_S, LAG_SHARE, LAG_W, SOC_KEPT_S
from .memory import Held, Lag, Memory
from .point import Point
from .readings import BatteryReading, MeterReading
from .reasons import Code, Reason, because
from .settings import Settings
from .snapshot import Snapshot


@dataclass(slots=True)
class House:
    """``site_w`` None: nothing is known of the surplus, ``no_surplus`` says why. ``rest_w``: what should move against
    the grid, PV + battery - metered charging, as measured.

    ``battery_first``: the battery is below its priority mark. ``buffered`` and ``start``: it may help the car.
    ``grid_held_s``: the age of a grid value that is too old to begin or raise a charge on, 0: it is not.
    """

    grid_w: float | None
    pv_w: float | None
    battery_w: float | None
    soc_percent: float | None
    aux_w: float
    charge_w: float
    excess_w: float = 0.0
    home_w: float | None = None
    metered_w: float = 0.0
    rest_w: float = 0.0
    rest_known: bool = True
    lag: Lag | None = None
    site_w: float | None = None
    no_surplus: Reason | None = None
    battery_first: bool = False
    battery_charges: bool = False
    buffered: bool = False
    start: bool = False
    battery_spare_w: float | None = None
    green_home: float | None = None
    green_charge: float = 0.0
    seen_s: float | None = None
    seen_w: float = 0.0
    grid_at_s: float | None = None
    grid_held_s: float = 0.0
    held: dict[str, Held] = field(default_factory=dict)
    socs: tuple[Held | None, ...] = ()
    doubts: list[Reason] = field(default_factory=list)


def house(
    snapshot: Snapshot, settings: Settings, memory: Memory, points: Sequence[Point], started_s: float, now_s: float
) -> House:
    """Add everything up. Pending orders are not in it; see ``Point.pending_w``."""
    held: dict[str, Held] = {}
    doubts: list[Reason] = []

    def power(key: str, reading: MeterReading) -> float | None:
        known = plausible.held(reading.power_w, reading.at_s, memory.held.get(key), ABSURD_W, started_s, now_s)
        doubt = plausible.doubt(reading, known, ABSURD_W, now_s)
        if doubt is not None:
            doubts.append(doubt)
        if known is None:
            return None
        held[key] = known
        return known.value

    charge_w = sum(p.power_w for p in points)
    grid_w = power("grid", snapshot.grid) if snapshot.grid is not None else None
    pv_known = [power(f"pv{place}", each.meter) for place, each in enumerate(snapshot.pv)]
    pv_w: float | None = sum(max(0.0, each) for each in pv_known if each is not None)
    excess_w = sum(
        max(0.0, watt - each.max_ac_w)
        for watt, each in zip(pv_known, snapshot.pv, strict=True)
        if watt is not None and watt > 0 and each.max_ac_w is not None and each.max_ac_w > 0
    )
    battery_known = [power(f"battery{place}", each.meter) for place, each in enumerate(snapshot.batteries)]
    battery_missing = any(each is None for each in battery_known)
    battery_w = None if battery_missing or not battery_known else sum(each or 0.0 for each in battery_known)
    aux_w = sum(power(f"aux{place}", each) or 0.0 for place, each in enumerate(snapshot.aux))
    socs = _socs(snapshot.batteries, memory.battery.socs, now_s)
    soc = _soc(snapshot.batteries, socs)
    measured_pv_w = pv_w or 0.0
    if snapshot.grid is None:
        grid_w = charge_w - measured_pv_w
    if not snapshot.pv:
        pv_w = max(0.0, charge_w - grid_w + settings.residual_power_w) if grid_w is not None else None

    h = House(grid_w, pv_w, battery_w, soc, aux_w, charge_w, excess_w, held=held, socs=socs, doubts=doubts)
    h.grid_at_s = held["grid"].at_s if "grid" in held else None
    age_s = now_s - h.grid_at_s if h.grid_at_s is not None else 0.0
    h.grid_held_s = age_s if age_s > max(HELD_S, settings.interval_s) else 0.0
    if grid_w is not None:
        same = h.grid_at_s is not None and h.grid_at_s == memory.seen_s
        charged_w = memory.seen_w if same else charge_w
        h.home_w = max(0.0, grid_w + max(0.0, pv_w or 0.0) + (battery_w or 0.0) - charged_w)
        h.metered_w = sum(p.power_w for p in points if p.power is not None)
        h.rest_known = not battery_missing and None not in pv_known
        h.rest_w = measured_pv_w + (battery_w or 0.0) - h.metered_w
    _site_power(h, settings, memory, now_s, has_battery=bool(snapshot.batteries), battery_missing=battery_missing)
    _green(h)
    return h


def _site_power(
    h: House, settings: Settings, memory: Memory, now_s: float, *, has_battery: bool, battery_missing: bool
) -> None:
    mark, soc = settings.priority_soc_percent, h.soc_percent
    h.battery_first = has_battery and mark > 0 and (soc is None or soc < mark)
    h.battery_charges = h.battery_w is not None and h.battery_w < 0
    if h.grid_w is None:
        h.no_surplus = because(Code.GRID_MISSING)
        return
    if battery_missing and h.battery_first:
        h.no_surplus = because(Code.BATTERY_MISSING)
        return
    residual_w = settings.residual_power_w
    if h.battery_first and residual_w <= 0:
        residual_w = FORCED_RESIDUAL_W
    battery_w, excess_w = h.battery_w or 0.0, h.excess_w
    if h.battery_first and h.battery_charges:
        battery_w = excess_w = 0.0
    elif soc is not None:
        h.buffered = settings.buffer_soc_percent > 0 and soc > settings.buffer_soc_percent
        h.start = settings.buffer_start_soc_percent > 0 and soc >= settings.buffer_start_soc_percent
    h.site_w = _grid_now(h, memory, now_s) + battery_w + excess_w + residual_w - h.aux_w


def _grid_now(h: House, memory: Memory, now_s: float) -> float:
    """The grid power, corrected by what the cars changed since it was read: else the same surplus is spent twice."""
    assert h.grid_w is not None
    h.seen_s, h.seen_w = h.grid_at_s, h.charge_w
    if h.grid_at_s is None:
        return h.grid_w
    if h.grid_at_s == memory.seen_s:
        h.seen_w, h.lag = memory.seen_w, memory.lag
        return h.grid_w + h.charge_w - h.seen_w
    return h.grid_w + _unseen_w(h, memory.lag, now_s)


def _unseen_w(h: House, lag: Lag | None, now_s: float) -> float:
    """A slow meter shows a new value of an old time: then home power seems to jump by just what the cars changed."""
    if lag is None or h.grid_w is None or not h.rest_known or now_s - lag.since_s > LAG_S:
        return 0.0
    caused_w = h.metered_w - lag.charge_w
    jump_w = h.grid_w + h.rest_w - lag.balance_w
    if abs(caused_w) >= LAG_W and abs(jump_w) < LAG_SHARE * abs(caused_w):
        return 0.0
    h.lag = lag
    if abs(caused_w) < LAG_W:
        return 0.0
    return caused_w if abs(jump_w + caused_w) < LAG_SHARE * abs(caused_w) else 0.0


def lag_after(h: House, changed_w: float, now_s: float) -> Lag | None:
    """What to watch for in the next cycles, when this one changed what metered cars draw."""
    if h.lag is not None or h.grid_w is None or h.grid_at_s is None or not h.rest_known or abs(changed_w) < LAG_W:
        return h.lag
    return Lag(now_s, h.metered_w, h.grid_w + h.rest_w)


def _socs(
    batteries: Sequence[BatteryReading], before: tuple[Held | None, ...], now_s: float
) -> tuple[Held | None, ...]:
    """Each battery's state of charge; a failed read leaves the last one standing."""
    found: list[Held | None] = []
    for place, battery in enumerate(batteries):
        soc = battery.soc_percent
        last = before[place] if place < len(before) else None
        if soc is not None and 0 <= soc <= 105:
            at_s = battery.meter.at_s
            last = Held(min(100.0, soc), now_s if at_s is None or not at_s <= now_s else at_s)
        found.append(last if last is not None and now_s - last.at_s <= SOC_KEPT_S else None)
    return tuple(found)


def _soc(batteries: Sequence[BatteryReading], socs: tuple[Held | None, ...]) -> float | None:
    """Weighted by capacity where every capacity is known, else the plain mean."""
    known = [(held.value, each.capacity_kwh) for held, each in zip(socs, batteries, strict=True) if held is not None]
    if not known:
        return None
    capacity = 0.0
    for _, size in known:
        if size is None or not 0 < size < 1e6:
            return sum(value for value, _ in known) / len(known)
        capacity += size
    return min(100.0, sum(value * (size or 0.0) for value, size in known) / capacity)


def _green(h: House) -> None:
    if h.home_w is None:
        return
    battery_w = h.battery_w or 0.0
    green_w = max(0.0, h.pv_w or 0.0) + max(0.0, battery_w)
    h.green_home = _share(green_w, 0.0, h.home_w)
    first_w = h.home_w + max(0.0, -battery_w)
    h.green_charge = _share(green_w, first_w, first_w + h.charge_w)


def _share(green_w: float, low_w: float, high_w: float) -> float:
    """How much of the band between ``low_w`` and ``high_w`` is green."""
    if high_w <= low_w:
        return 1.0 if green_w > low_w else 0.0
    return min(max(0.0, green_w - low_w), high_w - low_w) / (high_w - low_w)
