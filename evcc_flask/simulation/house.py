"""A house that obeys physics: sun, family, battery, boxes and cars meet at the grid connection, on three phases.

``step`` moves it to a time; nothing else does. The same description always lives the same life, however it is
stepped (within the ten seconds of a step). What is forced (``forced_pv_w``, ``forced_load_w``) replaces sun and family.
"""

from collections import deque
from datetime import datetime, time, timedelta
from math import ceil

from .battery import Battery
from .box import Box
from .car import Car
from .description import HouseDescription, PvDescription
from .household import BASE_SHARES, load_at
from .sun import clear_sky_share, cloud_cover, sun_position, through_clouds

LONGEST_STEP_S = 10.0
NOMINAL_V = 230.0
SYSTEM_SHARE = 0.88
"""What modules deliver of their peak power on a hot roof, behind cables and an inverter."""

Lines = tuple[float, float, float]


class GridMeter:
    """The meter at the grid connection: import positive in W, currents in A without sign, as such meters show them."""

    def __init__(self, lag_s: float) -> None:
        self.power_w = 0.0
        self.powers_w: Lines = (0.0, 0.0, 0.0)
        self.currents_a: Lines = (0.0, 0.0, 0.0)
        self.voltages_v: Lines = (NOMINAL_V, NOMINAL_V, NOMINAL_V)
        self.import_kwh = 5000.0
        self.export_kwh = 3000.0
        self._lag_s = lag_s
        self._past: deque[tuple[float, Lines]] = deque()

    def measure(self, at_s: float, dt_s: float, powers_w: Lines, voltages_v: Lines) -> None:
        """Count and show the power of each phase, or with a lag that of some time ago."""
        energy_kwh = sum(powers_w) * dt_s / 3.6e6
        self.import_kwh += max(0.0, energy_kwh)
        self.export_kwh += max(0.0, -energy_kwh)
        shown = powers_w
        if self._lag_s > 0:
            self._past.append((at_s, powers_w))
            while len(self._past) > 1 and self._past[1][0] <= at_s - self._lag_s:
                self._past.popleft()
            shown = self._past[0][1]
        self.powers_w = shown
        self.power_w = sum(shown)
        self.voltages_v = voltages_v
        self.currents_a = (
            abs(shown[0]) / voltages_v[0],
            abs(shown[1]) / voltages_v[1],
            abs(shown[2]) / voltages_v[2],
        )


class PvString:
    """One inverter's meter: generation in W, energy in kWh, current in A per phase that it feeds."""

    def __init__(self, description: PvDescription) -> None:
        self.description = description
        self.power_w = 0.0
        self.energy_kwh = 20000.0
        self.voltage_v = NOMINAL_V
        self.current_a = 0.0

    def produce(self, power_w: float, dt_s: float, voltage_v: float) -> None:
        self.power_w = power_w
        self.energy_kwh += power_w * dt_s / 3.6e6
        self.voltage_v = voltage_v
        self.current_a = power_w / len(self.description.lines) / voltage_v


