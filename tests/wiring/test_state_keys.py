"""The keys of evcc's state that a plain house has, with the types by which its clients read them.

What a house gets only with tariffs, forecasts, vehicles' accounts, statistics, a sponsor's token or an integration is
not in the lists: no value is better than an invented one.
"""

import re
from datetime import datetime, timedelta

import pytest

NUMBER = (int, float)
NONE = type(None)

SITE = {
    "siteTitle": str,
    "version": str,
    "currency": str,
    "startup": bool,
    "demoMode": bool,
    "authDisabled": bool,
    "telemetry": bool,
    "config": str,
    "database": str,
    "interval": NUMBER,
    "network": dict,
    "gridConfigured": bool,
    "grid": dict,
    "pv": list,
    "aux": list,
    "ext": list,
    "pvPower": NUMBER,
    "pvEnergy": NUMBER,
    "auxPower": NUMBER,
    "homePower": NUMBER,
    "battery": list,
    "batteryPower": NUMBER,
    "batterySoc": NUMBER,
    "batteryCapacity": NUMBER,
    "batteryEnergy": NUMBER,
    "batteryMode": str,
    "batteryModeExternal": str,
    "batteryDischargeControl": bool,
    "batteryGridChargeActive": bool,
    "batteryGridChargeLimit": (*NUMBER, NONE),
    "prioritySoc": NUMBER,
    "bufferSoc": NUMBER,
    "bufferStartSoc": NUMBER,
    "residualPower": NUMBER,
    "greenShareHome": NUMBER,
    "greenShareLoadpoints": NUMBER,
    "smartCostAvailable": bool,
    "smartFeedInPriorityAvailable": bool,
    "smartCostType": (str, NONE),
    "forecast": dict,
    "vehicles": dict,
    "circuits": dict,
    "eebus": bool,
    "messaging": bool,
    "modbusproxy": list,
    "loadpoints": list,
}
LOADPOINT = {
    "title": str,
    "mode": str,
    "priority": int,
    "effectivePriority": int,
    "connected": bool,
    "charging": bool,
    "enabled": bool,
    "chargePower": NUMBER,
    "chargeCurrents": list,
    "chargeVoltages": list,
    "offeredCurrent": NUMBER,
    "chargeDuration": int,
    "connectedDuration": int,
    "chargeRemainingDuration": int,
    "chargedEnergy": NUMBER,
    "sessionEnergy": NUMBER,
    "chargeRemainingEnergy": NUMBER,
    "chargeTotalImport": NUMBER,
    "sessionSolarPercentage": NUMBER,
    "sessionPrice": (*NUMBER, NONE),
    "sessionPricePerKWh": (*NUMBER, NONE),
    "sessionCo2PerKWh": (*NUMBER, NONE),
    "minCurrent": NUMBER,
    "maxCurrent": NUMBER,
    "effectiveMinCurrent": NUMBER,
    "effectiveMaxCurrent": NUMBER,
    "phasesConfigured": int,
    "phasesActive": int,
    "chargerPhases1p3p": bool,
    "chargerSinglePhase": bool,
    "chargerFeatureHeating": bool,
    "chargerFeatureIntegratedDevice": bool,
    "chargerIcon": (str, NONE),
    "chargerStatusReason": str,
    "phaseAction": str,
    "phaseRemaining": int,
    "switchesLastHour": int,
    "phaseSwitchesLastHour": int,
    "pvAction": str,
    "pvRemaining": int,
    "enableThreshold": NUMBER,
    "disableThreshold": NUMBER,
    "enableDelay": int,
    "disableDelay": int,
    "limitSoc": int,
    "effectiveLimitSoc": int,
    "vehicleLimitSoc": int,
    "limitEnergy": NUMBER,
    "planTime": (str, NONE),
    "planEnergy": NUMBER,
    "planPrecondition": int,
    "planActive": bool,
    "planProjectedStart": (str, NONE),
    "planProjectedEnd": (str, NONE),
    "planOverrun": int,
    "effectivePlanId": int,
    "effectivePlanSoc": int,
    "effectivePlanTime": (str, NONE),
    "smartCostActive": bool,
    "smartCostLimit": (*NUMBER, NONE),
    "smartCostNextStart": (str, NONE),
    "smartFeedInPriorityActive": bool,
    "smartFeedInPriorityLimit": (*NUMBER, NONE),
    "smartFeedInPriorityNextStart": (str, NONE),
    "batteryBoost": bool,
    "vehicleName": str,
    "vehicleTitle": str,
    "vehicleSoc": NUMBER,
    "vehicleRange": NUMBER,
    "vehicleOdometer": NUMBER,
    "vehicleDetectionActive": bool,
    "vehicleWelcomeActive": bool,
    "vehicleClimaterActive": (bool, NONE),
}
CIRCUIT = {"power": NUMBER, "current": NUMBER, "maxCurrent": NUMBER, "maxPower": NUMBER, "dimmed": bool}
BATTERY = {"power": NUMBER, "energy": NUMBER, "soc": NUMBER, "capacity": NUMBER, "controllable": bool}
GRID = {"power": NUMBER, "energy": NUMBER, "currents": list}

