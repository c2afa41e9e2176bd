"""The tariffs of evcc's demo templates: made-up days that need no network, for trying a configuration out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from math import pi, sin
from typing import Any

from evcc_flask.bus.needs import Link
from evcc_flask.domain.rates import Rate, TariffKind
from evcc_flask.plugins.fields import Loose
from evcc_flask.plugins.problems import Problems

from .answers import finished
from .slots import local, midnight
from .surcharge import FIELDS, Surcharge, read_surcharge

DAYS = 3
BY_HOUR: Mapping[TariffKind, tuple[float, ...]] = {
    TariffKind.CO2: tuple(round(320 + 110 * sin((hour - 4) * pi / 6), 1) for hour in range(24)),
    TariffKind.FORECAST: tuple(round(0.26 + 0.1 * sin((hour - 3) * pi / 6), 3) for hour in range(24)),
    TariffKind.SOLAR: tuple(round(max(0.0, 6000 * sin((hour - 6) * pi / 14))) for hour in range(24)),
}
"""g/kWh, currency per kWh, W: two peaks a day for grid and exchange, and a sun from six to eight."""
TEMPLATES: Mapping[str, TariffKind] = {
    "demo-co2-forecast": TariffKind.CO2,
    "demo-dynamic-grid": TariffKind.FORECAST,
    "demo-solar-forecast": TariffKind.SOLAR,
}


@dataclass(frozen=True, slots=True)
class Demo:
    """Implements Feed without fetching."""

    name: str
    kind: TariffKind
    surcharge: Surcharge
    zone: tzinfo | None
    refresh_s: float = 3600.0
    link: Link | None = None
    calls_a_day: int = 0
    keeps_s: float = 0.0

    def rests(self, now: datetime) -> bool:
        return False

    def fetch(self, wire: Any, now: datetime) -> Sequence[Rate]:
        """Three days from midnight on."""
        today, hour = local(now, self.zone).date(), timedelta(hours=1)
        start, end = midnight(today, self.zone), midnight(today + timedelta(DAYS), self.zone)
        starts = [start + number * hour for number in range((end - start) // hour)]
        values = BY_HOUR[self.kind]
        rates = [Rate(at, at + hour, values[local(at, self.zone).hour]) for at in starts]
        return finished(rates, self.kind, self.surcharge, self.zone)


def demo(name: str, params: Mapping[str, Any], zone: tzinfo | None) -> Demo:
    """Raises a group of Misconfigured."""
    problems = Problems()
    schema: type[Any] = Loose.from_dict({key: kind() for key, kind in FIELDS.items()})
    given = problems.load(schema(), params) or {}
    surcharge = problems.build(lambda: read_surcharge(given)) or Surcharge()
    problems.end()
    return Demo(name, TEMPLATES[name], surcharge, zone)
