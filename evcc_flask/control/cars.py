"""What the state shows of cars: by the car, and at the loadpoint where it stands."""

from typing import Any

from evcc_flask.domain.readings import VehicleReading
from evcc_flask.domain.settings import Settings
from evcc_flask.domain.snapshot import LoadpointReading
from evcc_flask.domain.vehicles import VehicleSettings

from . import storedplans
from .figures import short

UNREAD = VehicleReading("")


def published(car: VehicleSettings) -> dict[str, Any]:
    """One entry of ``vehicles``; what is not stated is left out."""
    facts = car.vehicle
    keys: dict[str, Any] = {"title": facts.title or facts.name}
    stated = {
        "icon": facts.icon,
        "capacity": short(facts.capacity_kwh),
        "phases": facts.phases,
        "minSoc": car.min_soc_percent,
        "limitSoc": car.limit_soc_percent,
        "minCurrent": short(facts.min_current_a),
        "maxCurrent": short(facts.max_current_a),
        "priority": facts.priority,
        "features": sorted(feature.name.title().replace("_", "") for feature in facts.features),
        "plan": storedplans.soc_plan(car.plan),
    }
    keys |= {name: value for name, value in stated.items() if value}
    return keys | {"repeatingPlans": storedplans.repeating(car.repeating) or None}


def at_loadpoint(settings: Settings, index: int, reading: LoadpointReading | None) -> dict[str, Any]:
    """The keys of the car at a loadpoint (0-based)."""
    car, loadpoint = settings.vehicle_at(index), settings.loadpoints[index]
    read = (reading.vehicle if reading else None) or UNREAD
    # The reading is of the last cycle, the assignment may be of this moment.
    if read.name != (loadpoint.vehicle or ""):
        read = car.reading() if car else UNREAD
    return {
        "vehicleName": read.name,
        "vehicleTitle": read.title or read.name,
        "vehicleSoc": short(read.soc_percent or 0.0),
        "vehicleRange": short(read.range_km or 0.0),
        "vehicleOdometer": short(read.odometer_km or 0.0),
        "vehicleLimitSoc": round(read.vehicle_limit_soc_percent or 0.0),
        "vehicleClimaterActive": read.climater,
    }
