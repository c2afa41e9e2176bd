"""The cars of the house: what the configuration says of each, and what people want of it."""

from dataclasses import dataclass

from .plans import RepeatingPlan, SocPlan
from .readings import VehicleReading
from .words import Feature


@dataclass(frozen=True, slots=True)
class Vehicle:
    """Facts of the configuration. ``capacity_kwh`` 0, ``phases`` 0, currents 0 and ``priority`` 0: not stated."""

    name: str
    title: str = ""
    icon: str = ""
    capacity_kwh: float = 0.0
    phases: int = 0
    min_current_a: float = 0.0
    max_current_a: float = 0.0
    priority: int = 0
    features: frozenset[Feature] = frozenset()


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

    def reading(self) -> VehicleReading:
        """What the rules may know of this car as long as nothing is read from it, nor said to it."""
        car = self.vehicle
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
            features=car.features | {Feature.WAKEUP_DISABLED},
        )
