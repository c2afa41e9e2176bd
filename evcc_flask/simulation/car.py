"""An electric car: what it takes of what a box offers, until it is full, asleep or gone."""

from .description import CarDescription

TRICKLE = 0.1
"""Share of the full current at 100 % SoC, where the taper ends."""


class Car:
    """``soc_percent`` grows with what it is given; ``plugged`` says whether its cable is in its box."""

    def __init__(self, description: CarDescription) -> None:
        self.description = description
        self.soc_percent = description.soc_percent
        self.plugged = description.plugged
        self.asleep = description.asleep
        self.limit_soc_percent = description.limit_soc_percent
        self.takes = description.takes

    @property
    def wants(self) -> bool:
        return self.plugged and not self.asleep and self.soc_percent < self.limit_soc_percent

    def takes_a(self, offered_a: float) -> float:
        """Current per phase that it settles on; nothing below the 6 A of IEC 61851."""
        if not self.wants or offered_a < 6:
            return 0.0
        current_a = min(offered_a * self.takes, self.description.max_current_a)
        return min(current_a, self.description.max_current_a * self._taper())

    def _taper(self) -> float:
        start = self.description.taper_from_percent
        if self.soc_percent <= start or start >= 100:
            return 1.0
        return max(TRICKLE, 1 - (1 - TRICKLE) * (self.soc_percent - start) / (100 - start))

    def charge(self, energy_kwh: float) -> None:
        stored = energy_kwh * self.description.efficiency
        self.soc_percent = min(100.0, self.soc_percent + 100 * stored / self.description.capacity_kwh)

    def drive(self, used_kwh: float) -> None:
        self.soc_percent = max(5.0, self.soc_percent - 100 * used_kwh / self.description.capacity_kwh)
        self.asleep = False
