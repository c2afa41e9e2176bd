"""What the state shows of cars: by the car, and at the loadpoint where it stands."""

from datetime import datetime, timedelta
from typing import Any

from evcc_flask.domain.carmemory import NOBODY_YET, Soc, SocSource
from evcc_flask.domain.decision import LoadpointDecision
from evcc_flask.domain.readings import CarReading, VehicleReading
from evcc_flask.domain.settings import Settings
from evcc_flask.domain.vehicles import VehicleSettings
from evcc_flask.domain.words import Contact

from . import storedplans
from .figures import short
from .view import View

UNREAD = VehicleReading("")
QUIET = (Contact.UNREAD, Contact.PENDING)
"""Nothing is wrong with an account that has not been asked, or has not answered yet."""


def published(view: View, car: VehicleSettings) -> dict[str, Any]:
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
    keys |= _account(view, view.snapshot.cars.get(facts.name))
    return keys | {"repeatingPlans": storedplans.repeating(car.repeating) or None}


def _account(view: View, said: CarReading | None) -> dict[str, Any]:
    """What the car's own account said last, wherever the car is, and how the account stands."""
    if said is None or said.contact is Contact.NONE:
        return {}
    keys: dict[str, Any] = {"contact": said.contact.value}
    if said.at_s is not None and said.soc_percent is not None:
        keys |= {"soc": short(said.soc_percent), "socTime": _when(view, said.at_s)}
    return keys | ({"error": said.error} if said.error and said.contact not in QUIET else {})


def at_loadpoint(view: View, settings: Settings, index: int) -> dict[str, Any]:
    """The keys of the car at a loadpoint (0-based)."""
    car, loadpoint = settings.vehicle_at(index), settings.loadpoints[index]
    reading = view.snapshot.loadpoints[index] if index < len(view.snapshot.loadpoints) else None
    decided = view.decision.loadpoints if view.decision else ()
    shown = decided[index] if index < len(decided) else LoadpointDecision()
    read, soc = (reading.vehicle if reading else None) or UNREAD, shown.soc
    # The reading is of the last cycle, the assignment may be of this moment.
    if read.name != (loadpoint.vehicle or ""):
        read, soc = car.reading() if car else UNREAD, None
    by_box = reading.charger.limit_soc_percent if reading else None
    keys = {
        "vehicleName": read.name,
        "vehicleTitle": read.title or read.name,
        "vehicleIcon": car.vehicle.icon if car else "",
        "vehicleRange": short(read.range_km or 0.0),
        "vehicleOdometer": short(read.odometer_km or 0.0),
        "vehicleLimitSoc": round(read.vehicle_limit_soc_percent or by_box or 0.0),
        "vehicleClimaterActive": read.climater,
        "vehicleDetectionActive": shown.detecting,
        "vehicleWelcomeActive": shown.welcome,
        "vehicleContact": read.contact.value,
    }
    return keys | _soc(view, settings, index, soc)


def _soc(view: View, settings: Settings, index: int, soc: Soc | None) -> dict[str, Any]:
    """The state of charge, its source and time; what a person has told since the last cycle comes first."""
    told = settings.loadpoints[index].manual_soc
    memories = view.decision.memory.loadpoints if view.decision else ()
    taken = (memories[index].car if index < len(memories) else NOBODY_YET).manual_at
    if told is not None and told.at != taken:
        at = told.at.isoformat(timespec="seconds")
        return _soc_keys(told.percent, SocSource.MANUAL, at, stale=False)
    if soc is None or (told is None and soc.source is SocSource.MANUAL):
        return _soc_keys(0.0, None, None, stale=False)
    return _soc_keys(soc.percent, soc.source, _when(view, soc.at_s), stale=not soc.trusted)


def _soc_keys(percent: float, source: SocSource | None, at: str | None, *, stale: bool) -> dict[str, Any]:
    return {
        "vehicleSoc": short(round(percent, 1)),
        "vehicleSocSource": source.value if source is not None else None,
        "vehicleSocTime": at,
        "vehicleSocStale": stale,
    }


def _when(view: View, at_s: float) -> str | None:
    """House seconds of the last cycle as wall time, where that is known."""
    decided_s = view.decision.memory.decided_s if view.decision else None
    if decided_s is None or view.decided_at is None or not abs(decided_s - at_s) < timedelta.max.total_seconds():
        return None
    moment: datetime = view.decided_at - timedelta(seconds=decided_s - at_s)
    return moment.isoformat(timespec="seconds")
