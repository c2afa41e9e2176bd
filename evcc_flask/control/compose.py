"""The published state: the last cycle and the settings as one plain object, by the keys that evcc's clients read.

Keys, types and rounding: docs/api.rst, state. Our own keys beside evcc's: ``reasons``, ``links``, ``issues``,
``softwareVersion``, ``circuits.*.currents``, ``unprotected``, ``switchesLastHour``, ``phaseSwitchesLastHour``,
``updated`` of meters, ``chargerUpdated``.
"""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from evcc_flask.domain.decision import CircuitDecision, LoadpointDecision, SiteDecision
from evcc_flask.domain.issues import Issue
from evcc_flask.domain.readings import BatteryReading, ChargerTraits, MeterReading, PvReading
from evcc_flask.domain.settings import LoadpointSettings, Settings
from evcc_flask.domain.snapshot import LoadpointReading
from evcc_flask.domain.words import BatteryMode, Feature

from . import cars, ordered, planned, prices
from .figures import short as _short
from .view import View

CLIENT_VERSION = "0.206.1"
"""The evcc release whose shapes we answer in; clients parse it."""


def compose(view: View, settings: Settings) -> dict[str, Any]:
    """The whole published state, ready for JSON: no NaN, no infinity, times as RFC 3339."""
    facts = view.facts
    state: dict[str, Any] = {
        "siteTitle": settings.title,
        "version": CLIENT_VERSION,
        "softwareVersion": facts.software_version,
        "startup": True,
        "demoMode": facts.demo,
        "authDisabled": facts.auth_disabled,
        "telemetry": settings.telemetry,
        "interval": _short(settings.interval_s),
        "network": {"schema": "http", "host": facts.host, "port": facts.port},
        "gridConfigured": facts.grid,
        "residualPower": _short(settings.residual_power_w),
        "prioritySoc": _short(settings.priority_soc_percent),
        "bufferSoc": _short(settings.buffer_soc_percent),
        "bufferStartSoc": _short(settings.buffer_start_soc_percent),
        "batteryDischargeControl": settings.battery_discharge_control,
        "batteryGridChargeLimit": settings.battery_grid_charge_limit,
        "batteryModeExternal": _external(settings).word,
        "vehicles": {name: cars.published(view, car) for name, car in settings.vehicles.items()},
        "modbusproxy": [],
        "eebus": False,
        "messaging": False,
        "observe": facts.observe,
        "cycle": view.cycle,
        "links": list(view.links),
        "issues": [_issue(issue) for issue in view.issues],
        **facts.integrations,
    }
    if view.statistics:
        state["statistics"] = view.statistics
    if facts.config:
        state["config"] = facts.config
    if facts.database:
        state["database"] = facts.database
    fatal = next((issue for issue in view.issues if issue.fatal), None)
    if fatal:
        state["fatal"] = _fatal(fatal)
    state |= _site(view, settings) | prices.published(view.snapshot, view.decided_at, view.solar_scale)
    state["loadpoints"] = [
        _loadpoint(*each)
        | cars.at_loadpoint(view, settings, index)
        | planned.at_loadpoint(view, settings, index)
        | prices.at_loadpoint(view.snapshot, each[0], view.decided_at)
        | _answered(view, each[1])
        for index, each in enumerate(_side_by_side(view, settings))
    ]
    return state


def _answered(view: View, reading: LoadpointReading | None) -> dict[str, Any]:
    """When the wallbox answered last."""
    told = _heard(view)(reading.charger.at_s if reading else None)
    return {"chargerUpdated": told["updated"]} if told else {}


def _side_by_side(
    view: View, settings: Settings
) -> list[tuple[LoadpointSettings, LoadpointReading | None, LoadpointDecision | None]]:
    """Settings, reading and decision of each loadpoint side by side; before the first cycle only settings."""
    readings = view.snapshot.loadpoints
    decisions = view.decision.loadpoints if view.decision else ()
    return [
        (
            loadpoint,
            readings[index] if index < len(readings) else None,
            decisions[index] if index < len(decisions) else None,
        )
        for index, loadpoint in enumerate(settings.loadpoints)
    ]