class House:
    """Readable after each ``step``: ``grid``, ``pv[i]``, ``batteries[i]``, ``boxes[i]``, ``cars[i]``, ``load_w``."""

    def __init__(self, description: HouseDescription) -> None:
        self.description = description
        self.now = description.start
        self.elapsed_s = 0.0
        self.grid = GridMeter(description.lag_s)
        self.pv = [PvString(each) for each in description.pv]
        self.batteries = [Battery(each) for each in description.batteries]
        self.boxes = [Box(each) for each in description.boxes]
        self.cars = [Car(each) for each in description.cars]
        self.load_w = 0.0
        self.true_grid_w = 0.0
        self.forced_pv_w: float | None = None
        self.forced_load_w: float | Lines | None = None
        for car in self.cars:
            if car.plugged:
                self.boxes[car.description.box].plug(car)
        self._advance(0.0)

    def step(self, to: datetime) -> None:
        """Live until ``to``; a time that has passed changes nothing."""
        left_s = (to - self.now).total_seconds()
        if left_s <= 0:
            return
        steps = ceil(left_s / LONGEST_STEP_S)
        for _ in range(steps):
            self._advance(left_s / steps)
        self.now = to

    def settle(self) -> None:
        """Let what was forced or set since the last step act on the flows of this very moment."""
        self._advance(0.0)

    def _advance(self, dt_s: float) -> None:
        before, self.now = self.now, self.now + timedelta(seconds=dt_s)
        self.elapsed_s += dt_s
        self._move_cars(before)
        voltages_v = self.grid.voltages_v
        load = self._load()
        for box in self.boxes:
            box.advance(dt_s, voltages_v)
        lines = list(load)
        for box in self.boxes:
            for own, line in enumerate(box.description.phase_order):
                lines[line] += box.currents_a[own] * voltages_v[line]
        self.load_w = sum(load)
        demand_w = sum(lines)
        dc_w = self._sun()
        ac_w = self._share_battery(dt_s, demand_w, dc_w)
        for battery in self.batteries:
            if battery.description.dc_coupled_to is None:
                _spread(lines, battery.description.lines, -battery.power_w)
        for string, power_w in zip(self.pv, ac_w, strict=True):
            _spread(lines, string.description.lines, -power_w)
        self.true_grid_w = sum(lines)
        ohm = self.description.impedance_ohm
        measured_v = (
            NOMINAL_V - ohm * lines[0] / NOMINAL_V,
            NOMINAL_V - ohm * lines[1] / NOMINAL_V,
            NOMINAL_V - ohm * lines[2] / NOMINAL_V,
        )
        self.grid.measure(self.elapsed_s, dt_s, (lines[0], lines[1], lines[2]), measured_v)

    def _load(self) -> Lines:
        if self.forced_load_w is None:
            return load_at(self.now, self.description)
        forced_w = self.forced_load_w
        a, b, c = forced_w if isinstance(forced_w, tuple) else (forced_w * share for share in BASE_SHARES)
        return a + self._jitter(), b, c

    def _jitter(self) -> float:
        """A few watts that a real house never stops to gain and lose, by the second and the seed."""
        here = self.description
        if here.jitter_w == 0:
            return 0.0
        return here.jitter_w * ((int(self.elapsed_s) * 7919 + here.seed * 104729) % 1009 / 1009 - 0.5)

    def _sun(self) -> list[float]:
        """What each string could deliver now, in W of its modules."""
        if self.forced_pv_w is not None:
            peak_w = sum(string.description.peak_w for string in self.pv) or 1.0
            return [self.forced_pv_w * string.description.peak_w / peak_w for string in self.pv]
        here = self.description
        elevation, azimuth = sun_position(self.now, here.latitude_deg, here.longitude_deg)
        if elevation <= 0:
            return [0.0] * len(self.pv)
        cover = cloud_cover(self.now, here.seed, here.clouds)
        return [
            SYSTEM_SHARE
            * each.peak_w
            * through_clouds(clear_sky_share(elevation, azimuth, each.tilt_deg, each.azimuth_deg), cover)
            for each in (string.description for string in self.pv)
        ]

    def _share_battery(self, dt_s: float, demand_w: float, dc_w: list[float]) -> list[float]:
        """Batteries take or give their part; returns what of each inverter reaches the house."""
        ac_w = [min(power_w, _limit(string)) for string, power_w in zip(self.pv, dc_w, strict=True)]
        open_w = demand_w - sum(ac_w)
        for battery in self.batteries:
            place = battery.description.dc_coupled_to
            if place is None:
                battery.advance(dt_s, open_w, battery.description.max_discharge_w, 0.0)
                open_w -= battery.power_w
                continue
            limit_w = _limit(self.pv[place])
            battery.advance(dt_s, open_w, limit_w - ac_w[place], max(0.0, dc_w[place] - limit_w))
            together_w = min(limit_w, dc_w[place] + battery.power_w)
            open_w -= together_w - ac_w[place]
            ac_w[place] = together_w
        self._throttle(-open_w, ac_w, dc_w)
        for place, string in enumerate(self.pv):
            coupled_w = sum(each.power_w for each in self.batteries if each.description.dc_coupled_to == place)
            made_w = min(dc_w[place], ac_w[place] - coupled_w)
            string.produce(max(0.0, made_w), dt_s, self.grid.voltages_v[string.description.lines[0]])
        return ac_w

    def _throttle(self, export_w: float, ac_w: list[float], dc_w: list[float]) -> None:
        """Inverters reduce their output where the grid must not take all of it."""
        limit_w = self.description.export_limit_w
        if limit_w is None or export_w <= limit_w:
            return
        surplus_w = export_w - limit_w
        for place, power_w in enumerate(ac_w):
            cut_w = min(surplus_w, max(0.0, power_w))
            ac_w[place] -= cut_w
            dc_w[place] -= cut_w
            surplus_w -= cut_w

    def _move_cars(self, before: datetime) -> None:
        if before == self.now:
            return
        for car in self.cars:
            box = self.boxes[car.description.box]
            for stay in car.description.stays:
                if _passed(before, self.now, stay.leaves) and box.car is car:
                    box.unplug()
                if _passed(before, self.now, stay.comes) and box.car is None:
                    car.drive(stay.used_kwh)
                    box.plug(car)


def _limit(string: PvString) -> float:
    return string.description.max_ac_w if string.description.max_ac_w is not None else float("inf")


def _spread(lines: list[float], over: tuple[int, ...], power_w: float) -> None:
    for line in over:
        lines[line] += power_w / len(over)


def _passed(before: datetime, now: datetime, clock: time) -> bool:
    """Whether the daily time ``clock`` lies in the short span (before, now]."""
    today = now.replace(hour=clock.hour, minute=clock.minute, second=clock.second, microsecond=0)
    return before < today <= now
