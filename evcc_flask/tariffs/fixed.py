"""A price of the configuration: always the same, or by the hour, the day and the month."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any

from evcc_flask.bus.needs import Link
from evcc_flask.domain.rates import Rate, TariffKind, Usage
from evcc_flask.plugins.fields import Loose, Number
from evcc_flask.plugins.problems import Problems

from .answers import with_surcharge
from .feed import Told
from .slots import local, midnight, quarters
from .surcharge import FIELDS, Surcharge, Zones, read_surcharge
from .zones import Zone, read_zones, value_at

DAYS = 7
"""So far ahead a fixed price is told."""


class FixedSchema(Loose):
    price = Number(load_default=0.0)
    zones = Zones()


@dataclass(frozen=True, slots=True)
class Fixed:
    """Implements Feed without fetching."""

    price: float
    zones: tuple[Zone, ...]
    surcharge: Surcharge
    zone: tzinfo | None
    kind: TariffKind
    name: str = "fixed"
    refresh_s: float = 3600.0
    link: Link | None = None
    calls_a_day: int = 0
    keeps_s: float = 0.0

    def rests(self, now: datetime) -> bool:
        return False

    def fetch(self, wire: Any, now: datetime) -> Told:
        """Seven days from midnight on, cut where a zone begins or ends within a quarter."""
        today = now.astimezone(self.zone).date()
        start, end = midnight(today, self.zone), midnight(today + timedelta(DAYS), self.zone)
        marks = {mark % 15 for each in (*self.zones, *self.surcharge.zones) for mark in (each.start_min, each.end_min)}
        cuts = [timedelta(minutes=mark) for mark in sorted(marks | {0})]
        moments = [quarter + cut for quarter in quarters(start, end) for cut in cuts]
        walls = [local(moment, self.zone) for moment in (*moments, end)]
        plain = [Rate(wall, until, value_at(self.zones, wall, self.price)) for wall, until in pairwise(walls)]
        cut = with_surcharge(plain, self.surcharge)
        rates = Told(left_out=cut.left_out)
        for rate in cut:
            before = rates[-1] if rates else None
            if before is not None and (before.value, before.end) == (rate.value, rate.start) and rate.start.minute % 15:
                rates[-1] = Rate(before.start, rate.end, rate.value)
            else:
                rates.append(rate)
        return rates


def fixed(params: Mapping[str, Any], zone: tzinfo | None, usage: Usage = Usage.GRID) -> Fixed:
    """Emissions are told as such, in g/kWh, also where they never change. Raises a group of Misconfigured."""
    problems = Problems()
    schema = type("Schema", (FixedSchema,), {name: kind() for name, kind in FIELDS.items()})
    given = problems.load(schema(), params) or {}
    zones = problems.build(lambda: read_zones(given.get("zones"), "price"), "zones") or ()
    surcharge = problems.build(lambda: read_surcharge(given)) or Surcharge()
    problems.end()
    changes = zones or surcharge.zones or (surcharge.formula is not None and "ts." in surcharge.formula.text)
    kind = TariffKind.FORECAST if changes else TariffKind.STATIC
    if usage is Usage.CO2:
        kind = TariffKind.CO2
    return Fixed(given.get("price", 0.0), zones, surcharge, zone, kind)
