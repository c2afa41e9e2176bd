"""Devices by the names of an evcc.yaml: each ``type`` with what builds it. Building does no I/O."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from evcc_flask.domain.issues import Misconfigured
from evcc_flask.plugins.fields import Loose, Number, Tree, unknown_key
from evcc_flask.plugins.ports import Source
from evcc_flask.plugins.problems import Problems
from evcc_flask.plugins.registry import build_source
from evcc_flask.plugins.shop import Shop, Workshop

from . import custom, heating, library, mbmd, ocpp, template
from .average import Smoothed
from .charger import SourceCharger
from .filled import at_template, filled
from .lease import Lease
from .library import Row, merged
from .limits import CircuitLimits
from .meter import SourceMeter
from .parts import ChargerParts, MeterParts
from .row import Compiler
from .vehicles import SETTERS

Params = Mapping[str, Any]
ANY = "any"
"""The role of a meter that the house does not use: it is only checked, and its ``usage`` may be open."""


def build_meter(
    name: str, type_: str, params: Params, workshop: Workshop, *, invert: bool = False, role: str | None = None
) -> SourceMeter:
    """A meter. ``params``: its other keys in lower case. ``invert``: it was built in the other way round.

    ``role``: what the house uses it for, which counts where its ``usage`` is not written down; ``ANY``: nothing.

    Raises Misconfigured, or a group of them, with paths below the device's own node.
    """
    lease = Lease(workshop.clock)
    shop = _shop(workshop, f"meter {name}", lease)
    parts = _meter(type_, params, role, shop)
    return SourceMeter(name, parts.turned() if invert else parts, lease, workshop.clock, shop.calls)


def build_charger(name: str, type_: str, params: Params, workshop: Workshop) -> SourceCharger:
    """A wallbox; see ``build_meter``."""
    lease = Lease(workshop.clock)
    shop = _shop(workshop, f"charger {name}", lease)
    return SourceCharger(name, _charger(type_, params, shop), lease, workshop.clock, shop.calls)


def build_limits(
    circuit: str, params: Params, workshop: Workshop, *, static_a: float, static_w: float
) -> CircuitLimits:
    """What a circuit's ``getmaxcurrent`` (A) and ``getmaxpower`` (W) say; raises as ``build_meter``."""
    problems, shop = Problems(), _shop(workshop, f"circuit {circuit}", None)
    current, power = (
        problems.build(partial(build_source, params[key], shop), key) if key in params else None
        for key in ("getmaxcurrent", "getmaxpower")
    )
    problems.end()
    return CircuitLimits(circuit, current, power, workshop.clock, static_a=static_a, static_w=static_w)


def describe() -> list[dict[str, Any]]:
    """Every device of the library: names, title, parameters with defaults, fail-safe and proof."""
    rows = [_described(name, row) for name, row in library.rows().items()]
    return sorted([*rows, dict(ocpp.DESCRIBED)], key=lambda device: str(device["template"]))


def _described(name: str, row: Row) -> dict[str, Any]:
    return {
        "kind": row["kind"],
        "template": name,
        "aliases": list(row.get("covers", ())),
        "types": list(row.get("native", ())),
        "models": list(row.get("mbmd", ())),
        "title": row["title"],
        "usages": list(row.get("usages", ())),
        "parameters": template.describe(row),
        "controls": sorted(row.get("control", SETTERS & row.get("vehicle", {}).keys())),
        "failsafe": _safe(row),
        "persistent": not row.get("volatile", True),
        "proof": row.get("proof", "unproven"),
        "notes": list(row.get("notes", ())),
    }


def _safe(row: Row) -> str:
    words = row.get("failsafe")
    if not isinstance(words, Mapping):
        return str(words or "")
    figures = f"{words['current_a']} A after {words['timeout']}" if "timeout" in words else "as set in the box"
    return f"{figures}: {words['how']}"


def _shop(workshop: Workshop, device: str, lease: Lease | None) -> Shop:
    return replace(workshop.shop(device, lease), values=_value)


def _value(kind: str, method: str, config: Params, shop: Shop) -> Source:
    """One value of a device that another one's plugin describes in full; it is as fresh as that device's own."""
    inner = {key: value for key, value in config.items() if key != "type"}
    type_ = str(config.get("type") or "")
    parts = _meter(type_, inner, None, shop) if kind == "meter" else _charger(type_, inner, shop)
    values = {"power": parts.power, "energy": parts.energy, "returnenergy": parts.return_energy, "soc": parts.soc}
    source = values[method]
    if source is None:
        raise Misconfigured(f"this {kind} tells no {method}")
    return source


