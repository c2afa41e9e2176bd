"""Which values of the state are entities for Home Assistant, with their units and what may be written. Pure.

A value is announced when the state has its key. ``word``: Home Assistant's name of the kind of entity.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .topics import level

MODES = ["off", "pv", "minpv", "now"]
BATTERY_MODES = ["unknown", "normal", "hold", "charge"]
GUEST = "-"
UNKNOWN_IF_EMPTY = "{{ value if value else None }}"
"""Home Assistant passes over an empty payload, and would show the last value for ever."""
UNKNOWN_IF_ZERO = "{{ value if value not in ('', '0') else None }}"
"""What evcc tells of a car that nobody has read."""
AS_TIME = "{{ (value | int | as_datetime).isoformat() if value else None }}"
AS_PERCENT = "{{ (value | float * 100) | round(1) if value else None }}"


@dataclass(frozen=True, slots=True)
class Entity:
    """``topic`` and ``command``: below the root. ``key``: the last part of its id. ``more``: further keys."""

    word: str
    key: str
    name: str
    topic: str = ""
    command: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Thing:
    """A device in Home Assistant: the house, a loadpoint, a car. ``key``: the part of the ids that is its own."""

    key: str
    name: str
    entities: tuple[Entity, ...]


def _sensor(unit: str | None = None, device_class: str | None = None, *, grows: bool | None = False) -> dict[str, Any]:
    """``grows`` True: a total; False: a measurement where it has a unit; None: neither."""
    given = {"unit_of_measurement": unit, "device_class": device_class, "value_template": UNKNOWN_IF_EMPTY}
    if unit and grows is not None:
        given["state_class"] = "total_increasing" if grows else "measurement"
    return {key: value for key, value in given.items() if value is not None}


POWER = _sensor("W", "power")
CURRENT = _sensor("A", "current")
VOLTAGE = _sensor("V", "voltage")
KWH = _sensor("kWh", "energy", grows=True)
SOC = _sensor("%", "battery")
SHARE = _sensor("%")
SECONDS = _sensor("s", "duration")
TEXT = _sensor()
TIME = {"device_class": "timestamp", "value_template": AS_TIME}
WH = _sensor("Wh", "energy", grows=None)
CO2 = _sensor("g/kWh")
COUNT: dict[str, Any] = {"value_template": UNKNOWN_IF_EMPTY}
UNREAD: dict[str, Any] = {"value_template": UNKNOWN_IF_ZERO}
TRUTH: dict[str, Any] = {"payload_on": "true", "payload_off": "false"}


def _number(low: float, high: float, step: float, unit: str | None = None) -> dict[str, Any]:
    """What cannot be known is None, which is Home Assistant's word for it."""
    given = {"min": low, "max": high, "step": step, "mode": "box", "value_template": UNKNOWN_IF_EMPTY}
    return given | ({"unit_of_measurement": unit} if unit else {})


PERCENTS = _number(0, 100, 1, "%")
AMPERES = _number(0, 80, 0.1, "A")
WATTS = _number(-50000, 50000, 1, "W")
DELAYS = _number(0, 86400, 1, "s")
PRICES = _number(-10, 2000, 0.001)

Row = tuple[str, str, str, dict[str, Any]]
"""Kind, key of the state, name, more."""

