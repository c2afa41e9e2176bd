"""Which car stands where: a car belongs to one loadpoint, and its facts and limits go with it into the snapshot."""

from dataclasses import replace

from .readings import VehicleReading
from .settings import Settings
from .snapshot import Snapshot
from .vehicles import ManualSoc
from .words import Feature


def with_vehicles(snapshot: Snapshot, settings: Settings) -> Snapshot:
    """The snapshot with the assigned cars in their places."""
    loadpoints = list(snapshot.loadpoints)
    for index, (reading, _) in enumerate(zip(loadpoints, settings.loadpoints, strict=False)):
        car = settings.vehicle_at(index)
        if reading.vehicle is not None:
            continue
        told = settings.loadpoints[index].manual_soc
        if car is not None:
            vehicle = _with_capacity(car.reading(snapshot.cars.get(car.vehicle.name)), told)
            loadpoints[index] = replace(reading, vehicle=vehicle)
        elif told is not None and told.capacity_kwh > 0:
            guest = VehicleReading("", features=frozenset({Feature.OFFLINE}))
            loadpoints[index] = replace(reading, vehicle=_with_capacity(guest, told))
    return replace(snapshot, loadpoints=tuple(loadpoints))


def _with_capacity(car: VehicleReading, told: ManualSoc | None) -> VehicleReading:
    """A person may tell the capacity where no configuration does."""
    if car.capacity_kwh or told is None or told.capacity_kwh <= 0:
        return car
    return replace(car, capacity_kwh=told.capacity_kwh)


def moved(settings: Settings, index: int, name: str | None) -> Settings:
    """The car at a loadpoint (0-based) and nowhere else; None: a guest. An integrated device has no car to move."""
    loadpoints = [
        replace(each, vehicle=None, manual_soc=None) if name is not None and each.vehicle == name else each
        for each in settings.loadpoints
    ]
    same = loadpoints[index].vehicle == name
    manual = loadpoints[index].manual_soc if same else None
    loadpoints[index] = replace(loadpoints[index], vehicle=name, manual_soc=manual)
    return replace(settings, loadpoints=tuple(loadpoints))
