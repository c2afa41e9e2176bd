"""A tariff of plugins: ``price`` for what it costs now, ``forecast`` for a list of what it will."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any, cast

from evcc_flask.bus.needs import Link
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.domain.rates import SLOT, Rate, TariffKind, Usage
from evcc_flask.plugins.fields import Duration, Loose, Many, Text, Tree
from evcc_flask.plugins.ports import Source
from evcc_flask.plugins.problems import Problems
from evcc_flask.plugins.registry import build_source
from evcc_flask.plugins.shop import Links, Shop, Workshop
from evcc_flask.plugins.values import Kind, bad, finite, shown

from .answers import finished, rates_of
from .errand import Errand, ErrandLinks
from .feed import Told
from .slots import floor
from .surcharge import FIELDS, Surcharge, read_surcharge

AHEAD = timedelta(hours=48)
"""So long the price of now is taken for that of later."""
KINDS = {kind.value: kind for kind in TariffKind}
BY_USAGE = {Usage.CO2: TariffKind.CO2, Usage.SOLAR: TariffKind.SOLAR}


class CustomSchema(Loose):
    price = Tree(load_default=None)
    forecast = Tree(load_default=None)
    tariff = Text(load_default="")
    interval = Duration(load_default=3600.0)
    cache = Duration(load_default=900.0)
    features = Many(Text())


@dataclass(frozen=True)
class Custom:
    """Implements Feed. ``foretold``: the source gives a list, else one price."""

    source: Source
    errand: Errand
    surcharge: Surcharge
    zone: tzinfo | None
    kind: TariffKind
    refresh_s: float
    foretold: bool
    name: str = "custom"
    calls_a_day: int = 0

    @property
    def link(self) -> Link:
        return self.errand.link

    @property
    def keeps_s(self) -> float:
        """The price of now is not believed for ever where nobody confirms it."""
        return 0.0 if self.foretold else 2 * self.refresh_s

    def rests(self, now: datetime) -> bool:
        return False

    def fetch(self, wire: Any, now: datetime) -> Told:
        """See Feed."""
        self.errand.run(self.source.needs(), wire)
        value = self.source.value()
        if self.foretold:
            return finished(rates_of(_listed(value)), self.kind, self.surcharge, self.zone, now)
        start, price = floor(now), finite(value)
        rates = [Rate(start + place * SLOT, start + (place + 1) * SLOT, price) for place in range(AHEAD // SLOT)]
        return finished(rates, self.kind, self.surcharge, self.zone, now)


def custom(usage: Usage, name: str, params: Mapping[str, Any], workshop: Workshop, zone: tzinfo | None) -> Custom:
    """Raises a group of Misconfigured."""
    problems = Problems()
    schema = type("Schema", (CustomSchema,), {key: kind() for key, kind in FIELDS.items()})
    given = problems.load(schema(), params) or {}
    key = "forecast" if given.get("forecast") else "price"
    with problems.below():
        if not given.get(key):
            raise Misconfigured("is missing", ("price",), "Give a plugin under price, or under forecast.")
    errand = Errand(workshop.shop(name).calls(), workshop.clock)
    shop = _shop(workshop.shop(name), errand)
    wanted = Kind.TEXT if key == "forecast" else Kind.FLOAT
    source = problems.build(lambda: build_source(given[key], shop, wanted), key) if given.get(key) else None
    surcharge = problems.build(lambda: read_surcharge(given)) or Surcharge()
    kind = problems.build(lambda: _kind(given.get("tariff", ""), usage, foretold=key == "forecast"), "tariff")
    problems.end()
    assert source is not None
    assert kind is not None
    refresh_s = given["interval"] if key == "forecast" else given["cache"]
    return Custom(source, errand, surcharge, zone, kind, max(1.0, refresh_s), key == "forecast")


def _shop(shop: Shop, errand: Errand) -> Shop:
    return replace(shop, bus=cast(Links, ErrandLinks(shop.bus, errand)))


def _kind(word: str, usage: Usage, *, foretold: bool) -> TariffKind:
    if not word:
        return BY_USAGE.get(usage, TariffKind.FORECAST if foretold else TariffKind.DYNAMIC)
    if word.lower() not in KINDS:
        raise Misconfigured(f"{word!r} is no kind of tariff", remedy=f"Known: {', '.join(KINDS)}.")
    return KINDS[word.lower()]


def _listed(value: Any) -> Any:
    try:
        return json.loads(value)
    except (TypeError, ValueError, RecursionError):
        raise bad(f"the forecast is no JSON but {shown(value)}") from None