SITE: tuple[Row, ...] = (
    ("sensor", "gridPower", "Grid power", POWER),
    ("sensor", "pvPower", "Solar power", POWER),
    ("sensor", "homePower", "Home power", POWER),
    ("sensor", "auxPower", "Auxiliary power", POWER),
    ("sensor", "batteryPower", "Battery power", POWER),
    ("sensor", "batterySoc", "Battery SoC", SOC),
    ("sensor", "batteryCapacity", "Battery capacity", _sensor("kWh", "energy_storage")),
    ("sensor", "batteryMode", "Battery mode", {"device_class": "enum", "options": BATTERY_MODES}),
    ("binary_sensor", "batteryGridChargeActive", "Battery charges from the grid", TRUTH),
    ("sensor", "tariffSolar", "Solar forecast", POWER),
    ("sensor", "tariffCo2", "Grid CO2", CO2),
    ("sensor", "tariffCo2Home", "Home CO2", CO2),
    ("sensor", "tariffCo2Loadpoints", "Charging CO2", CO2),
    ("sensor", "greenShareHome", "Green share of home", SHARE | {"value_template": AS_PERCENT}),
    ("sensor", "greenShareLoadpoints", "Green share of charging", SHARE | {"value_template": AS_PERCENT}),
    ("number", "residualPower", "Residual power", WATTS),
    ("number", "prioritySoc", "Battery priority SoC", PERCENTS),
    ("number", "bufferSoc", "Battery buffer SoC", PERCENTS),
    ("number", "bufferStartSoc", "Battery buffer start SoC", PERCENTS),
    ("switch", "batteryDischargeControl", "Battery discharge control", TRUTH),
    ("number", "batteryGridChargeLimit", "Battery grid charge limit", PRICES),
)
PRICED: Mapping[str, str] = {
    "tariffGrid": "Grid price",
    "tariffFeedIn": "Feed-in price",
    "tariffPriceHome": "Home price",
    "tariffPriceLoadpoints": "Charging price",
}
"""In the currency of the house per kWh."""
ENERGIES: Mapping[str, str] = {
    "gridImport": "Grid import",
    "gridExport": "Grid export",
    "pv": "Solar energy",
    "batteryCharge": "Battery charged",
    "batteryDischarge": "Battery discharged",
    "home": "Home energy",
}
PERIODS: Mapping[str, Row] = {
    "solarPercentage": ("sensor", "solarPercentage", "solar share", SHARE),
    "chargedKWh": ("sensor", "chargedKWh", "charged", _sensor("kWh", "energy", grows=None)),
    "avgPrice": ("sensor", "avgPrice", "average price", COUNT),
    "avgCo2": ("sensor", "avgCo2", "average CO2", CO2),
}

