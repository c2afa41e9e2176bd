"""What the sun gives: its place in the sky, and clouds that drift by seed. Pure functions of time.

The sun's place follows the usual short formulas (declination and equation of time from the day's angle, Spencer
1971; good to half a degree), clear-sky irradiance follows Haurwitz (1945): all we need is a plausible day.
"""

from datetime import UTC, date, datetime
from functools import lru_cache
from math import acos, cos, exp, pi, radians, sin
from random import Random

LATTICE_S = 240
"""Distance of the random points between which the clouds' cover is blended."""

_DIFFUSE = 0.12
"""Share of the clear-sky light that comes from the whole sky, whatever the module's direction."""


def sun_position(when: datetime, latitude_deg: float, longitude_deg: float) -> tuple[float, float]:
    """Elevation above the horizon and azimuth from north over east, both in radians; ``when`` is aware."""
    utc = when.astimezone(UTC)
    hour = utc.hour + utc.minute / 60 + utc.second / 3600
    angle = 2 * pi * (utc.timetuple().tm_yday - 1 + (hour - 12) / 24) / 365
    declination = (
        0.006918 - 0.399912 * cos(angle) + 0.070257 * sin(angle) - 0.006758 * cos(2 * angle) + 0.000907 * sin(2 * angle)
    )
    equation_h = 3.8197 * (
        0.000075 + 0.001868 * cos(angle) - 0.032077 * sin(angle) - 0.014615 * cos(2 * angle) - 0.040849 * sin(2 * angle)
    )
    hour_angle = radians(15 * (hour - 12 + equation_h) + longitude_deg)
    latitude = radians(latitude_deg)
    height = sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(hour_angle)
    zenith = acos(max(-1.0, min(1.0, height)))
    across = cos(latitude) * sin(zenith)
    if abs(across) < 1e-9:
        return pi / 2 - zenith, pi
    azimuth = acos(max(-1.0, min(1.0, (sin(declination) - sin(latitude) * cos(zenith)) / across)))
    return pi / 2 - zenith, azimuth if sin(hour_angle) < 0 else 2 * pi - azimuth


def clear_sky_share(elevation: float, azimuth: float, tilt_deg: float, azimuth_deg: float) -> float:
    """Irradiance on a module by a clear sky, as a share of the 1000 W/m² its peak power is stated for."""
    if elevation <= 0:
        return 0.0
    height = sin(elevation)
    global_share = 1.098 * height * exp(-0.057 / height)
    tilt = radians(tilt_deg)
    facing = cos(tilt) * height + sin(tilt) * cos(elevation) * cos(azimuth - radians(azimuth_deg))
    beam = (1 - _DIFFUSE) * global_share * max(0.0, facing) / max(height, 0.1)
    return min(1.15, beam + _DIFFUSE * global_share)


@lru_cache(maxsize=16)
def _sky(seed: int, day: date, clouds: float | None) -> tuple[float, ...]:
    """The cover at each lattice point of a day, 0 clear to 1 dark: wide drifts with small tufts on them."""
    random = Random(f"sky {seed} {day.isoformat()}")
    cover = random.random() ** 1.5 if clouds is None else clouds
    points = 86400 // LATTICE_S + 2
    wide = [random.random() for _ in range(points // 6 + 3)]
    sky = []
    for place in range(points):
        left, part = divmod(place, 6)
        drift = wide[left] + (wide[left + 1] - wide[left]) * part / 6
        tuft = random.random()
        shut_above = 0.9 - 0.8 * cover
        sky.append(max(0.0, min(1.0, (0.65 * drift + 0.35 * tuft - shut_above) * 4 + 0.5)))
    return tuple(sky)


def cloud_cover(when: datetime, seed: int, clouds: float | None) -> float:
    """Cover at a moment, 0 clear to 1 dark; continuous within a day, the same for the same seed."""
    if clouds == 0:
        return 0.0
    second = when.hour * 3600 + when.minute * 60 + when.second + when.microsecond / 1e6
    place, rest = divmod(second, LATTICE_S)
    sky = _sky(seed, when.date(), clouds)
    part = rest / LATTICE_S
    smooth = part * part * (3 - 2 * part)
    here, there = sky[int(place)], sky[int(place) + 1]
    return here + (there - here) * smooth


def through_clouds(share: float, cover: float) -> float:
    """What is left of the clear-sky light below a cover: a fifth of it at the darkest."""
    return share * (1 - 0.8 * cover)
