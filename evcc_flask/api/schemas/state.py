"""The keys of the published state as OpenAPI components, for programs that are made from the document.

Units: docs/api.rst, state. A name that ends in ``?`` may be missing, a kind that ends in ``|null`` may be null. There
may be more keys than these.
"""

from typing import Any

from flask_smorest import Api

Schema = dict[str, Any]

MODES = ["off", "pv", "minpv", "now"]
SOURCES = ["car", "charger", "estimate", "manual"]


def _kind(kind: str) -> Schema:
    base, _, null = kind.partition("|")
    if base.endswith("[]"):
        schema: Schema = {"type": "array", "items": _kind(base[:-2])}
    elif base.endswith("{}"):
        schema = {"type": "object", "additionalProperties": _kind(base[:-2])}
    elif base[0].isupper():
        schema = {"$ref": f"#/components/schemas/{base}"}
    elif base == "time":
        schema = {"type": "string", "format": "date-time"}
    else:
        schema = {"type": base}
    if not null:
        return schema
    return {"anyOf": [schema, {"type": "null"}]}


def _keys(**names_by_kind: str) -> Schema:
    """An object of the given names by kind; two underscores of a keyword stand for what a keyword cannot have."""
    listed = [
        (name, _kind(kind.replace("__list", "[]").replace("__map", "{}").replace("__null", "|null")))
        for kind, names in names_by_kind.items()
        for name in names.split()
    ]
    properties = {name.rstrip("?"): schema for name, schema in listed}
    required = [name for name, _ in listed if not name.endswith("?")]
    return {"type": "object", "properties": properties, "required": required}


METER = _keys(
    number="power energy?", string="title? icon? error?", time="updated?", number__list__null="powers? currents?"
)

REASON = {
    "type": "object",
    "properties": {"code": {"type": "string"}},
    "required": ["code"],
    "additionalProperties": {"type": ["string", "number", "boolean"]},
}

