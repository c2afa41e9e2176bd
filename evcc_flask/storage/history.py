"""Years of quarters of an hour in few megabytes, added to in small parts and read as sums of any span.

Energies are whole hundredths of a Wh, prices millionths per kWh, CO2 hundredths of a g/kWh: integers take SQLite two or
three bytes each. Local days, months and years are spans of whole quarters, also where the clocks change.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any

from peewee import SqliteDatabase

from evcc_flask.domain.quarters import QUARTER_S, Charged, Quarter, quarter_of

KWH, PRICE, CO2 = 1e5, 1e6, 1e2
"""What one stored unit is part of."""
MOST = 40_000
"""Spans of one answer: more than a year of quarters."""

_ADD = (
    "INSERT INTO history (slot, seconds, imported, exported, pv, charged, discharged, home, home_green, grid_price,"
    " feed_in_price, co2) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (slot) DO UPDATE SET"
    + "".join(
        f" {name} = {name} + excluded.{name},"
        for name in ("seconds", "imported", "exported", "pv", "charged", "discharged", "home", "home_green")
    )
    + ",".join(f" {name} = coalesce(excluded.{name}, {name})" for name in ("grid_price", "feed_in_price", "co2"))
)
_CHARGED = (
    "INSERT INTO history_charges (slot, place, energy, green)"
    " SELECT ?, id, ?, ? FROM history_places WHERE title = ?"
    " ON CONFLICT (slot, place) DO UPDATE SET energy = energy + excluded.energy, green = green + excluded.green"
)
_HOUSE = (
    "SELECT (slot - ?3) / ?4, sum(seconds), sum(imported), sum(exported), sum(pv), sum(charged), sum(discharged),"
    " sum(home), sum(home_green), avg(grid_price), avg(feed_in_price), avg(co2),"
    " sum(1.0 * imported * grid_price), sum(1.0 * exported * feed_in_price), sum(1.0 * imported * co2),"
    " sum(1.0 * (home - home_green) * grid_price + 1.0 * home_green * coalesce(feed_in_price, 0))"
    " FROM history WHERE slot >= ?1 AND slot < ?2 GROUP BY 1 ORDER BY 1"
)
_CHARGES = (
    "SELECT (slot - ?3) / ?4, title, sum(energy), sum(green),"
    " sum(1.0 * (energy - green) * grid_price + 1.0 * green * coalesce(feed_in_price, 0)),"
    " sum(1.0 * (energy - green) * co2)"
    " FROM history_charges JOIN history USING (slot) JOIN history_places ON history_places.id = place"
    " WHERE slot >= ?1 AND slot < ?2 GROUP BY 1, place ORDER BY 1, place"
)


class Resolution(Enum):
    """How long one span is; hours and longer ones by local time."""

    QUARTER = "15m"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Quarters from ``first`` to before ``after``, in spans of ``size`` quarters that are counted from ``origin``."""

    first: int
    after: int
    origin: int
    size: int


def store(database: SqliteDatabase, quarters: Iterable[Quarter]) -> None:
    """Add parts of quarters to what is there."""
    for each in quarters:
        energies = (
            *(each.import_kwh, each.export_kwh, each.pv_kwh, each.charge_kwh, each.discharge_kwh),
            *(each.home_kwh, each.home_green_kwh),
        )
        rates = (_whole(each.grid_price, PRICE), _whole(each.feed_in_price, PRICE), _whole(each.co2_g, CO2))
        values = (each.number, round(each.seconds), *(_whole(energy, KWH) for energy in energies), *rates)
        database.execute_sql(_ADD, values)
        for title, charged in each.points.items():
            _store_charge(database, each.number, title, charged)


def _store_charge(database: SqliteDatabase, number: int, title: str, charged: Charged) -> None:
    database.execute_sql("INSERT OR IGNORE INTO history_places (title) VALUES (?)", (title,))
    values = (number, _whole(charged.kwh, KWH), _whole(charged.green_kwh, KWH), title)
    database.execute_sql(_CHARGED, values)


def extent(database: SqliteDatabase) -> tuple[datetime, datetime] | None:
    """Start of the first quarter and end of the last one, local; None: there is none."""
    first, last = database.execute_sql("SELECT min(slot), max(slot) FROM history").fetchone()
    return None if first is None else (_local(first), _local(last + 1))


