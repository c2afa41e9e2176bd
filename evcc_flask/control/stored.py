"""Which settings survive a restart, and under which keys they are stored."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evcc_flask.domain.settings import LoadpointSettings, Settings, Threshold
from evcc_flask.domain.vehicles import VehicleSettings
from evcc_flask.domain.wishes import sensible
from evcc_flask.domain.words import Mode

from . import storedcars, storedplans

_SITE = {
    "site.residualPower": "residual_power_w",
    "site.prioritySoc": "priority_soc_percent",
    "site.bufferSoc": "buffer_soc_percent",
    "site.bufferStartSoc": "buffer_start_soc_percent",
    "site.batteryDischargeControl": "battery_discharge_control",
    "site.batteryGridChargeLimit": "battery_grid_charge_limit",
    "site.telemetry": "telemetry",
}
_LOADPOINT = {
    "priority": "priority",
    "phases": "phases",
    "minCurrent": "min_current_a",
    "maxCurrent": "max_current_a",
    "limitSoc": "limit_soc_percent",
    "limitEnergy": "limit_energy_kwh",
    "smartCostLimit": "smart_cost_limit",
    "smartFeedInPriorityLimit": "smart_feed_in_limit",
}
_VEHICLE = {"minSoc": "min_soc_percent", "limitSoc": "limit_soc_percent"}


def entries(settings: Settings) -> dict[str, Any]:
    """Every stored setting by its key; values are plain JSON."""
    rows: dict[str, Any] = {key: getattr(settings, name) for key, name in _SITE.items()}
    for number, loadpoint in enumerate(settings.loadpoints, 1):
        rows |= {f"lp{number}.{key}": getattr(loadpoint, name) for key, name in _LOADPOINT.items()}
        rows[f"lp{number}.mode"] = loadpoint.mode.value
        for word, threshold in (("enable", loadpoint.enable), ("disable", loadpoint.disable)):
            rows[f"lp{number}.{word}Threshold"] = threshold.power_w
            rows[f"lp{number}.{word}Delay"] = threshold.delay_s
        rows[f"lp{number}.vehicle"] = loadpoint.vehicle
        rows[f"lp{number}.vehicleChosen"] = loadpoint.chosen
        rows[f"lp{number}.manualSoc"] = storedcars.manual_soc(loadpoint.manual_soc)
        rows[f"lp{number}.energyPlan"] = storedplans.energy_plan(loadpoint.energy_plan)
        rows[f"lp{number}.fast"] = storedplans.fast_once(loadpoint.fast_once)
    for name, vehicle in settings.vehicles.items():
        rows |= {f"vehicle.{name}.{key}": getattr(vehicle, field) for key, field in _VEHICLE.items()}
        rows[f"vehicle.{name}.plan"] = storedplans.soc_plan(vehicle.plan)
        rows[f"vehicle.{name}.repeatingPlans"] = storedplans.repeating(vehicle.repeating)
    return rows


def restored(settings: Settings, rows: Mapping[str, Any]) -> Settings:
    """``settings`` of the configuration, with what was stored laid over; a row that makes no sense is passed over."""
    site = {name: rows[key] for key, name in _SITE.items() if _fits(rows.get(key), getattr(settings, name), name)}
    loadpoints = tuple(
        _restored_loadpoint(loadpoint, f"lp{number}.", rows, settings.vehicles)
        for number, loadpoint in enumerate(settings.loadpoints, 1)
    )
    vehicles = {name: _restored_vehicle(car, f"vehicle.{name}.", rows) for name, car in settings.vehicles.items()}
    return replace(settings, **site, loadpoints=loadpoints, vehicles=vehicles)


def _restored_loadpoint(
    loadpoint: LoadpointSettings, prefix: str, rows: Mapping[str, Any], vehicles: Mapping[str, VehicleSettings]
) -> LoadpointSettings:
    values: dict[str, Any] = {}
    for key, name in _LOADPOINT.items():
        if _fits(rows.get(prefix + key), getattr(loadpoint, name), name):
            values[name] = rows[prefix + key]
    mode = rows.get(prefix + "mode")
    if mode in {known.value for known in Mode}:
        values["mode"] = Mode(mode)
    for word in ("enable", "disable"):
        threshold: Threshold = getattr(loadpoint, word)
        values[word] = Threshold(
            _number(rows.get(f"{prefix}{word}Threshold"), threshold.power_w, f"{word}_power_w"),
            _number(rows.get(f"{prefix}{word}Delay"), threshold.delay_s, f"{word}_delay_s"),
        )
    vehicle = rows.get(prefix + "vehicle", loadpoint.vehicle)
    if vehicle is None or (isinstance(vehicle, str) and vehicle in vehicles):
        values["vehicle"] = vehicle
    values["chosen"] = rows.get(prefix + "vehicleChosen") is True
    values["manual_soc"] = storedcars.read_manual_soc(rows.get(prefix + "manualSoc"))
    values["energy_plan"] = storedplans.read_energy_plan(rows.get(prefix + "energyPlan"))
    values["fast_once"] = storedplans.read_fast_once(rows.get(prefix + "fast"))
    return replace(loadpoint, **values)


def _restored_vehicle(vehicle: VehicleSettings, prefix: str, rows: Mapping[str, Any]) -> VehicleSettings:
    return replace(
        vehicle,
        min_soc_percent=storedplans.read_soc(rows.get(prefix + "minSoc")) or 0,
        limit_soc_percent=storedplans.read_soc(rows.get(prefix + "limitSoc")) or 0,
        plan=storedplans.read_soc_plan(rows.get(prefix + "plan")),
        repeating=storedplans.read_repeating(rows.get(prefix + "repeatingPlans")),
    )


def _fits(value: Any, default: Any, name: str) -> bool:
    if isinstance(default, bool):
        return isinstance(value, bool)
    return isinstance(value, (int, float)) and not isinstance(value, bool) and sensible(name, value)


def _number(value: Any, default: float, name: str) -> float:
    return float(value) if _fits(value, 0.0, name) else default
