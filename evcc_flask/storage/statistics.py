"""What the sessions of a while come to: energy, share of the sun, mean price and CO2."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from peewee import SqliteDatabase

from .book import UTC_TEXT

Statistics = Mapping[str, Mapping[str, float | None]]

_SUMS = (
    "SELECT total(charged_kwh),"
    + ",".join(
        f" sum(charged_kwh * {name}) / sum(charged_kwh) FILTER (WHERE {name} IS NOT NULL)"
        for name in ("solar_percentage", "price_per_kwh", "co2_per_kwh")
    )
    + " FROM sessions WHERE charged_kwh > 0 AND removed IS NULL AND coalesce(datetime(finished), '') >= ?"
)


def computed(database: SqliteDatabase, now: datetime) -> Statistics:
    """By evcc's names of periods and values; weighted by energy. An average of nothing known is None."""
    year = datetime(now.astimezone().year, 1, 1).astimezone()
    begins = {"30d": now - timedelta(days=30), "365d": now - timedelta(days=365), "thisYear": year, "total": None}
    return {period: _sums(database, begin) for period, begin in begins.items()}


def _sums(database: SqliteDatabase, begin: datetime | None) -> dict[str, float | None]:
    since = "" if begin is None else begin.astimezone(UTC).strftime(UTC_TEXT)
    energy, solar, price, co2 = database.execute_sql(_SUMS, (since,)).fetchone()
    return {
        "chargedKWh": round(energy, 3),
        "solarPercentage": _rounded(solar),
        "avgPrice": _rounded(price),
        "avgCo2": _rounded(co2),
    }


def _rounded(value: float | None) -> float | None:
    """Rows of other programs may hold an infinite price per kWh."""
    return round(value, 4) if value is not None and abs(value) < float("inf") else None
