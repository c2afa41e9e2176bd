"""The tariffs of evcc's demo templates: made-up days that need no network, for trying a configuration out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from math import cos, pi, sin
from typing import Any

from evcc_flask.bus.needs import Link
from evcc_flask.domain.rates import Rate, TariffKind
from evcc_flask.plugins.fields import Loose, Number, Text
from evcc_flask.plugins.problems import Problems

from .answers import finished
from .feed import Told
from .slots import local, midnight
from .surcharge import FIELDS, Surcharge, read_surcharge

DAYS = 3


def _price(hour: int, given: Mapping[str, float]) -> float:
    """Two waves a day: dearest at breakfast and dinner, cheapest at noon and at midnight."""
    middle, swing = (given["max"] + given["min"]) / 2, (given["max"] - given["min"]) / 2
    return round(middle + swing * cos((hour - 7) * pi / 6), 4)


def _emission(hour: int, given: Mapping[str, float]) -> float:
    return round(given["base"] * (1 + given["variation"] * sin((hour - 4) * pi / 6)), 1)


def _sun(hour: int, given: Mapping[str, float]) -> float:
    """W; an inverter at noon yields about nine tenths of its nominal power."""
    length = given["sunset"] - given["sunrise"]
    if length <= 0 or not given["sunrise"] <= hour <= given["sunset"]:
        return 0.0
    return round(max(0.0, 900 * given["kwp"] * sin((hour - given["sunrise"]) * pi / length)))


@dataclass(frozen=True, slots=True)
class Day:
    """A made-up day: what it takes, with evcc's defaults, and its value at an hour."""

    kind: TariffKind
    given: Mapping[str, float]
    at: Callable[[int, Mapping[str, float]], float]


TEMPLATES: Mapping[str, Day] = {
    "demo-co2-forecast": Day(TariffKind.CO2, {"base": 350, "variation": 0.4}, _emission),
    "demo-dynamic-grid": Day(TariffKind.FORECAST, {"min": 0.1, "max": 0.39, "noise": 0.01}, _price),
    "demo-solar-forecast": Day(TariffKind.SOLAR, {"kwp": 4.5, "sunrise": 6, "sunset": 18}, _sun),
}
"""g/kWh; currency per kWh, whose ``noise`` is taken and not made: these days are all alike; W."""
UNUSED = {"interval": Text(), "cache": Text()}
"""How often evcc asks; there is nobody to ask here."""


@dataclass(frozen=True, slots=True)
class Demo:
    """Implements Feed without fetching."""

    name: str
    day: Day
    given: Mapping[str, float]
    surcharge: Surcharge
    zone: tzinfo | None
    refresh_s: float = 3600.0
    link: Link | None = None
    calls_a_day: int = 0
    keeps_s: float = 0.0

    @property
    def kind(self) -> TariffKind:
        return self.day.kind

    def rests(self, now: datetime) -> bool:
        return False

    def fetch(self, wire: Any, now: datetime) -> Told:
        """Three days from midnight on."""
        today, hour = local(now, self.zone).date(), timedelta(hours=1)
        start, end = midnight(today, self.zone), midnight(today + timedelta(DAYS), self.zone)
        starts = [start + number * hour for number in range((end - start) // hour)]
        rates = [Rate(at, at + hour, self.day.at(local(at, self.zone).hour, self.given)) for at in starts]
        return finished(rates, self.kind, self.surcharge, self.zone, now)


def demo(name: str, params: Mapping[str, Any], zone: tzinfo | None) -> Demo:
    """Raises a group of Misconfigured."""
    problems, day = Problems(), TEMPLATES[name]
    own = {key: Number(load_default=value) for key, value in day.given.items()}
    schema: type[Any] = Loose.from_dict({**{key: kind() for key, kind in FIELDS.items()}, **own, **UNUSED})
    given = problems.load(schema(), params) or {}
    surcharge = problems.build(lambda: read_surcharge(given)) or Surcharge()
    problems.end()
    return Demo(name, day, {key: given[key] for key in day.given}, surcharge, zone)
