"""A wallbox with the car at its cable: contactor, pilot signal, meter, and the bad habits that scenarios need."""

from .car import Car
from .description import BoxDescription

Lines = tuple[float, float, float]


class Box:
    """Read: ``status``, ``power_w``, ``currents_a`` (the box's own L1 to L3), ``energy_kwh``, ``session_kwh``.

    Set: ``offered_a``, ``phases``, ``set_enabled``. ``rebels``: it charges although it is disabled.
    """

    def __init__(self, description: BoxDescription) -> None:
        self.description = description
        self.enabled = description.starts_enabled
        self.offered_a = description.default_a
        self.rebels = False
        self.ignores_phases = False
        self.car: Car | None = None
        self.current_a = 0.0
        self.currents_a: Lines = (0.0, 0.0, 0.0)
        self.voltages_v: Lines = (230.0, 230.0, 230.0)
        self.power_w = 0.0
        self.energy_kwh = 1000.0
        self.session_kwh = 0.0
        self._phases = description.phases
        self._wanted_phases = description.phases
        self._switch_in_s = 0.0
        self._pause_s = 0.0
        self._closed = False

    @property
    def status(self) -> str:
        """A no car, B connected, C the contactor is closed and the car takes."""
        if self.car is None or not self.car.plugged:
            return "A"
        return "C" if self._closed else "B"

    @property
    def phases(self) -> int:
        """Phases that the contactors connect now."""
        return self._phases

    @phases.setter
    def phases(self, phases: int) -> None:
        if self.ignores_phases or phases > self.description.phases or phases == self._wanted_phases:
            return
        self._wanted_phases = phases
        self._switch_in_s = self.description.switch_delay_s

    @property
    def car_phases(self) -> int:
        """Phases that carry current while the car charges."""
        return min(self._phases, self.car.description.phases) if self.car else 0

    def set_enabled(self, enabled: bool) -> None:
        """Let the car charge, or end it."""
        self.enabled = enabled

    def reboot(self) -> None:
        """Power was away: it comes up with what its maker set."""
        self.enabled = self.description.starts_enabled
        self.offered_a = self.description.default_a

    def plug(self, car: Car) -> None:
        """The car's cable goes in; a new session begins, after a short wait."""
        car.plugged = True
        self.car = car
        self.session_kwh = 0.0
        self._pause_s = car.description.wait_s

    def unplug(self) -> None:
        if self.car:
            self.car.plugged = False
        self.car = None
        self._closed = False
        self._set_current(0.0)

    def advance(self, dt_s: float, voltages_v: Lines) -> None:
        """Let ``dt_s`` pass: switch phases, close or open the contactor, follow the offer, count the energy."""
        self.voltages_v = voltages_v
        before_w = self.power_w
        self._switch(dt_s)
        car = self.car
        offered_a = min(self.offered_a, self.description.max_current_a)
        wanted_a = car.takes_a(offered_a) if car and (self.enabled or self.rebels) else 0.0
        if wanted_a == 0.0 or car is None:
            self._closed = False
            self._pause_s = car.description.wait_s if car else 0.0
            self._set_current(0.0)
            self._count(0.0)
            return
        if self._pause_s > dt_s:
            self._pause_s -= dt_s
            self._closed = False
            self._set_current(0.0)
            return
        ramping_s, self._pause_s = dt_s - self._pause_s, 0.0
        self._closed = True
        rate = car.description.max_current_a / car.description.ramp_s if car.description.ramp_s > 0 else 1e9
        reach_a = ramping_s * rate
        self._set_current(max(self.current_a - reach_a, min(self.current_a + reach_a, wanted_a)))
        self._count((before_w + self.power_w) / 2 * dt_s / 3.6e6)

    def _switch(self, dt_s: float) -> None:
        if self._wanted_phases == self._phases:
            return
        self._switch_in_s -= dt_s
        if self._switch_in_s > 0:
            return
        self._phases = self._wanted_phases
        if self._closed:
            self._pause_s = self.description.switch_pause_s
            self._closed = False
            self.current_a = 0.0

    def _set_current(self, current_a: float) -> None:
        self.current_a = current_a
        on = self.car_phases
        self.currents_a = (
            current_a if on > 0 else 0.0,
            current_a if on > 1 else 0.0,
            current_a if on > 2 else 0.0,
        )
        order = self.description.phase_order
        self.power_w = sum(self.currents_a[own] * self.voltages_v[order[own]] for own in range(3))

    def _count(self, energy_kwh: float) -> None:
        self.energy_kwh += energy_kwh
        self.session_kwh += energy_kwh
        if self.car and energy_kwh:
            self.car.charge(energy_kwh)