def _site(view: View, settings: Settings) -> dict[str, Any]:
    snapshot, decision, heard = view.snapshot, view.decision, _heard(view)
    keys: dict[str, Any] = {
        "pv": [_pv(pv) | heard(pv.meter.at_s) for pv in snapshot.pv],
        "battery": [_battery(battery) | heard(battery.meter.at_s) for battery in snapshot.batteries],
        "aux": [_meter(meter) | heard(meter.at_s) for meter in snapshot.aux],
        "ext": [_meter(meter) | heard(meter.at_s) for meter in snapshot.ext],
        "grid": _grid(snapshot.grid, heard),
    }
    if decision is None:
        return keys | {"reasons": [], "batteryMode": BatteryMode.UNKNOWN.word, "circuits": {}}
    site = decision.site
    keys |= {
        "gridPower": _short(site.grid_w),
        "pvPower": _short(site.pv_w or 0.0),
        "pvEnergy": _short(_total(pv.meter.energy_kwh for pv in snapshot.pv)),
        "homePower": _short(site.home_w or 0.0),
        "auxPower": _short(site.aux_w),
        "sitePower": _short(site.site_power_w),
        "greenShareHome": _short(site.green_share_home),
        "greenShareLoadpoints": _short(site.green_share_loadpoints),
        **{name: _short(value) for name, value in _effective(site).items() if value is not None},
        "batteryMode": site.battery_mode.word,
        "batteryGridChargeActive": site.grid_charge_active,
        "unprotected": not site.protected,
        "reasons": [reason.published() for reason in site.reasons],
        "batteryReasons": [reason.published() for reason in site.battery_reasons],
        "decidedAt": _time(view.decided_at),
        "circuits": {
            circuit.name: _circuit(circuit.title, site.circuits[circuit.name])
            for circuit in settings.circuits
            if circuit.name in site.circuits
        },
    }
    if snapshot.grid_order is not None:
        keys["hems"] = ordered.published(snapshot.grid_order, site.order)
    if snapshot.batteries:
        keys |= {
            "batteryPower": _short(site.battery_w or 0.0),
            "batterySoc": _short(site.battery_soc_percent or 0.0),
            "batteryCapacity": _short(_total(battery.capacity_kwh for battery in snapshot.batteries) or 0.0),
            "batteryEnergy": _short(_total(battery.meter.energy_kwh for battery in snapshot.batteries) or 0.0),
        }
    return keys


def _effective(site: SiteDecision) -> dict[str, float | None]:
    """What a kWh costs and emits at home and at the loadpoints, sun and battery counted in."""
    return {
        "tariffPriceHome": site.price_home,
        "tariffPriceLoadpoints": site.price_loadpoints,
        "tariffCo2Home": site.co2_home_g,
        "tariffCo2Loadpoints": site.co2_loadpoints_g,
    }


def _loadpoint(
    settings: LoadpointSettings, reading: LoadpointReading | None, decision: LoadpointDecision | None
) -> dict[str, Any]:
    shown = decision or LoadpointDecision()
    traits = reading.charger.traits if reading else ChargerTraits()
    charger = reading.charger if reading else None
    keys: dict[str, Any] = {
        "title": settings.title,
        "mode": settings.mode.value,
        "priority": settings.priority,
        "effectivePriority": shown.effective_priority or settings.priority,
        "connected": shown.connected,
        "charging": shown.charging,
        "enabled": shown.enabled,
        "chargePower": _short(shown.charge_power_w),
        "offeredCurrent": _short(shown.offered_a),
        "chargeDuration": round(shown.charge_duration_s),
        "connectedDuration": round(shown.connected_duration_s),
        "chargeRemainingDuration": round(shown.remaining_duration_s),
        "chargeRemainingEnergy": _short(shown.remaining_energy_wh),
        "chargedEnergy": _short(shown.session_energy_wh),
        "sessionEnergy": _short(shown.session_energy_wh),
        "sessionSolarPercentage": _short(shown.session_solar_percent),
        "sessionPrice": _short(shown.session_price),
        "sessionPricePerKWh": _short(shown.session_price_per_kwh),
        "sessionCo2PerKWh": _short(shown.session_co2_per_kwh),
        "minCurrent": _short(settings.min_current_a),
        "maxCurrent": _short(settings.max_current_a),
        "effectiveMinCurrent": _short(shown.effective_min_a if decision else settings.min_current_a),
        "effectiveMaxCurrent": _short(shown.effective_max_a if decision else settings.max_current_a),
        "phasesConfigured": settings.phases,
        "phasesActive": shown.phases_active,
        "chargerPhases1p3p": traits.switches_phases,
        "chargerSinglePhase": traits.physical_phases == 1,
        "chargerFeatureHeating": Feature.HEATING in traits.features,
        "chargerFeatureIntegratedDevice": Feature.INTEGRATED_DEVICE in traits.features,
        "chargerIcon": traits.icon,
        "chargerStatusReason": (charger.status_reason if charger else None) or "unknown",
        "phaseAction": shown.phase_action,
        "phaseRemaining": round(shown.phase_remaining_s),
        "phaseSwitchesLastHour": shown.phase_switches_last_hour,
        "switchesLastHour": shown.switches_last_hour,
        "pvAction": shown.pv_action,
        "pvRemaining": round(shown.pv_remaining_s),
        "enableThreshold": _short(settings.enable.power_w),
        "disableThreshold": _short(settings.disable.power_w),
        "enableDelay": round(settings.enable.delay_s),
        "disableDelay": round(settings.disable.delay_s),
        "limitSoc": settings.limit_soc_percent,
        "effectiveLimitSoc": shown.effective_limit_soc_percent,
        "limitEnergy": _short(settings.limit_energy_kwh),
        "batteryBoost": settings.boost,
        "smartCostActive": shown.smart_cost_active,
        "smartCostLimit": settings.smart_cost_limit,
        "smartFeedInPriorityActive": shown.feed_in_priority_active,
        "smartFeedInPriorityLimit": settings.smart_feed_in_limit,
        "planActive": shown.plan_active,
        "reasons": [reason.published() for reason in shown.reasons],
    }
    if charger and charger.energy_kwh is not None:
        keys["chargeTotalImport"] = _short(charger.energy_kwh)
    if shown.charge_currents_a is not None:
        keys["chargeCurrents"] = _triple(shown.charge_currents_a)
    if charger and charger.voltages_v is not None:
        keys["chargeVoltages"] = _triple(charger.voltages_v)
    if charger and charger.identifier:
        keys["vehicleIdentity"] = charger.identifier
    return keys


