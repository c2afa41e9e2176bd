"""The cars of the house: what the configuration says of each, and what people want of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from .plans import RepeatingPlan, SocPlan
from .readings import CarReading, VehicleReading
from .words import Feature, Mode


@dataclass(frozen=True, slots=True)
class Vehicle:
    """Facts of the configuration. ``capacity_kwh`` 0, ``phases`` 0, currents 0 and ``priority`` 0: not stated.

    ``identifiers``: cards and the like by which a wallbox tells it, ``*`` stands for anything. ``mode``: taken when
    it is recognised.
    """

    name: str
    title: str = ""
    icon: str = ""
    capacity_kwh: float = 0.0
    phases: int = 0
    min_current_a: float = 0.0
    max_current_a: float = 0.0
    priority: int = 0
    features: frozenset[Feature] = frozenset()
    identifiers: tuple[str, ...] = ()
    mode: Mode | None = None


class PollMode(Enum):
    """When a car's account is asked, besides once after plug-in; by evcc's names."""

    CHARGING = "charging"
    CONNECTED = "connected"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class ManualSoc:
    """A state of charge in % that a person told at ``at`` (aware); it counts until the car is unplugged.

    ``capacity_kwh``: of a guest's battery, 0 = not told.
    """

    percent: float
    at: datetime
    capacity_kwh: float = 0.0


@dataclass(frozen=True, slots=True)
class VehicleSettings:
    """Wishes for one car. SoC values in %, 0 = none."""

    vehicle: Vehicle
    min_soc_percent: int = 0
    limit_soc_percent: int = 0
    plan: SocPlan | None = None
    repeating: tuple[RepeatingPlan, ...] = ()

    @property
    def by_soc(self) -> bool:
        """Whether its plans are by SoC; a car that never tells its SoC is planned by energy."""
        return self.vehicle.capacity_kwh > 0 and Feature.OFFLINE not in self.vehicle.features

    def reading(self, said: CarReading | None = None) -> VehicleReading:
        """What the rules may know of this car. ``said``: what its account said last; None: it has none."""
        car, said = self.vehicle, said or CarReading(self.vehicle.name)
        asleep = frozenset() if said.traits.can_wake else {Feature.WAKEUP_DISABLED}
        return VehicleReading(
            car.name,
            car.title,
            capacity_kwh=car.capacity_kwh or None,
            phases=car.phases or None,
            min_current_a=car.min_current_a or None,
            max_current_a=car.max_current_a or None,
            min_soc_percent=self.min_soc_percent or None,
            limit_soc_percent=self.limit_soc_percent or None,
            priority=car.priority,
            features=car.features | asleep,
            at_s=said.at_s,
            soc_percent=said.soc_percent,
            vehicle_limit_soc_percent=said.limit_soc_percent,
            range_km=said.range_km,
            odometer_km=said.odometer_km,
            status=said.status,
            climater=said.climater,
            contact=said.contact,
            asked_at_s=said.asked_at_s,
            error=said.error,
        )
