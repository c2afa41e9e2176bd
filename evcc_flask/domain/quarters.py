"""A quarter of an hour of the house: where its energy came from and went to, at which prices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

QUARTER_S = 900
"""Every civil time is a whole number of quarters off UTC, so that quarters of UTC make up every local hour and day."""


@dataclass(frozen=True, slots=True)
class Charged:
    """Energy of a loadpoint in kWh, and how much of it came from sun and battery."""

    kwh: float = 0.0
    green_kwh: float = 0.0


@dataclass(frozen=True, slots=True)
class Quarter:
    """Energies in kWh, none negative. ``seconds``: for how long the house was watched.

    ``number``: of quarters since 1970, UTC. ``points``: by the title of the loadpoint, as of :func:`unlike`. Prices in
    currency per kWh, ``co2_g`` in g/kWh, as they were last in it; None where no tariff said.
    """

    number: int
    seconds: float = 0.0
    import_kwh: float = 0.0
    export_kwh: float = 0.0
    pv_kwh: float = 0.0
    charge_kwh: float = 0.0
    discharge_kwh: float = 0.0
    home_kwh: float = 0.0
    home_green_kwh: float = 0.0
    points: Mapping[str, Charged] = field(default_factory=dict)
    grid_price: float | None = None
    feed_in_price: float | None = None
    co2_g: float | None = None

    def plus(self, later: "Quarter") -> "Quarter":
        """Both parts of the same quarter."""
        points = dict(self.points)
        for title, more in later.points.items():
            before = points.get(title, Charged())
            points[title] = Charged(before.kwh + more.kwh, before.green_kwh + more.green_kwh)
        return Quarter(
            self.number,
            self.seconds + later.seconds,
            self.import_kwh + later.import_kwh,
            self.export_kwh + later.export_kwh,
            self.pv_kwh + later.pv_kwh,
            self.charge_kwh + later.charge_kwh,
            self.discharge_kwh + later.discharge_kwh,
            self.home_kwh + later.home_kwh,
            self.home_green_kwh + later.home_green_kwh,
            points,
            self.grid_price if later.grid_price is None else later.grid_price,
            self.feed_in_price if later.feed_in_price is None else later.feed_in_price,
            self.co2_g if later.co2_g is None else later.co2_g,
        )


def together(first: Mapping[int, Quarter], later: Mapping[int, Quarter]) -> dict[int, Quarter]:
    """Both, by number."""
    joined = dict(first)
    for number, quarter in later.items():
        joined[number] = joined[number].plus(quarter) if number in joined else quarter
    return joined


def unlike(titles: Sequence[str]) -> list[str]:
    """The same where they differ; of two that are alike the later one is numbered: ``Carport``, ``Carport (2)``."""
    found: list[str] = []
    for title in titles:
        number, told = 1, title
        while told in found or (number > 1 and told in titles):
            number += 1
            told = f"{title} ({number})"
        found.append(told)
    return found


def quarter_of(moment: datetime) -> int:
    """The number of the quarter that ``moment`` (aware) lies in."""
    return int(moment.timestamp() // QUARTER_S)