def _circuit(title: str, load: CircuitDecision) -> dict[str, Any]:
    keys: dict[str, Any] = {
        "title": title,
        "power": _short(load.power_w),
        "dimmed": False,
        "overloaded": load.overloaded,
    }
    if load.max_power_w:
        keys["maxPower"] = _short(load.max_power_w)
    if load.max_current_a:
        keys["maxCurrent"] = _short(load.max_current_a)
    if load.currents_a is not None:
        keys["current"] = _short(max(load.currents_a))
        keys["currents"] = _triple(load.currents_a)
    return keys


def _heard(view: View) -> Callable[[float | None], dict[str, Any]]:
    """When something answered last, by the clock on the wall; nothing while it never did, or nobody knows the time."""

    def keys(at_s: float | None) -> dict[str, Any]:
        if at_s is None or view.decided_at is None:
            return {}
        return {"updated": _time(view.decided_at - timedelta(seconds=max(0.0, view.decided_s - at_s)))}

    return keys


def _grid(meter: MeterReading | None, heard: Callable[[float | None], dict[str, Any]]) -> dict[str, Any] | None:
    if meter is None or meter.at_s is None:
        return None
    keys = _meter(meter) | heard(meter.at_s)
    for name, values in (("powers", meter.powers_w), ("currents", meter.currents_a)):
        if values is not None:
            keys[name] = _triple(values)
    return keys


def _meter(meter: MeterReading) -> dict[str, Any]:
    keys: dict[str, Any] = {"power": _short(meter.power_w or 0.0)}
    if meter.energy_kwh is not None:
        keys["energy"] = _short(meter.energy_kwh)
    if meter.title:
        keys["title"] = meter.title
    if meter.icon:
        keys["icon"] = meter.icon
    if meter.error:
        keys["error"] = meter.error
    return keys


def _pv(pv: PvReading) -> dict[str, Any]:
    keys = _meter(pv.meter)
    if pv.max_ac_w:
        keys["excessdcpower"] = _short(max(0.0, (pv.meter.power_w or 0.0) - pv.max_ac_w))
    return keys


def _battery(battery: BatteryReading) -> dict[str, Any]:
    keys = _meter(battery.meter)
    keys["soc"] = _short(battery.soc_percent or 0.0)
    keys["capacity"] = _short(battery.capacity_kwh or 0.0)
    keys["controllable"] = battery.controllable
    if battery.mode is not None:
        keys["mode"] = battery.mode.word
    return keys


def _issue(issue: Issue) -> dict[str, Any]:
    keys: dict[str, Any] = {"class": issue.kind, "error": str(issue), "message": issue.message, "fatal": issue.fatal}
    for name in ("device", "file", "line", "key", "remedy"):
        if getattr(issue, name):
            keys[name] = getattr(issue, name)
    return keys


def _fatal(issue: Issue) -> dict[str, Any]:
    keys = {"class": issue.kind, "error": str(issue)}
    return keys | ({"device": issue.device} if issue.device else {})


def _external(settings: Settings) -> BatteryMode:
    external = settings.external_battery_mode
    return external.mode if external else BatteryMode.UNKNOWN


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _triple(values: tuple[float, float, float]) -> list[float | None]:
    return [_short(value) for value in values]


def _total(values: Any) -> float | None:
    known = [value for value in values if value is not None and math.isfinite(value)]
    return sum(known) if known else None