HOUSE = """
interval: 0.3s
site: {title: Home, meters: {grid: grid, pv: [roof], battery: [battery]}}
meters:
- name: grid
  type: custom
  power: {source: const, value: -3000}
  energy: {source: const, value: 100.5}
  currents: [{source: const, value: 4}, {source: const, value: 4}, {source: const, value: 4}]
- {name: roof, type: custom, power: {source: const, value: 5000}, energy: {source: const, value: 50}}
- name: battery
  type: custom
  power: {source: const, value: 0}
  energy: {source: const, value: 10}
  soc: {source: const, value: 55}
  capacity: 10
chargers:
- name: box
  type: custom
  status: {source: const, value: C}
  enabled: {source: const, value: true}
  enable: {source: const, value: 0, set: {source: sleep, duration: 0s}}
  maxcurrent: {source: const, value: 0, set: {source: sleep, duration: 0s}}
  power: {source: const, value: 1380}
  energy: {source: const, value: 1000}
  currents: [{source: const, value: 6}, {source: const, value: 0}, {source: const, value: 0}]
  voltages: [{source: const, value: 230}, {source: const, value: 230}, {source: const, value: 230}]
loadpoints: [{title: Carport, charger: box, mode: pv, circuit: main}]
circuits: [{name: main, maxCurrent: 35, maxPower: 24000, meter: grid}]
"""


@pytest.fixture
def state(serve):
    return serve(HOUSE).shown(lambda state: state["cycle"] >= 3)


def wrong(given, wanted):
    """Keys that are missing, or of another type; a flag is no number."""
    return {
        key: given.get(key, "missing")
        for key, kinds in wanted.items()
        if key not in given
        or not isinstance(given[key], kinds)
        or (isinstance(given[key], bool) and bool not in (kinds if isinstance(kinds, tuple) else (kinds,)))
    }


def test_each_key_of_a_plain_house_is_there_with_its_type(state):
    assert wrong(state, SITE) == {}
    assert wrong(state["loadpoints"][0], LOADPOINT) == {}
    assert wrong(state["circuits"]["main"], CIRCUIT) == {}
    assert wrong(state["battery"][0], BATTERY) == {}
    assert wrong(state["grid"], GRID) == {}


def test_words_are_those_that_clients_know(state):
    loadpoint = state["loadpoints"][0]
    assert loadpoint["mode"] in ("off", "now", "minpv", "pv")
    assert loadpoint["pvAction"] in ("inactive", "enable", "disable")
    assert loadpoint["phaseAction"] in ("inactive", "scale1p", "scale3p")
    assert loadpoint["chargerStatusReason"] in ("unknown", "waitingforauthorization", "disconnectrequired")
    assert state["batteryMode"] in ("unknown", "normal", "hold", "charge")


def test_moments_are_rfc_3339_with_an_offset(state):
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)", state["decidedAt"])


def test_a_meter_tells_when_it_was_heard_and_so_does_a_wallbox(state):
    decided = datetime.fromisoformat(state["decidedAt"])
    told = [state["grid"]["updated"], state["battery"][0]["updated"], state["loadpoints"][0]["chargerUpdated"]]
    assert all(timedelta(0) <= decided - datetime.fromisoformat(each) <= timedelta(minutes=1) for each in told)


def test_before_the_first_cycle_everything_that_is_known_is_there(serve):
    state = serve(HOUSE, control=False).shown()
    unread = {"pvPower", "pvEnergy", "auxPower", "homePower", "batteryGridChargeActive"}
    unread |= {
        "batteryPower",
        "batterySoc",
        "batteryCapacity",
        "batteryEnergy",
        "greenShareHome",
        "greenShareLoadpoints",
    }
    assert set(wrong(state, SITE)) <= unread
    assert set(wrong(state["loadpoints"][0], LOADPOINT)) <= {"chargeCurrents", "chargeVoltages", "chargeTotalImport"}
