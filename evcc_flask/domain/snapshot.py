"""The world at the start of a cycle, frozen: what every rule of this cycle sees, and nothing changes under it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .commands import Outcome
from .readings import BatteryReading, CarReading, ChargerReading, LimitReading, MeterReading, PvReading, VehicleReading


@dataclass(frozen=True, slots=True)
class LoadpointReading:
    """A loadpoint's charger (its charge meter merged in) and the car that is assigned to it."""

    charger: ChargerReading
    vehicle: VehicleReading | None = None


@dataclass(frozen=True, slots=True)
class Rates:
    """Prices of this very moment, in currency per kWh and g/kWh; None where no tariff says."""

    grid: float | None = None
    feed_in: float | None = None
    co2_g: float | None = None
    planner: float | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``grid`` is None where no grid meter is configured; a configured meter that is silent is a reading without value.

    ``circuit_meters`` and ``circuit_limits`` by circuit name; ``cars`` by the name of the car: what its account said.
    ``outcomes``: what became of the commands of earlier cycles since the last snapshot, failures and successes, oldest
    first.
    """

    grid: MeterReading | None = None
    pv: tuple[PvReading, ...] = ()
    batteries: tuple[BatteryReading, ...] = ()
    aux: tuple[MeterReading, ...] = ()
    ext: tuple[MeterReading, ...] = ()
    loadpoints: tuple[LoadpointReading, ...] = ()
    circuit_meters: Mapping[str, MeterReading] = field(default_factory=dict)
    circuit_limits: Mapping[str, LimitReading] = field(default_factory=dict)
    cars: Mapping[str, CarReading] = field(default_factory=dict)
    outcomes: tuple[Outcome, ...] = ()
    rates: Rates = Rates()
