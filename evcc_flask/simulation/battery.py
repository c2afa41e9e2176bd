"""A home battery that balances the grid connection, unless it is told to hold or to charge."""

from math import exp

from evcc_flask.domain.words import BatteryMode

from .description import BatteryDescription


class Battery:
    """``power_w``: discharge positive. ``mode`` is set from outside; UNKNOWN counts as NORMAL."""

    def __init__(self, description: BatteryDescription) -> None:
        self.description = description
        self.capacity_kwh = description.capacity_kwh
        self.soc_percent = description.soc_percent
        self.power_w = 0.0
        self.charged_kwh = 0.0
        self.discharged_kwh = 0.0
        self.mode = BatteryMode.NORMAL

    def _can_charge_w(self) -> float:
        """The last five per cent go in slower and slower."""
        return self.description.max_charge_w * max(0.0, min(1.0, (100 - self.soc_percent) / 5))

    def _can_discharge_w(self) -> float:
        return self.description.max_discharge_w if self.soc_percent > self.description.min_soc_percent else 0.0

    def advance(self, dt_s: float, demand_w: float, ac_room_w: float, excess_dc_w: float) -> None:
        """Follow ``demand_w`` (what house and cars need beyond the sun; negative = surplus) for ``dt_s``.

        ``ac_room_w``: what a shared inverter can still send to the house. ``excess_dc_w``: what it cannot send.
        """
        balancing_w = min(demand_w, ac_room_w) - excess_dc_w
        if self.mode is BatteryMode.CHARGE:
            wanted_w = -self._can_charge_w()
        elif self.mode is BatteryMode.HOLD:
            wanted_w = min(0.0, balancing_w)
        else:
            wanted_w = balancing_w
        wanted_w = max(-self._can_charge_w(), min(self._can_discharge_w(), wanted_w))
        response_s = self.description.response_s
        follow = 1 - exp(-dt_s / response_s) if response_s > 0 else 1.0
        before_w = self.power_w
        self.power_w += (wanted_w - self.power_w) * follow
        # why: an empty or full battery ends at once, whatever its regulator was about to do
        self.power_w = max(-self._can_charge_w(), min(self._can_discharge_w(), self.power_w))
        self._store((before_w + self.power_w) / 2 * dt_s / 3.6e6)

    def _store(self, out_kwh: float) -> None:
        if out_kwh > 0:
            self.discharged_kwh += out_kwh
            change_kwh = -out_kwh / self.description.efficiency
        else:
            self.charged_kwh -= out_kwh
            change_kwh = -out_kwh * self.description.efficiency
        self.soc_percent = max(0.0, min(100.0, self.soc_percent + 100 * change_kwh / self.capacity_kwh))
