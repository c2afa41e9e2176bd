"""A meter of any usage, made of sources; a battery's mode is written through its sink."""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

from evcc_flask.bus.needs import Link, Need
from evcc_flask.domain.commands import Ending
from evcc_flask.domain.ports import Clock, Done
from evcc_flask.domain.readings import BatteryReading, MeterReading, Phases, PvReading
from evcc_flask.domain.words import BatteryMode
from evcc_flask.plugins.ports import Source

from .lease import Lease
from .outbox import Errand, Outbox
from .parts import MeterParts, Repeat
from .take import Eye, forget, needs_of


class SourceMeter:
    """Implements :class:`evcc_flask.domain.ports.Meter`. ``fallback``: names the link of writes that have none."""

    def __init__(self, name: str, parts: MeterParts, lease: Lease, clock: Clock, fallback: Callable[[], Link]) -> None:
        self.name = name
        self._clock = clock
        self._parts = parts
        self._lease = lease
        self._fallback = fallback
        self._eye = Eye()
        self._outbox = Outbox()
        self._mode: BatteryMode | None = None
        self._waiting: BatteryMode | None = None
        self._written_at_s = 0.0
        self._ticks = False

    def needs(self) -> Iterable[Need]:
        """What the links should keep fresh for this meter."""
        parts = self._parts
        triples = [source for triple in (parts.powers, parts.currents, parts.voltages) if triple for source in triple]
        counts = (parts.power, parts.energy, parts.return_energy, parts.soc, parts.mode)
        return needs_of((*counts, *triples, *limits_of(parts), *parts.asked))

    @property
    def tells_phases(self) -> bool:
        """Whether it is asked for what flows on each phase, A or W."""
        return self._parts.currents is not None or self._parts.powers is not None

    def reading(self) -> MeterReading:
        """The latest values, instantly."""
        parts = self._parts
        power_w, at_s, error = self._eye.number(parts.power)
        powers = self._eye.phases(parts.powers, at_s)
        reading = MeterReading(
            name=self.name,
            at_s=at_s,
            power_w=power_w,
            energy_kwh=self._eye.figure(parts.energy, at_s),
            return_energy_kwh=self._eye.figure(parts.return_energy, at_s),
            powers_w=powers,
            powers_at_s=self._eye.oldest_s(parts.powers),
            currents_a=_signed(self._eye.phases(parts.currents, at_s), powers),
            currents_at_s=self._eye.oldest_s(parts.currents),
            voltages_v=self._eye.phases(parts.voltages, at_s),
            error=error,
            title=parts.title,
            icon=parts.icon,
        )
        return replace(reading, notes=self._notes(error))

    def pv_reading(self) -> PvReading:
        """The same, with the inverter's AC limit."""
        reading = self.reading()
        return PvReading(reading, self._eye.figure(self._parts.max_ac_w, reading.at_s))

    def battery_reading(self) -> BatteryReading:
        """The same, with what a battery tells beside; min and max SoC default to evcc's 20 and 95 % elsewhere."""
        parts = self._parts
        reading = self.reading()
        at_s = reading.at_s
        return BatteryReading(
            meter=reading,
            soc_percent=self._eye.figure(parts.soc, at_s),
            capacity_kwh=self._eye.figure(parts.capacity, at_s),
            controllable=parts.battery_mode is not None,
            mode=self._reported_mode(at_s),
            min_soc_percent=self._eye.figure(parts.min_soc, at_s),
            max_soc_percent=self._eye.figure(parts.max_soc, at_s),
            max_charge_w=self._eye.figure(parts.max_charge_w, at_s),
            max_discharge_w=self._eye.figure(parts.max_discharge_w, at_s),
        )

    def set_battery_mode(self, mode: BatteryMode, done: Done) -> None:
        """Returns at once. A mode that the device forgets is repeated while decisions come."""
        sink = self._parts.battery_mode
        if sink is None:
            done(Ending.UNAVAILABLE, "")
            return
        self._outbox.post(Errand("mode", self._link(), lambda: self._write_mode(mode), done))

    def renew(self, until_s: float) -> None:
        """The dead man's handle: a mode may be repeated until ``until_s`` (house monotonic)."""
        self._lease.renew(until_s)

    def _notes(self, error: str | None) -> tuple[str, ...]:
        """What failed beside the power, under the names of an evcc.yaml."""
        parts = self._parts
        values = {
            "energy": parts.energy,
            "returnenergy": parts.return_energy,
            "powers": parts.powers,
            "currents": parts.currents,
            "voltages": parts.voltages,
            "soc": parts.soc,
            "capacity": parts.capacity,
            "minsoc": parts.min_soc,
            "maxsoc": parts.max_soc,
            "maxacpower": parts.max_ac_w,
            "maxchargepower": parts.max_charge_w,
            "maxdischargepower": parts.max_discharge_w,
        }
        for source in (parts.soc, *limits_of(parts)):
            self._eye.figure(source)
        return self._eye.notes(self.name, values, error, own=parts.own)

    def _link(self) -> Link:
        sink = self._parts.battery_mode
        return (sink.link() if sink else None) or self._fallback()

    def _write_mode(self, mode: BatteryMode) -> None:
        """On the link's worker."""
        sink, repeat = self._parts.battery_mode, self._parts.repeat
        assert sink is not None
        if repeat is not None and not self._ticks:
            self._ticks = True
            self._link().every(repeat.every_s, lambda wire: self._tick(repeat))
        if repeat is not None and mode != self._mode and self._holds(repeat):
            self._waiting = mode
            return
        self._put(mode)

    def _put(self, mode: BatteryMode) -> None:
        assert self._parts.battery_mode is not None
        self._waiting = None
        self._parts.battery_mode.write(int(mode))
        self._mode, self._written_at_s = mode, self._clock.monotonic_s()
        forget(self.needs())

    def _holds(self, repeat: Repeat) -> bool:
        """Whether what was written last still stands in a device that takes nothing new until it has lapsed."""
        repeated = self._mode is not None and int(self._mode) in repeat.modes
        return repeated and self._clock.monotonic_s() - self._written_at_s < repeat.lapse_s

    def _tick(self, repeat: Repeat) -> None:
        if self._waiting is not None:
            if not self._holds(repeat):
                self._put(self._waiting)
        elif self._mode is not None and int(self._mode) in repeat.modes and self._lease.alive():
            self._put(self._mode)

    def _reported_mode(self, at_s: float | None) -> BatteryMode | None:
        number = self._eye.figure(self._parts.mode, at_s)
        return None if number is None or int(number) not in list(BatteryMode) else BatteryMode(int(number))


def limits_of(parts: MeterParts) -> tuple[Source | None, ...]:
    """What an inverter or a battery says of itself."""
    return (
        parts.capacity,
        parts.min_soc,
        parts.max_soc,
        parts.max_ac_w,
        parts.max_charge_w,
        parts.max_discharge_w,
    )


def _signed(currents: Phases | None, powers: Phases | None) -> Phases | None:
    """Many meters count currents without sign: the direction is that of the phase's power."""
    if currents is None or powers is None:
        return currents
    one, two, three = (math.copysign(current, power) for current, power in zip(currents, powers, strict=True))
    return one, two, three