LOADPOINT: tuple[Row, ...] = (
    ("select", "mode", "Mode", {"options": MODES}),
    ("binary_sensor", "connected", "Connected", TRUTH | {"device_class": "plug"}),
    ("binary_sensor", "charging", "Charging", TRUTH | {"device_class": "battery_charging"}),
    ("binary_sensor", "enabled", "Enabled", TRUTH),
    ("binary_sensor", "dimmed", "Dimmed", TRUTH),
    ("sensor", "chargePower", "Charge power", POWER),
    ("sensor", "offeredCurrent", "Offered current", CURRENT),
    ("sensor", "phasesActive", "Active phases", COUNT),
    ("sensor", "chargeTotalImport", "Meter reading", KWH),
    ("sensor", "chargeDuration", "Charge duration", SECONDS),
    ("sensor", "connectedDuration", "Connected duration", SECONDS),
    ("sensor", "chargeRemainingDuration", "Remaining duration", SECONDS),
    ("sensor", "chargeRemainingEnergy", "Remaining energy", WH),
    ("sensor", "sessionEnergy", "Session energy", WH),
    ("sensor", "sessionSolarPercentage", "Session solar share", SHARE),
    ("sensor", "sessionPrice", "Session price", COUNT),
    ("sensor", "sessionPricePerKWh", "Session price per kWh", COUNT),
    ("sensor", "sessionCo2PerKWh", "Session CO2 per kWh", CO2),
    ("sensor", "effectivePriority", "Effective priority", COUNT),
    ("sensor", "effectiveMinCurrent", "Effective minimum current", CURRENT),
    ("sensor", "effectiveMaxCurrent", "Effective maximum current", CURRENT),
    ("sensor", "effectiveLimitSoc", "Effective SoC limit", SHARE),
    ("sensor", "chargerStatusReason", "Wallbox status reason", TEXT),
    ("sensor", "pvAction", "Solar action", TEXT),
    ("sensor", "pvRemaining", "Solar action in", SECONDS),
    ("sensor", "phaseAction", "Phase action", TEXT),
    ("sensor", "phaseRemaining", "Phase action in", SECONDS),
    ("sensor", "switchesLastHour", "Switched on and off in the last hour", COUNT),
    ("sensor", "phaseSwitchesLastHour", "Phases switched in the last hour", COUNT),
    ("binary_sensor", "planActive", "Plan active", TRUTH),
    ("sensor", "effectivePlanTime", "Plan time", TIME),
    ("sensor", "effectivePlanSoc", "Plan SoC", SHARE),
    ("sensor", "planEnergy", "Plan energy", _sensor("kWh", "energy", grows=None)),
    ("sensor", "planProjectedStart", "Plan start", TIME),
    ("sensor", "planProjectedEnd", "Plan end", TIME),
    ("sensor", "planOverrun", "Plan overrun", SECONDS),
    ("binary_sensor", "smartCostActive", "Cheap charging active", TRUTH),
    ("sensor", "smartCostNextStart", "Cheap charging next start", TIME),
    ("binary_sensor", "smartFeedInPriorityActive", "Feed-in priority active", TRUTH),
    ("sensor", "smartFeedInPriorityNextStart", "Feed-in priority next start", TIME),
    ("sensor", "vehicleTitle", "Vehicle title", TEXT),
    ("sensor", "vehicleSoc", "Vehicle SoC", SOC | UNREAD),
    ("sensor", "vehicleRange", "Vehicle range", _sensor("km", "distance") | UNREAD),
    ("sensor", "vehicleOdometer", "Vehicle odometer", _sensor("km", "distance", grows=True) | UNREAD),
    ("sensor", "vehicleLimitSoc", "Vehicle's own SoC limit", SHARE | UNREAD),
    ("sensor", "vehicleIdentity", "Vehicle identity", TEXT),
    ("binary_sensor", "vehicleDetectionActive", "Vehicle detection active", TRUTH),
    ("binary_sensor", "vehicleClimaterActive", "Vehicle climater active", TRUTH),
    ("number", "minCurrent", "Minimum current", AMPERES),
    ("number", "maxCurrent", "Maximum current", AMPERES),
    ("number", "limitSoc", "SoC limit", PERCENTS),
    ("number", "limitEnergy", "Energy limit", _number(0, 1000, 0.1, "kWh")),
    ("number", "priority", "Priority", _number(0, 10, 1)),
    ("number", "enableThreshold", "Enable threshold", WATTS),
    ("number", "disableThreshold", "Disable threshold", WATTS),
    ("number", "enableDelay", "Enable delay", DELAYS),
    ("number", "disableDelay", "Disable delay", DELAYS),
    ("number", "smartCostLimit", "Cheap charging limit", PRICES),
    ("number", "smartFeedInPriorityLimit", "Feed-in priority limit", PRICES),
    ("switch", "batteryBoost", "Battery boost", TRUTH),
)
PHASES = {
    "options": ["auto", "1", "3"],
    "value_template": "{{ 'auto' if value == '0' else value }}",
    "command_template": "{{ '0' if value == 'auto' else value }}",
}
VEHICLE: tuple[Row, ...] = (
    ("sensor", "capacity", "Capacity", _sensor("kWh", "energy_storage")),
    ("sensor", "soc", "SoC", SOC),
    ("sensor", "socTime", "SoC read at", TIME),
    ("sensor", "contact", "Account", TEXT),
)
WISHES: tuple[Row, ...] = (("number", "minSoc", "Minimum SoC", PERCENTS), ("number", "limitSoc", "SoC limit", PERCENTS))
"""Of a car, also while they are 0 and so not in the state."""
ORDER: tuple[Row, ...] = (
    ("binary_sensor", "limited", "Limited by the grid operator", TRUTH),
    ("sensor", "limitPower", "Grid operator's limit", POWER),
    ("sensor", "allowedPower", "Allowed by the grid operator", POWER),
    ("sensor", "minimumPower", "Minimum owed by the grid operator", POWER),
)
"""Of the grid operator's order; all but the first are unknown while there is none."""
METERS: tuple[Row, ...] = (
    ("sensor", "power", "power", POWER),
    ("sensor", "energy", "meter reading", KWH),
    ("sensor", "soc", "SoC", SOC),
    ("sensor", "capacity", "capacity", _sensor("kWh", "energy_storage")),
)
WRITTEN = ("number", "select", "switch")


def things(state: Mapping[str, Any]) -> Iterator[Thing]:
    """All of a house."""
    cars = state.get("vehicles", {})
    yield Thing("site", state.get("siteTitle") or "evcc-flask", tuple(_site(state)))
    for number, loadpoint in enumerate(state.get("loadpoints", ()), 1):
        title = loadpoint.get("title") or f"Loadpoint {number}"
        yield Thing(f"lp{number}", title, tuple(_loadpoint(number, loadpoint, cars)))
    for name, car in cars.items():
        entities = (*_rows(VEHICLE, f"vehicles/{level(name)}", car), *_wishes(level(name)))
        yield Thing(f"vehicle_{level(name)}", car.get("title") or name, entities)


