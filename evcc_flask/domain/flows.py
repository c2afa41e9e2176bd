"""What flowed since the last cycle, so that nothing is counted twice and all of it adds up.

Power times time gives PV; at the grid and the battery, power gives the shape and the meter's counters give the sum;
loadpoints take what their sessions took; home is what is left, also shaped by its power. docs/control.rst, history.
"""

from collections.abc import Sequence

from .figures import ABSURD_KWH, LONGEST_STEP_S, MOST_OWED_KWH, STRAYED_KWH, STRAYED_SHARE
from .house import House
from .memory import Counted, FlowsMemory
from .moment import Moment
from .plausible import number
from .point import Point
from .quarters import QUARTER_S, Charged, Quarter, quarter_of, unlike
from .snapshot import Rates, Snapshot

J_PER_KWH = 3.6e6


def follow(
    before: FlowsMemory | None, snapshot: Snapshot, h: House, points: Sequence[Point], rates: Rates, now: Moment
) -> tuple[Quarter | None, FlowsMemory]:
    """The part of the running quarter that has just gone by; None where the clock or the time before is not known."""
    seconds = now.since(before.at_s) if before is not None else 0.0
    if before is None or not 0 < seconds <= LONGEST_STEP_S:
        return None, _begun(snapshot, h, now)
    pv, _ = _energies(before.pv_w, h.pv_w, seconds)
    by_power_kwh = (*_energies(before.grid_w, h.grid_w, seconds), *_energies(before.battery_w, h.battery_w, seconds))
    settled = [
        _counted(*each, seconds) for each in zip(before.counters, _counters(snapshot), by_power_kwh, strict=True)
    ]
    imported, exported, discharged, charged = (kwh for kwh, _ in settled)
    home_w = None if h.grid_held_s else h.home_w
    watched = before.home_w is not None and home_w is not None
    home, owed = 0.0, before.owed_kwh
    if watched:
        balance = imported - exported + pv + discharged - charged - sum(p.grown_kwh for p in points)
        by_power, _ = _energies(before.home_w, home_w, seconds)
        owed = max(-MOST_OWED_KWH, min(MOST_OWED_KWH, owed + balance - by_power))
        home = max(0.0, by_power + owed * min(1.0, seconds / QUARTER_S))
        owed += by_power - home
    counters = tuple(counted for _, counted in settled)
    after = FlowsMemory(now.s, h.grid_w, h.pv_w, h.battery_w, home_w, counters, owed)
    if now.wall is None:
        return None, after
    part = Quarter(
        quarter_of(now.wall),
        seconds if watched else 0.0,
        imported,
        exported,
        pv,
        charged,
        discharged,
        home,
        home * (h.green_home or 0.0),
        _charges(points, h.green_charge),
        rates.grid,
        rates.feed_in,
        rates.co2_g,
    )
    return part, after


def _begun(snapshot: Snapshot, h: House, now: Moment) -> FlowsMemory:
    counters = tuple(None if kwh is None else Counted(kwh) for kwh in _counters(snapshot))
    return FlowsMemory(now.s, h.grid_w, h.pv_w, h.battery_w, h.home_w, counters)


def _charges(points: Sequence[Point], green: float) -> dict[str, Charged]:
    titles = unlike([p.settings.title for p in points])
    grown = {title: p.grown_kwh for title, p in zip(titles, points, strict=True) if p.grown_kwh > 0}
    return {title: Charged(kwh, kwh * green) for title, kwh in grown.items()}


def _energies(before_w: float | None, now_w: float | None, seconds: float) -> tuple[float, float]:
    """kWh in the positive and in the negative direction; nothing where either end is not known."""
    if before_w is None or now_w is None:
        return 0.0, 0.0
    share = seconds / 2 / J_PER_KWH
    return (max(0.0, before_w) + max(0.0, now_w)) * share, -(min(0.0, before_w) + min(0.0, now_w)) * share


def _counters(snapshot: Snapshot) -> tuple[float | None, ...]:
    """kWh of import, export, discharge and charge; of batteries only where all of them count.

    Inverters count what their battery gives as generation: no counter of theirs is asked.
    """
    grid, batteries = snapshot.grid, [each.meter for each in snapshot.batteries]
    pairs = [(each.energy_kwh, each.return_energy_kwh) if each.at_s is not None else (None, None) for each in batteries]
    bought, sold = (grid.energy_kwh, grid.return_energy_kwh) if grid and grid.at_s is not None else (None, None)
    given, taken = _together([pair[0] for pair in pairs]), _together([pair[1] for pair in pairs])
    return tuple(number(kwh, ABSURD_KWH) for kwh in (bought, sold, given, taken))


def _together(counters: Sequence[float | None]) -> float | None:
    known = [kwh for kwh in counters if kwh is not None]
    return sum(known) if counters and len(known) == len(counters) else None


def _counted(
    before: Counted | None, counter: float | None, by_power: float, seconds: float
) -> tuple[float, Counted | None]:
    """kWh to book, and the counter's account.

    When a counter moves it is right, however coarse it is: what was booked too much or too little is then settled bit
    by bit over a quarter of an hour. A counter that tells something else than the power is not listened to.
    """
    if counter is None or before is None:
        return by_power, before if counter is None else Counted(counter)
    paid = max(-by_power, -before.owed_kwh * min(1.0, seconds / QUARTER_S))
    booked, power = before.booked_kwh + by_power + paid, before.power_kwh + by_power
    step, owed = counter - before.kwh, before.owed_kwh + paid
    if step == 0:
        still = Counted(before.kwh, before.anchored, power, before.counted_kwh, booked, owed)
        return by_power + paid, still
    counted = before.counted_kwh + step
    if step < 0 or not before.anchored or abs(booked - counted) > STRAYED_KWH:
        return by_power + paid, Counted(counter, anchored=step > 0)
    fits = abs(power - counted) <= STRAYED_SHARE * power
    return by_power + paid, Counted(counter, True, power, counted, booked, booked - counted if fits else 0.0)
