"""The drivers of a house in the places they have in it, and how a snapshot is taken of them."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from evcc_flask.domain.commands import Outcome
from evcc_flask.domain.gridorder import DEVICE_W
from evcc_flask.domain.ports import Charger, GridOperator, Limits, Meter, Tariffs, Vehicle
from evcc_flask.domain.rates import Outlook
from evcc_flask.domain.readings import (
    BatteryReading,
    CarReading,
    ChargerReading,
    GridOrder,
    LimitReading,
    MeterReading,
    PvReading,
)
from evcc_flask.domain.snapshot import LoadpointReading, Rates, Snapshot
from evcc_flask.domain.words import Contact

log = logging.getLogger("site")
T = TypeVar("T")


class Faults:
    """Keeps a driver that fails from the others, and logs it when that begins and when it ends, not with each cycle."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str]] = set()

    def read(self, name: str, reading: Callable[[], T], failed: Callable[..., T]) -> T:
        """The reading, or what ``failed(name, error=…)`` makes of its fault."""
        key = name, getattr(reading, "__name__", "")
        try:
            read = reading()
        except Exception as error:  # why: a fault in one driver must not take the other devices with it
            if key not in self._known:
                self._known.add(key)
                log.exception("%s: the driver failed while decoding; it is told again when it works", name)
            return failed(name, error=f"driver failed: {error}")
        if key in self._known:
            self._known.discard(key)
            log.info("%s: the driver works again", name)
        return read


@dataclass(frozen=True, slots=True)
class LoadpointDrivers:
    """A loadpoint's wallbox, and its own charge meter where the configuration names one."""

    charger: Charger
    meter: Meter | None = None


@dataclass(frozen=True, slots=True)
class House:
    """All drivers by place. The same meter may stand in several places; it is read once."""

    grid: Meter | None = None
    pv: tuple[Meter, ...] = ()
    batteries: tuple[Meter, ...] = ()
    aux: tuple[Meter, ...] = ()
    ext: tuple[Meter, ...] = ()
    loadpoints: tuple[LoadpointDrivers, ...] = ()
    circuit_meters: Mapping[str, Meter] = field(default_factory=dict)
    circuit_limits: Mapping[str, Limits] = field(default_factory=dict)
    vehicles: Mapping[str, Vehicle] = field(default_factory=dict)
    tariffs: Tariffs | None = None
    grid_operator: GridOperator | None = None
    faults: Faults = field(default_factory=Faults, compare=False)

    def snapshot(self, outcomes: tuple[Outcome, ...], wall: datetime | None = None) -> Snapshot:
        """Every driver's latest reading, and the rates of ``wall`` (None: not trusted), frozen. Instant: no I/O."""
        read = self.faults.read
        outlook = self.tariffs.outlook() if self.tariffs else Outlook()
        return Snapshot(
            grid=read(self.grid.name, self.grid.reading, MeterReading) if self.grid else None,
            pv=tuple(
                read(m.name, m.pv_reading, lambda name, error: PvReading(MeterReading(name, error=error)))
                for m in self.pv
            ),
            batteries=tuple(
                read(m.name, m.battery_reading, lambda name, error: BatteryReading(MeterReading(name, error=error)))
                for m in self.batteries
            ),
            aux=tuple(read(m.name, m.reading, MeterReading) for m in self.aux),
            ext=tuple(read(m.name, m.reading, MeterReading) for m in self.ext),
            loadpoints=tuple(_loadpoint(drivers, self.faults) for drivers in self.loadpoints),
            circuit_meters={
                circuit: read(m.name, m.reading, MeterReading) for circuit, m in self.circuit_meters.items()
            },
            circuit_limits={
                circuit: _limits(circuit, limits, self.faults) for circuit, limits in self.circuit_limits.items()
            },
            grid_order=read("hems", self.grid_operator.reading, _unknown) if self.grid_operator else None,
            cars={name: read(name, car.reading, _unreadable) for name, car in self.vehicles.items()},
            outcomes=outcomes,
            rates=Rates.of(outlook, wall),
            outlook=outlook,
        )


def _loadpoint(drivers: LoadpointDrivers, faults: Faults) -> LoadpointReading:
    charger = faults.read(drivers.charger.name, drivers.charger.reading, ChargerReading)
    if drivers.meter is None:
        return LoadpointReading(charger)
    meter = faults.read(drivers.meter.name, drivers.meter.reading, MeterReading)
    return LoadpointReading(
        replace(
            charger,
            power_w=meter.power_w,
            power_at_s=meter.at_s,
            energy_kwh=meter.energy_kwh if meter.energy_kwh is not None else charger.energy_kwh,
            currents_a=meter.currents_a if meter.currents_a is not None else charger.currents_a,
            voltages_v=meter.voltages_v if meter.voltages_v is not None else charger.voltages_v,
            traits=replace(charger.traits, has_power=True),
            notes=(*charger.notes, *(f"{meter.name}: {each}" for each in (meter.error, *meter.notes) if each)),
        )
    )


def _limits(circuit: str, limits: Limits, faults: Faults) -> LimitReading:
    return faults.read(f"circuit {circuit}", limits.reading, lambda name, error: LimitReading(awaited=True))


def _unknown(name: str, error: str) -> GridOrder:
    """A fault of ours does not free the house: the least that is owed to a single device."""
    return GridOrder(name, DEVICE_W, DEVICE_W, cause="unread", error=error)


def _unreadable(name: str, error: str) -> CarReading:
    return CarReading(name, Contact.GONE, error=error)
