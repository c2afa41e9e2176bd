"""Which car stands where: a car belongs to one loadpoint, and its facts and limits go with it into the snapshot."""

from dataclasses import replace

from .settings import Settings
from .snapshot import Snapshot


def with_vehicles(snapshot: Snapshot, settings: Settings) -> Snapshot:
    """The snapshot with the assigned cars in their places."""
    loadpoints = list(snapshot.loadpoints)
    for index, (reading, _) in enumerate(zip(loadpoints, settings.loadpoints, strict=False)):
        car = settings.vehicle_at(index)
        if car is not None and reading.vehicle is None:
            loadpoints[index] = replace(reading, vehicle=car.reading())
    return replace(snapshot, loadpoints=tuple(loadpoints))


def moved(settings: Settings, index: int, name: str | None) -> Settings:
    """The car at a loadpoint (0-based) and nowhere else; None: a guest. An integrated device has no car to move."""
    loadpoints = [
        replace(each, vehicle=None) if name is not None and each.vehicle == name else each
        for each in settings.loadpoints
    ]
    loadpoints[index] = replace(loadpoints[index], vehicle=name)
    return replace(settings, loadpoints=tuple(loadpoints))
