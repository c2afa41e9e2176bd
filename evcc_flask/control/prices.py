"""What the state shows of tariffs: the rates of this moment, what is to come, and when it pays to start."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Generic, TypeVar

from evcc_flask.domain.rates import Outlook, Rate, Usage, from_now
from evcc_flask.domain.settings import LoadpointSettings
from evcc_flask.domain.snapshot import Snapshot

from .figures import short

_NOW = {"tariffGrid": "grid", "tariffFeedIn": "feed_in", "tariffCo2": "co2_g"}
MOST = 3 * 96
"""Quarters of an hour: the state is told often."""
Made = TypeVar("Made")
DAYS = ("today", "tomorrow", "dayAfterTomorrow")
_FORECAST = (Usage.GRID, Usage.FEED_IN, Usage.CO2, Usage.PLANNER)


def published(snapshot: Snapshot, now: datetime | None, solar_scale: float | None = None) -> dict[str, Any]:
    """The site's keys. ``now`` None: the clock is not trusted, and nothing can be foretold."""
    outlook, rates = snapshot.outlook, snapshot.rates
    kind = outlook.kind(Usage.PLANNER)
    keys: dict[str, Any] = {
        "currency": outlook.currency,
        "smartCostAvailable": outlook.changes(Usage.PLANNER),
        "smartFeedInPriorityAvailable": outlook.changes(Usage.FEED_IN),
        "smartCostType": kind.value if kind else None,
        "forecast": _forecast(outlook, now) | _sun(outlook, now, solar_scale) if now else {},
    }
    known = {name: getattr(rates, field) for name, field in _NOW.items()}
    known["tariffSolar"] = outlook.value(Usage.SOLAR, now)
    return keys | {name: short(value) for name, value in known.items() if value is not None}


def at_loadpoint(snapshot: Snapshot, settings: LoadpointSettings, now: datetime | None) -> dict[str, Any]:
    """When the price will next be good enough for this loadpoint's limits; null: it is now, or nobody knows."""
    outlook, rates = snapshot.outlook, snapshot.rates
    return {
        "smartCostNextStart": _next(outlook, Usage.PLANNER, rates.planner, settings.smart_cost_limit, now, 1),
        "smartFeedInPriorityNextStart": _next(
            outlook, Usage.FEED_IN, rates.feed_in, settings.smart_feed_in_limit, now, -1
        ),
    }


def _next(
    outlook: Outlook, usage: Usage, present: float | None, limit: float | None, now: datetime | None, sign: int
) -> str | None:
    if limit is None or now is None or not outlook.changes(usage):
        return None
    if present is not None and sign * present <= sign * limit:
        return None
    coming = from_now(outlook.rates(usage) or (), now)
    start = next((rate.start for rate in coming if rate.start > now and sign * rate.value <= sign * limit), None)
    return start.isoformat(timespec="seconds") if start else None


def _forecast(outlook: Outlook, now: datetime) -> dict[str, Any]:
    """What is to come in three days, of all tariffs that change; ``GET /api/tariff`` tells all that is known."""
    keys: dict[str, Any] = {}
    for usage in _FORECAST:
        rates = outlook.rates(usage) if outlook.changes(usage) else None
        if rates and (coming := from_now(rates, now)):
            keys[usage.value] = LISTED.of(rates, len(coming))
    return keys


def _sun(outlook: Outlook, now: datetime, scale: float | None) -> dict[str, Any]:
    """What the sun will give, by day; of today what is left of it. ``scale``: see :mod:`.yields`."""
    rates = outlook.rates(Usage.SOLAR)
    if not rates:
        return {}
    keys: dict[str, Any] = {} if scale is None else {"scale": short(scale)}
    energies_wh: dict[date, float] = {}
    if coming := from_now(rates, now):
        energies_wh = BY_DAY.of(rates, len(coming) - 1).copy()
        on = coming[0].start.date()
        energies_wh[on] = energies_wh.get(on, 0.0) + _energy_wh(coming[0], now)
    for number, day in enumerate(DAYS):
        on = (now + timedelta(number)).date()
        keys[day] = {"energy": short(energies_wh.get(on, 0.0)), "complete": rates[-1].end.date() > on}
    return {"solar": keys | {"timeseries": DRAWN.of(rates, 0)}}


def _energy_wh(rate: Rate, now: datetime) -> float:
    """Of what is still to come of a slot."""
    return rate.value * max(timedelta(), rate.end - max(rate.start, now)) / timedelta(hours=1)


def _by_day(rates: tuple[Rate, ...], count: int) -> dict[date, float]:
    """Wh of the last ``count`` of ``rates``."""
    energies_wh: dict[date, float] = {}
    for rate in rates[len(rates) - count :]:
        on = rate.start.date()
        energies_wh[on] = energies_wh.get(on, 0.0) + _energy_wh(rate, rate.start)
    return energies_wh


def _drawn(rates: tuple[Rate, ...], _: int) -> list[dict[str, Any]]:
    return [{"ts": rate.start.isoformat(), "val": rate.value} for rate in rates]


def _listed(rates: tuple[Rate, ...], count: int) -> list[dict[str, Any]]:
    """The next three days of the last ``count`` of ``rates``."""
    first = len(rates) - count
    return [
        {"start": rate.start.isoformat(), "end": rate.end.isoformat(), "value": rate.value}
        for rate in rates[first : first + MOST]
    ]


class Kept(Generic[Made]):
    """What was made of rates, as long as they are the same: a state is composed often, and rates are many."""

    def __init__(self, make: Callable[[tuple[Rate, ...], int], Made], most: int) -> None:
        self._make = make
        self._most = most
        self._kept: tuple[tuple[tuple[Rate, ...], int, Made], ...] = ()

    def of(self, rates: tuple[Rate, ...], count: int) -> Made:
        """The same again, or a new one."""
        for known, number, made in self._kept:
            if known is rates and number == count:
                return made
        made = self._make(rates, count)
        self._kept = ((rates, count, made), *self._kept)[: self._most]
        return made


LISTED = Kept(_listed, 8)
DRAWN = Kept(_drawn, 2)
BY_DAY = Kept(_by_day, 2)