def _site(state: Mapping[str, Any]) -> Iterator[Entity]:
    has_battery = bool(state.get("battery"))
    for entity in _rows(SITE, "site", state):
        # A house without a battery has settings of one all the same.
        if has_battery or not entity.key.startswith(("battery", "buffer", "priority")):
            yield entity
    if has_battery:
        order = {"options": BATTERY_MODES}
        command = "site/batteryMode/set"
        yield Entity("select", "batteryModeExternal", "Battery order", "site/batteryModeExternal", command, order)
    per_kwh = _sensor(f"{state.get('currency', 'EUR')}/kWh")
    yield from _rows((("sensor", key, name, per_kwh) for key, name in PRICED.items()), "site", state)
    for place, name in ENERGIES.items():
        if has_battery or not place.startswith("battery"):
            yield Entity("sensor", f"energy_{place}", name, f"energy/{place}", "", KWH)
    for use, name in (("pv", "Solar"), ("battery", "Battery"), ("aux", "Auxiliary"), ("ext", "External")):
        for number, meter in enumerate(state.get(use) or (), 1):
            yield from _named(f"{use}{number}", f"{name} {number}", _rows(METERS, f"site/{use}/{number}", meter))
    grid = state.get("grid") or {}
    yield from _named("grid", "Grid", _rows(METERS[1:2], "site/grid", grid))
    for key, name, kind in (("currents", "Grid current", CURRENT), ("powers", "Grid power", POWER)):
        for phase in range(1, len(grid.get(key) or ()) + 1):
            yield Entity("sensor", f"grid_{key}_l{phase}", f"{name} L{phase}", f"site/grid/{key}/{phase}", "", kind)
    for name, circuit in (state.get("circuits") or {}).items():
        rows: tuple[Row, ...] = (("sensor", "power", "power", POWER), ("sensor", "current", "current", CURRENT))
        place = level(str(name))
        title = circuit.get("title") or name
        yield from _named(f"circuit_{place}", f"Circuit {title}", _rows(rows, f"site/circuits/{place}", circuit))
    if "hems" in state:
        for word, key, name, more in ORDER:
            yield Entity(word, f"hems_{key}", name, f"site/hems/{key}", "", more)
    sun = (state.get("forecast") or {}).get("solar") or {}
    for day, name in (("today", "rest of today"), ("tomorrow", "tomorrow"), ("dayAfterTomorrow", "day after tomorrow")):
        if day in sun:
            yield Entity("sensor", f"solar_{day}", f"Solar {name}", f"site/forecast/solar/{day}/energy", "", WH)
    for period, figures in (state.get("statistics") or {}).items():
        made = _named(f"statistics_{period}", f"Statistics {period}", _rows(PERIODS.values(), "", figures))
        for entity in made:
            key = entity.topic.lstrip("/")
            yield replace(
                entity, topic=f"site/statistics/{period}/{key}", more={**entity.more, "enabled_by_default": False}
            )


def _loadpoint(number: int, loadpoint: Mapping[str, Any], cars: Mapping[str, Any]) -> Iterator[Entity]:
    place = f"loadpoints/{number}"
    yield from _rows(LOADPOINT, place, loadpoint)
    yield Entity("select", "phasesConfigured", "Phases", f"{place}/phasesConfigured", f"{place}/phases/set", PHASES)
    if cars:
        choice = {"options": [GUEST, *cars], "value_template": f"{{{{ value if value else '{GUEST}' }}}}"}
        yield Entity("select", "vehicleName", "Vehicle", f"{place}/vehicleName", f"{place}/vehicle/set", choice)
    yield Entity("sensor", "energy", "Charged energy", f"energy/{place}", "", KWH)
    for key, name, kind in (("chargeCurrents", "Current", CURRENT), ("chargeVoltages", "Voltage", VOLTAGE)):
        for phase in range(1, len(loadpoint.get(key) or ()) + 1):
            yield Entity("sensor", f"{key}_l{phase}", f"{name} L{phase}", f"{place}/{key}/l{phase}", "", kind)
    for key, name in (("smartCostLimit", "cheap charging"), ("smartFeedInPriorityLimit", "feed-in priority")):
        end = {"payload_press": "none"}
        yield Entity("button", f"no_{key}", f"End {name} limit", command=f"{place}/{key}/set", more=end)


def _wishes(name: str) -> Iterator[Entity]:
    zero = {"value_template": "{{ value if value else 0 }}"}
    for entity in _rows(WISHES, f"vehicles/{name}", {"minSoc": 0, "limitSoc": 0}):
        yield replace(entity, more={**entity.more, **zero})


def _rows(rows: Iterable[Row], place: str, values: Mapping[str, Any]) -> Iterator[Entity]:
    """Those of which there is a value, or could be."""
    for word, key, name, more in rows:
        if key in values:
            topic = f"{place}/{key}"
            yield Entity(word, key, name, topic, f"{topic}/set" if word in WRITTEN else "", more)


def _named(key: str, name: str, entities: Iterable[Entity]) -> Iterator[Entity]:
    """Entities of a part, whose keys and names alone would not tell them apart."""
    for entity in entities:
        yield replace(entity, key=f"{key}_{entity.key}", name=f"{name} {entity.name}")
