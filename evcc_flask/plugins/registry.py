"""From a node of an evcc.yaml (``source: http``) to a Source or a Sink; a plugin's module is loaded on first use."""

import difflib
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from evcc_flask.domain.issues import Misconfigured

from .fields import as_map
from .ports import Sink, Source
from .shop import Shop
from .values import Kind

MODULES: Mapping[str, str] = {
    "const": "const",
    "http": "http",
    "modbus": "modbus",
    "sunspec": "sunspec",
    "calc": "calc",
    "combined": "combined",
    "openwb": "combined",
    "map": "mapping",
    "convert": "convert",
    "switch": "switch",
    "sequence": "sequence",
    "ignore": "ignore",
    "sleep": "sleep",
    "watchdog": "watchdog",
    "error": "error",
    "script": "script",
    "js": "js",
    "valid": "valid",
    "ifelse": "valid",
    "mqtt": "mqtt",
    "websocket": "websocket",
    "ws": "websocket",
    "prometheus": "prometheus",
    "homeassistant": "homeassistant",
    "gpio": "gpio",
    "meter": "meter",
    "charger": "charger",
    "cached": "cached",
    "delta": "delta",
    "random": "random",
    "ovms": "ovms",
}
"""Source to module. A module has ``source(node, shop, kind, max_age_s)``, ``sink(node, param_name, shop)``, or both."""

_SPECIAL = ("sma", "timeseries", "aa55udp")
ELSEWHERE: Mapping[str, str] = {
    "go": "Go code cannot be run here. Write the same few lines as source: js, or use a template of the device.",
    **dict.fromkeys(_SPECIAL, "Read the device by http, modbus or script instead."),
}
"""What evcc has and we have not, with a way out."""

KNOWN = (*MODULES, *ELSEWHERE)


def build_source(node: Any, shop: Shop, kind: Kind = Kind.FLOAT, max_age_s: float = 0.0) -> Source:
    """The getter that ``node`` describes (keys in lower case). Does no I/O.

    ``max_age_s``: how old an answer may be, house seconds; 0: fetched each cycle. Raises Misconfigured or a group of
    them, with paths relative to ``node``.
    """
    settings, module = _plugin(node, "source", "read")
    source: Source = module.source(settings, shop, kind, max_age_s)
    return source


def build_sink(node: Any, param_name: str, shop: Shop) -> Sink:
    """The setter that ``node`` describes; its texts may use ``${param_name}``. Raises as ``build_source``."""
    settings, module = _plugin(node, "sink", "written")
    sink: Sink = module.sink(settings, param_name, shop)
    return sink


def _plugin(node: Any, shape: str, verb: str) -> tuple[dict[str, Any], Any]:
    settings = as_map(node)
    if not settings:
        raise Misconfigured("needs a plugin", remedy="Write source: and its settings below.")
    name = str(settings.pop("source", settings.pop("type", ""))).lower()
    if not name:
        raise Misconfigured("is missing", ("source",), f"Known: {', '.join(MODULES)}.")
    if name in ELSEWHERE:
        raise Misconfigured(f"{name!r} is a plugin of evcc that is not supported here", ("source",), ELSEWHERE[name])
    if name not in MODULES:
        near = difflib.get_close_matches(name, KNOWN, n=1, cutoff=0.6)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(MODULES)}."
        raise Misconfigured(f"{name!r} is no known plugin", ("source",), hint)
    module = import_module(f"{__package__}.{MODULES[name]}")
    if not hasattr(module, shape):
        raise Misconfigured(f"source: {name} cannot be {verb}", ("source",))
    return settings, module
