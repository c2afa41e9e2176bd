"""States of Home Assistant as values, its services as setters. Powers come in W and energies in kWh, however shown."""

import json
from typing import Any

from evcc_flask.domain.issues import Misconfigured

from . import http
from .fields import Flag, Loose, Number, Text, Timeout
from .made import Written
from .ports import Sink, Source, Value
from .problems import load
from .shop import Shop
from .values import Kind, flag

NONE = 'if .state == "unavailable" or .state == "unknown" then "ErrNotAvailable" else {} end'
UNITS = '{"mW": 0.001, "kW": 1000, "MW": 1000000, "Wh": 0.001, "MWh": 1000, "GWh": 1000000, "mA": 0.001}'
STATE = {
    Kind.FLOAT: f'(.state | tonumber) * ({UNITS}[.attributes.unit_of_measurement // ""] // 1)',
    Kind.BOOL: '(.state | ascii_downcase) as $s | ["on", "true", "1", "yes", "home", "open"] | any(. == $s)',
    Kind.TEXT: ".state",
}
SWITCHES = ("switch", "input_boolean", "light", "fan", "climate", "automation", "water_heater")
NUMBERS = ("number", "input_number")
CHOICES = ("select", "input_select")
PRESSED = {"button": "press", "input_button": "press", "script": "turn_on", "scene": "turn_on"}


class HomeAssistant(Loose):
    uri = Text(required=True)
    entity = Text(required=True)
    token = Text(load_default="")
    insecure = Flag(load_default=False)
    timeout = Timeout(load_default=10.0)
    scale = Number(load_default=1.0)


def source(node: dict[str, Any], shop: Shop, kind: Kind, max_age_s: float) -> Source:
    settings = _settings(node)
    state = STATE[Kind.FLOAT if kind is Kind.INT else kind]
    call = _call(settings, f"/api/states/{settings['entity']}") | {"jq": NONE.format(state), "scale": settings["scale"]}
    return http.source(call, shop, kind, max_age_s)


def sink(node: dict[str, Any], param_name: str, shop: Shop) -> Sink:
    settings = _settings(node)
    entity = settings["entity"]
    domain = entity.partition(".")[0]

    def service(name: str, more: str = "") -> Sink:
        body = f'{{"entity_id": {json.dumps(entity)}{more}}}'
        call = _call(settings, f"/api/services/{domain}/{name}")
        headers = {"content-type": "application/json"}
        return http.sink({**call, "method": "POST", "headers": headers, "body": body}, param_name, shop)

    if domain in PRESSED:
        return service(PRESSED[domain])
    if domain in NUMBERS:
        return service("set_value", f', "value": ${{{param_name}}}')
    if domain in CHOICES:
        return service("select_option", f', "option": ${{{param_name}:%q}}')
    if domain not in SWITCHES:
        known = ", ".join((*SWITCHES, *NUMBERS, *CHOICES, *PRESSED))
        raise Misconfigured(f"{domain!r} cannot be written", ("entity",), f"Entities of these can: {known}.")
    on, off = service("turn_on"), service("turn_off")

    def write(value: Value) -> None:
        (on if flag(value) else off).write(value)

    return Written(on.link(), write)


def _settings(node: dict[str, Any]) -> dict[str, Any]:
    settings = load(HomeAssistant(), node)
    if "." not in settings["entity"].strip("."):
        raise Misconfigured(f"{settings['entity']!r} is no entity", ("entity",), "Write sensor.name or switch.name.")
    return settings


def _call(settings: dict[str, Any], path: str) -> dict[str, Any]:
    auth = {"auth": {"type": "bearer", "token": settings["token"]}} if settings["token"] else {}
    timeout = f"{settings['timeout']}s"
    return {"uri": settings["uri"].rstrip("/") + path, "insecure": settings["insecure"], "timeout": timeout, **auth}
