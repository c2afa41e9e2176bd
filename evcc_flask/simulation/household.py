"""What the family uses: a restless base, kettles, an oven, a washing machine, by seed. A pure function of time."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from random import Random

from .description import HouseDescription

BASE_SHARES = (0.45, 0.3, 0.25)
"""How the many small loads are spread over the house phases."""


@dataclass(frozen=True, slots=True)
class _Use:
    """A device that runs from second ``start`` to ``end`` of its day, on for ``duty`` of each three minutes."""

    start: float
    end: float
    power_w: float
    line: int
    duty: float = 1.0

    def power_at(self, second: float) -> float:
        if not self.start <= second < self.end:
            return 0.0
        return self.power_w if (second - self.start) % 180 < 180 * self.duty else 0.0


@lru_cache(maxsize=16)
def _uses(seed: int, day: date) -> tuple[_Use, ...]:
    random = Random(f"household {seed} {day.isoformat()}")

    def use(hour: float, spread_h: float, minutes: float, power_w: float, line: int, duty: float = 1.0) -> _Use:
        start = max(0.0, (hour + random.uniform(-spread_h, spread_h)) * 3600)
        return _Use(start, start + minutes * 60, power_w, line, duty)

    kettles = [use(hour, 0.7, random.uniform(2, 4), 2100, 0) for hour in (6.8, 7.6, 10.4, 15.2, 17.9, 20.3)]
    cooking = [use(12.1, 0.3, 25, 1800, 1, 0.6), use(18.4, 0.4, 45, 2600, 1, 0.55)]
    washing = [use(random.uniform(8.5, 15), 0.2, 20, 2000, 2), use(20.8, 0.5, 30, 1900, 2, 0.7)]
    return tuple(kettles + cooking + washing)


@lru_cache(maxsize=16)
def _restless(seed: int, day: date) -> tuple[float, ...]:
    """A factor of the base load for each five minutes of a day."""
    random = Random(f"base {seed} {day.isoformat()}")
    return tuple(
        (1.5 if 6 <= hour // 12 < 9 or 17 <= hour // 12 < 23 else 1.0) * random.uniform(0.75, 1.25)
        for hour in range(24 * 12)
    )


def load_at(when: datetime, house: HouseDescription) -> tuple[float, float, float]:
    """The household's power in W on each house phase."""
    second = when.hour * 3600 + when.minute * 60 + when.second
    day = when.date()
    base_w = house.base_load_w * _restless(house.seed, day)[second // 300]
    lines = [base_w * share for share in BASE_SHARES]
    for use in _uses(house.seed, day):
        lines[use.line] += use.power_at(second)
    return lines[0], lines[1], lines[2]