def _meter(type_: str, params: Params, role: str | None, shop: Shop) -> MeterParts:
    if type_ == "template":
        _, row = library.find("meter", _template_of("meter", params))
        return _meter_of(row, {key: value for key, value in params.items() if key != "template"}, role, shop)
    if type_ in METERS:
        return METERS[type_](params, shop)
    known = library.native("meter", type_)
    if known is not None:
        return _meter_of(known[1], params, role, shop)
    raise _unknown("meter", type_, METERS)


def _charger(type_: str, params: Params, shop: Shop) -> ChargerParts:
    if type_ == "template" and params.get("template") == "ocpp":
        return ocpp.charger({key: value for key, value in params.items() if key != "template"}, shop)
    if type_ == "template":
        _, row = library.find("charger", _template_of("charger", params))
        params = {key: value for key, value in params.items() if key != "template"}
        return Compiler(row, template.read(row, params), None, shop).charger()
    if type_ in CHARGERS:
        return CHARGERS[type_](params, shop)
    known = library.native("charger", type_)
    if known is not None:
        return Compiler(known[1], template.read(known[1], params), None, shop).charger()
    raise _unknown("charger", type_, CHARGERS)


def _meter_of(row: Row, params: Params, role: str | None, shop: Shop) -> MeterParts:
    """One usage of a row. In a plain list of usages, pv is the meter turned round: it counts import as positive."""
    problems = Problems()
    parameters = problems.build(lambda: template.read(row, params))
    usages = row["usages"]
    told = role if role in usages else None
    only = next(iter(usages)) if len(usages) == 1 or role == ANY else None
    usage = (parameters or params).get("usage") or told or only
    if usage not in usages:
        problem = "is missing" if usage is None else f"{usage!r} is nothing that this device measures"
        problems.tell(problem, "usage", remedy=f"Choose one of {', '.join(usages)}.")
    problems.end()
    assert parameters is not None
    if "custom" in row:
        with at_template():
            return custom.meter(filled(row["custom"], parameters.values), shop)
    if not isinstance(usages, Mapping):
        parts = Compiler(row, parameters, usage, shop).meter()
        return parts.turned() if usage == "pv" else parts
    chosen = merged({key: value for key, value in row.items() if key != "usages"}, usages[usage] or {})
    parts = Compiler(chosen, template.read({**chosen, "usages": usages}, params), usage, shop).meter()
    return parts.turned() if chosen.get("turned") else parts


def _template_of(kind: str, params: Params) -> str:
    name = params.get("template")
    if not isinstance(name, str):
        raise Misconfigured("is missing", ("template",), f"`evcc-flask devices` lists every {kind}.")
    return name


class MovingAverage(Loose):
    """config.md §4."""

    decay = Number(load_default=0.1)
    meter = Tree(required=True)


def _averaged(node: Params, shop: Shop) -> MeterParts:
    inner = dict(node)
    type_ = inner.pop("type", None)
    if not isinstance(type_, str):
        raise Misconfigured("is missing", ("type",))
    return _meter(type_, inner, None, shop)


def _moving_average(params: Params, shop: Shop) -> MeterParts:
    problems = Problems()
    node = problems.sound(MovingAverage(), params)
    if not 0 < node["decay"] <= 1:
        problems.tell(f"{node['decay']:g} is no share of a new value", "decay", remedy="Write 0.1 or so.")
    parts = problems.build(lambda: _averaged(node["meter"], shop), "meter") if "meter" in node else None
    problems.end()
    assert parts is not None
    return replace(parts, power=Smoothed(parts.power, node["decay"]))


METERS: Mapping[str, Callable[[Params, Shop], MeterParts]] = {
    "custom": custom.meter,
    "mbmd": mbmd.meter,
    "movingaverage": _moving_average,
}
CHARGERS: Mapping[str, Callable[[Params, Shop], ChargerParts]] = {
    "custom": custom.charger,
    "ocpp": ocpp.charger,
    "switchsocket": custom.switch_socket,
    "sgready": heating.sg_ready,
    "heatpump": heating.heat_pump,
    "sgready-relay": lambda params, shop: heating.sg_ready_relay(params, shop, _charger),
}


def _unknown(kind: str, type_: str, own: Mapping[str, Any]) -> Misconfigured:
    native = [word for row in library.rows().values() if row["kind"] == kind for word in row.get("native", ())]
    hint = unknown_key(type_, ["template", *own, *native]).removeprefix("is not a known setting. ")
    return Misconfigured(f"{type_!r} is no type of a {kind} that this program knows", ("type",), hint)
