"""What something costs, emits or yields, and when: the rates of every tariff, and what is known of them all."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from .issues import Issue

SLOT = timedelta(minutes=15)
"""The grid of all rates: quarters of an hour by the wall clock."""


class Usage(Enum):
    """What a tariff is for, by evcc's names."""

    GRID = "grid"
    FEED_IN = "feedin"
    CO2 = "co2"
    PLANNER = "planner"
    SOLAR = "solar"


class TariffKind(Enum):
    """What its rates are, by evcc's names. A static price never changes; of a dynamic one only the present is known."""

    STATIC = "pricestatic"
    DYNAMIC = "pricedynamic"
    FORECAST = "priceforecast"
    CO2 = "co2"
    SOLAR = "solar"


@dataclass(frozen=True, slots=True)
class Rate:
    """From ``start`` until just before ``end`` (aware): currency per kWh, g/kWh, or W of a forecast; negative, too."""

    start: datetime
    end: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Tariff:
    """One tariff as it is known now. ``rates``: sorted, without overlaps, from the past into the future."""

    kind: TariffKind
    rates: tuple[Rate, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Outlook:
    """All tariffs as they are known now. ``issues``: what is wrong with their sources."""

    currency: str = "EUR"
    tariffs: Mapping[Usage, Tariff] = field(default_factory=dict)
    issues: tuple[Issue, ...] = ()

    def rates(self, usage: Usage) -> tuple[Rate, ...] | None:
        """None: there is no such tariff, or nothing is known of it."""
        tariff = self.tariffs.get(usage)
        return (tariff.rates or None) if tariff else None

    def kind(self, usage: Usage) -> TariffKind | None:
        """None: there is no such tariff."""
        tariff = self.tariffs.get(usage)
        return tariff.kind if tariff else None

    def changes(self, usage: Usage) -> bool:
        """Whether it pays to wait for a better rate of this usage."""
        return self.kind(usage) not in (None, TariffKind.STATIC)

    def value(self, usage: Usage, moment: datetime | None) -> float | None:
        """The rate at ``moment``; while the clock is not trusted (None) only a static price is known."""
        rates = self.rates(usage)
        if rates is None:
            return None
        if self.kind(usage) is TariffKind.STATIC:
            return rates[-1].value
        return at(rates, moment) if moment is not None else None


def at(rates: Sequence[Rate], moment: datetime) -> float | None:
    """The value at ``moment``; None in a gap, before the first and after the last rate."""
    place = bisect_right(rates, moment, key=lambda rate: rate.start) - 1
    return rates[place].value if place >= 0 and moment < rates[place].end else None


def from_now(rates: Sequence[Rate], moment: datetime) -> Sequence[Rate]:
    """The running slot and those to come."""
    return rates[bisect_right(rates, moment, key=lambda rate: rate.end) :]
