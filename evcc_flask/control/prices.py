"""What the state shows of tariffs: the rates of this moment, what is to come, and when it pays to start."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from evcc_flask.domain.rates import Outlook, Rate, Usage, from_now
from evcc_flask.domain.settings import LoadpointSettings
from evcc_flask.domain.snapshot import Snapshot

from .figures import short

_NOW = {"tariffGrid": "grid", "tariffFeedIn": "feed_in", "tariffCo2": "co2_g"}
_FORECAST = (Usage.GRID, Usage.FEED_IN, Usage.CO2, Usage.PLANNER)


def published(snapshot: Snapshot, now: datetime | None) -> dict[str, Any]:
    """The site's keys. ``now`` None: the clock is not trusted, and nothing can be foretold."""
    outlook, rates = snapshot.outlook, snapshot.rates
    kind = outlook.kind(Usage.PLANNER)
    keys: dict[str, Any] = {
        "currency": outlook.currency,
        "smartCostAvailable": outlook.changes(Usage.PLANNER),
        "smartFeedInPriorityAvailable": outlook.changes(Usage.FEED_IN),
        "smartCostType": kind.value if kind else None,
        "forecast": _forecast(outlook, now) if now else {},
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
    """What is to come, of all tariffs that change."""
    keys: dict[str, Any] = {}
    for usage in _FORECAST:
        rates = outlook.rates(usage) if outlook.changes(usage) else None
        if rates and (coming := from_now(rates, now)):
            keys[usage.value] = _listed(rates, len(coming))
    return keys


@lru_cache(maxsize=8)
def _listed(rates: tuple[Rate, ...], count: int) -> Sequence[dict[str, Any]]:
    """The last ``count`` of ``rates``; the same list as long as nothing is new."""
    return [
        {"start": rate.start.isoformat(), "end": rate.end.isoformat(), "value": short(rate.value)}
        for rate in rates[len(rates) - count :]
    ]
