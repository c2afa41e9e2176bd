"""What electricity costs at the demo's exchange, and what its weather service expects of the roof. Pure, by seed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from .description import HouseDescription
from .house import SYSTEM_SHARE
from .sun import clear_sky_share, sun_position, through_clouds

PUBLISHED_AT = 13
"""From this hour on the prices of tomorrow are known, as at the European exchanges."""
SUNNY_DAYS = 3
USUAL_DAY = (
    *(0.07, 0.06, 0.05, 0.05, 0.06, 0.08, 0.12, 0.15, 0.14, 0.10, 0.07, 0.04),
    *(0.02, 0.02, 0.04, 0.06, 0.09, 0.13, 0.17, 0.18, 0.16, 0.12, 0.10, 0.08),
)
"""Currency per kWh by the hour: a cheap night, two peaks, and much sun at noon."""
TOO_MUCH_SUN = 0.35
"""Share of the days on which the price falls below zero at noon."""

HOUR = timedelta(hours=1)


def prices(now: datetime, seed: int) -> list[dict[str, Any]]:
    """Today's and, once published, tomorrow's hours: ``start``, ``end`` (RFC 3339) and ``value``."""
    days = 2 if now.hour >= PUBLISHED_AT else 1
    return [
        {"start": at.isoformat(), "end": (at + HOUR).isoformat(), "value": value}
        for at, value in _hours(now, days, seed)
    ]


def sunshine(house: HouseDescription, now: datetime) -> list[dict[str, Any]]:
    """What is expected of the whole roof in three days from midnight, W by the hour; true clouds differ."""
    first = _midnight(now)
    return [
        {"start": at.isoformat(), "end": (at + HOUR).isoformat(), "value": round(_expected_w(house, at + HOUR / 2))}
        for at in (first + number * HOUR for number in range(24 * SUNNY_DAYS))
    ]


def _hours(now: datetime, days: int, seed: int) -> Iterator[tuple[datetime, float]]:
    first = _midnight(now)
    for number in range(24 * days):
        at = first + number * HOUR
        yield at, _of_day(at.date(), seed)[at.hour]


def _of_day(day: date, seed: int) -> list[float]:
    random = Random(f"market {seed} {day.isoformat()}")
    level, sun = random.uniform(0.8, 1.3), random.random() < TOO_MUCH_SUN
    found = [price * level + random.uniform(-0.01, 0.01) for price in USUAL_DAY]
    if sun:
        found[11:15] = [random.uniform(-0.25, -0.02) for _ in range(4)]
    return [round(price, 4) for price in found]


def _expected_w(house: HouseDescription, at: datetime) -> float:
    elevation, azimuth = sun_position(at.astimezone(UTC), house.latitude_deg, house.longitude_deg)
    clouds = 0.3 if house.clouds is None else house.clouds
    return sum(
        SYSTEM_SHARE
        * string.peak_w
        * through_clouds(clear_sky_share(elevation, azimuth, string.tilt_deg, string.azimuth_deg), clouds)
        for string in house.pv
    )


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