def whole(first: datetime, after: datetime, resolution: Resolution) -> tuple[datetime, datetime]:
    """From the beginning of the day, month or year of ``first`` to the end of that of ``after``, local."""
    day, last = first.astimezone().date(), (after - timedelta.resolution).astimezone().date()
    return _midnight(_preceding(day, resolution)), _midnight(_following(last, resolution))


def places(database: SqliteDatabase) -> list[str]:
    """Titles of all loadpoints that ever charged, oldest first."""
    return [title for (title,) in database.execute_sql("SELECT title FROM history_places ORDER BY id")]


def stretches(first: datetime, after: datetime, resolution: Resolution) -> Iterator[Stretch]:
    """How ``first`` to before ``after`` (aware) is read: each day of quarters or hours, else each span by itself."""
    size = {Resolution.QUARTER: 1, Resolution.HOUR: 4}.get(resolution)
    begin, end = quarter_of(first), quarter_of(after - timedelta.resolution) + 1
    day = _preceding(first.astimezone().date(), resolution)
    while begin < end:
        origin, day = quarter_of(_midnight(day)), _following(day, resolution)
        until = min(end, quarter_of(_midnight(day)))
        if until > begin:
            yield Stretch(begin, until, origin, size or until - origin)
        begin = max(begin, until)


def spans(database: SqliteDatabase, stretch: Stretch) -> Iterator[dict[str, Any]]:
    """What flowed in each span of which something is known; by the names of ``GET /api/history``."""
    asked = (stretch.first, stretch.after, stretch.origin, stretch.size)
    charges: dict[int, list[dict[str, Any]]] = {}
    for place, title, energy, green, cost, co2 in database.execute_sql(_CHARGES, asked).fetchall():
        charge = {"title": title, "energy": _energy(energy), "solar": _energy(green)}
        charges.setdefault(place, []).append(charge | {"cost": _cost(cost), "co2": _grams(co2)})
    for place, *row in database.execute_sql(_HOUSE, asked).fetchall():
        start = stretch.origin + place * stretch.size
        begin, end = max(start, stretch.first), min(start + stretch.size, stretch.after)
        yield _span(begin, end, row) | {"loadpoints": charges.get(place, [])}


def _span(start: int, end: int, row: list[Any]) -> dict[str, Any]:
    seconds, imported, exported, pv, charged, discharged, home, green, price, feed_in, co2, *sums = row
    cost, revenue, emitted, home_cost = sums
    return {
        "start": _local(start).isoformat(),
        "end": _local(end).isoformat(),
        "seconds": seconds,
        "gridImport": _energy(imported),
        "gridExport": _energy(exported),
        "pv": _energy(pv),
        "batteryCharge": _energy(charged),
        "batteryDischarge": _energy(discharged),
        "home": _energy(home),
        "homeSolar": _energy(green),
        "gridPrice": _figure(price, PRICE, 6),
        "feedInPrice": _figure(feed_in, PRICE, 6),
        "co2": _figure(co2, CO2, 2),
        "importCost": _cost(cost),
        "exportRevenue": _cost(revenue),
        "importCo2": _grams(emitted),
        "homeCost": _cost(home_cost),
    }


def _preceding(day: date, resolution: Resolution) -> date:
    """The first day of the span that ``day`` lies in."""
    if resolution is Resolution.YEAR:
        return date(day.year, 1, 1)
    return date(day.year, day.month, 1) if resolution is Resolution.MONTH else day


def _following(day: date, resolution: Resolution) -> date:
    """The first day of the span after the one that ``day`` lies in."""
    if resolution is Resolution.YEAR:
        return date(day.year + 1, 1, 1)
    if resolution is Resolution.MONTH:
        return date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return day + timedelta(days=1)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day).astimezone()


def _whole(value: float | None, unit: float) -> int | None:
    return None if value is None else round(value * unit)


def _figure(value: float | None, unit: float, digits: int) -> float | None:
    return None if value is None else round(value / unit, digits)


def _energy(value: int) -> float:
    return round(value / KWH, 5)


def _cost(value: float | None) -> float | None:
    return _figure(value, KWH * PRICE, 6)


def _grams(value: float | None) -> float | None:
    return _figure(value, KWH * CO2, 2)


def _local(number: int) -> datetime:
    return datetime.fromtimestamp(number * QUARTER_S, UTC).astimezone()