SCHEMAS: dict[str, Schema] = {
    "Reason": REASON,
    "Meter": METER,
    "BatteryMeter": _keys(
        number="power energy? soc capacity", string="title? icon? error? mode?", time="updated?", boolean="controllable"
    ),
    "PvMeter": _keys(number="power energy? excessdcpower?", string="title? icon? error?", time="updated?"),
    "Issue": _keys(string="class error message device? file? key? remedy?", boolean="fatal", integer="line?"),
    "Fatal": _keys(string="class error device?"),
    "Link": _keys(
        string="name state",
        string__null="error",
        integer="transactions",
        integer__map="errors",
        number="busyShare bytesSent bytesReceived",
        number__null="latencyMs latencyMaxMs",
    ),
    "Circuit": _keys(
        string="title",
        number="power maxPower? maxCurrent? current?",
        boolean="dimmed overloaded",
        number__list="currents?",
    ),
    "StatePlan": _keys(integer="soc precondition", time="time", boolean="continuous?"),
    "StateRepeatingPlan": _keys(
        integer__list="weekdays", string="time tz", integer="soc precondition", boolean="active continuous?"
    ),
    "StateVehicle": _keys(
        string="title icon? contact? error?",
        time__null="socTime?",
        number="soc? capacity? phases? minSoc? limitSoc? minCurrent? maxCurrent? priority?",
        string__list="features?",
        StatePlan__null="plan?",
        StateRepeatingPlan__list__null="repeatingPlans",
    ),
    "StateRate": _keys(time="start end", number="value"),
    "SolarPoint": _keys(time="ts", number="val"),
    "SolarDay": _keys(number="energy", boolean="complete"),
    "SolarForecast": _keys(
        number="scale?", SolarDay="today? tomorrow? dayAfterTomorrow?", SolarPoint__list="timeseries?"
    ),
    "Forecast": _keys(StateRate__list="grid? feedin? co2? planner?", SolarForecast="solar?"),
    "Statistic": _keys(number="chargedKWh", number__null="solarPercentage avgPrice avgCo2"),
    "Loadpoint": _keys(
        string="title vehicleName vehicleTitle vehicleIcon vehicleContact chargerStatusReason phaseAction pvAction "
        "vehicleIdentity?",
        string__null="chargerIcon",
        Mode="mode",
        integer="priority effectivePriority phasesConfigured phasesActive effectivePlanId switchesLastHour "
        "phaseSwitchesLastHour",
        boolean="connected charging enabled chargerPhases1p3p chargerSinglePhase chargerFeatureHeating "
        "chargerFeatureIntegratedDevice batteryBoost smartCostActive smartFeedInPriorityActive planActive "
        "vehicleDetectionActive vehicleWelcomeActive vehicleSocStale",
        boolean__null="vehicleClimaterActive",
        SocSource__null="vehicleSocSource",
        number="chargePower offeredCurrent chargeDuration connectedDuration chargeRemainingDuration "
        "chargeRemainingEnergy chargedEnergy sessionEnergy sessionSolarPercentage minCurrent maxCurrent "
        "effectiveMinCurrent effectiveMaxCurrent phaseRemaining pvRemaining enableThreshold disableThreshold "
        "enableDelay disableDelay limitSoc effectiveLimitSoc limitEnergy vehicleSoc vehicleRange vehicleOdometer "
        "vehicleLimitSoc planEnergy planPrecondition planOverrun effectivePlanSoc effectivePlanPrecondition "
        "chargeTotalImport?",
        number__null="sessionPrice sessionPricePerKWh sessionCo2PerKWh smartCostLimit smartFeedInPriorityLimit",
        number__list="chargeCurrents? chargeVoltages?",
        time="chargerUpdated?",
        time__null="planTime planProjectedStart planProjectedEnd effectivePlanTime smartCostNextStart "
        "vehicleSocTime smartFeedInPriorityNextStart",
        PlanStrategy="planStrategy",
        FastOnce__null="fast",
        Reason__list="reasons",
    ),
    "PlanStrategy": _keys(boolean="continuous", number="precondition"),
    "FastOnce": _keys(string="until", number__null="remainingEnergy remainingDuration"),
    "Mode": {"type": "string", "enum": MODES},
    "SocSource": {"type": "string", "enum": SOURCES},
    "State": _keys(
        string="siteTitle version softwareVersion currency batteryMode batteryModeExternal config? database?",
        string__null="smartCostType",
        boolean="startup demoMode authDisabled telemetry gridConfigured batteryDischargeControl smartCostAvailable "
        "smartFeedInPriorityAvailable observe eebus messaging batteryGridChargeActive? unprotected?",
        number="interval residualPower prioritySoc bufferSoc bufferStartSoc cycle gridPower? pvPower? homePower? "
        "auxPower? batteryPower? batterySoc? batteryCapacity? tariffSolar?",
        number__null="batteryGridChargeLimit sitePower? greenShareHome? greenShareLoadpoints? pvEnergy? "
        "batteryEnergy? tariffGrid? tariffFeedIn? tariffPriceHome? tariffPriceLoadpoints? tariffCo2? tariffCo2Home? "
        "tariffCo2Loadpoints?",
        time__null="decidedAt?",
        Meter__null="grid",
        Meter__list="aux ext",
        PvMeter__list="pv",
        BatteryMeter__list="battery",
        Loadpoint__list="loadpoints",
        StateVehicle__map="vehicles",
        Circuit__map="circuits",
        Forecast="forecast",
        Statistic__map="statistics?",
        Link__list="links",
        Issue__list="issues",
        Fatal="fatal?",
        Reason__list="reasons batteryReasons?",
    ),
}


def register(api: Api) -> None:
    """Beside the operations' own schemas: what ``GET /api/state`` and the live connection tell."""
    for name, schema in SCHEMAS.items():
        api.spec.components.schema(name, schema)
