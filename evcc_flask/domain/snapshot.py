"""The world at the start of a cycle, frozen: what every rule of this cycle sees, and nothing changes under it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .commands import Outcome
from .rates import Outlook, Usage
from .readings import (
    BatteryReading,
    CarReading,
    ChargerReading,
    GridOrder,
    LimitReading,
    MeterReading,
    PvReading,
    VehicleReading,
)


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

    @classmethod
    def of(cls, outlook: Outlook, moment: datetime | None) -> "Rates":
        """Those of ``moment``; None: the clock is not trusted. A price that never changes is nothing to plan by."""
        planned = outlook.changes(Usage.PLANNER)
        return cls(
            outlook.value(Usage.GRID, moment),
            outlook.value(Usage.FEED_IN, moment),
            outlook.value(Usage.CO2, moment),
            outlook.value(Usage.PLANNER, moment) if planned else None,
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``grid`` is None where no grid meter is configured; a configured meter that is silent is a reading without value.

    ``circuit_meters`` and ``circuit_limits`` by circuit name; ``cars`` by the name of the car: what its account said.
    ``outcomes``: what became of the commands of earlier cycles since the last snapshot, failures and successes, oldest
    first. ``rates``: those of this moment; ``outlook``: all that are known.
    """

    grid: MeterReading | None = None
    pv: tuple[PvReading, ...] = ()
    batteries: tuple[BatteryReading, ...] = ()
    aux: tuple[MeterReading, ...] = ()
    ext: tuple[MeterReading, ...] = ()
    loadpoints: tuple[LoadpointReading, ...] = ()
    circuit_meters: Mapping[str, MeterReading] = field(default_factory=dict)
    circuit_limits: Mapping[str, LimitReading] = field(default_factory=dict)
    grid_order: GridOrder | None = None
    cars: Mapping[str, CarReading] = field(default_factory=dict)
    outcomes: tuple[Outcome, ...] = ()
    rates: Rates = Rates()
    outlook: Outlook = field(default_factory=Outlook)
