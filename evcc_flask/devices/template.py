"""The parameters of a library device as an evcc.yaml writes them, and the link that they name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from marshmallow import Schema, validate
from marshmallow.fields import Field

from evcc_flask.domain.issues import Misconfigured
from evcc_flask.plugins.fields import Duration, Flag, Loose, Many, Number, Text, Tree, Whole
from evcc_flask.plugins.modbus import Connection, spec_of
from evcc_flask.plugins.problems import Problems

from .library import Row

KINDS: Mapping[str, Callable[..., Field[Any]]] = {
    "text": Text,
    "number": Number,
    "whole": Whole,
    "flag": Flag,
    "duration": Duration,
    "words": partial(Many, Text()),
}
ALWAYS = {"title": Text, "icon": Text, "cache": Duration, "timeout": Duration}
OF_METERS = {
    "usage": Text,
    "capacity": Number,
    "minsoc": Number,
    "maxsoc": Number,
    "maxacpower": Number,
    "maxchargepower": Number,
    "maxdischargepower": Number,
}
OF_VEHICLES = {
    "mode": Text,
    "capacity": Number,
    "phases": Whole,
    "priority": Whole,
    "mincurrent": Number,
    "maxcurrent": Number,
    "maxpower": Number,
    "identifiers": KINDS["words"],
    "features": KINDS["words"],
    "onidentify": Tree,
}
OF_KIND: Mapping[str, Mapping[str, Any]] = {"meter": OF_METERS, "vehicle": OF_VEHICLES}
OF_MODBUS = {
    "modbus": Text,
    "id": Whole,
    "host": Text,
    "port": Whole,
    "uri": Text,
    "device": Text,
    "baudrate": Whole,
    "comset": Text,
    "rtu": Flag,
    "delay": Duration,
    "connectdelay": Duration,
}
OF_HTTP = {"host": Text, "uri": Text, "port": Whole, "user": Text, "password": Text, "insecure": Flag}
OF_MQTT = {"host": Text, "port": Whole, "broker": Text, "user": Text, "password": Text, "insecure": Flag}
UNNAMED = "unnamed"
"""Stands for the place that was not written, while all else is checked."""
CHOICES = ("tcpip", "rs485serial", "rs485tcpip", "udp")


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a user wrote, typed, with the row's defaults; ``link`` is the part of a plugin node that names the wire."""

    values: Mapping[str, Any]
    link: Mapping[str, Any]

    def get(self, name: str) -> Any:
        """The value of a parameter; None where it was not given."""
        return self.values.get(name)


def read(row: Row, params: Mapping[str, Any]) -> Parameters:
    """Check ``params`` against what the row takes. Raises Misconfigured, or a group of them."""
    links, problems = _links(row), Problems()
    given = problems.sound(_schema(row, links), dict(params))
    own = {name: word["default"] for name, word in row.get("parameters", {}).items() if "default" in word}
    values = {**own, **given}
    link = problems.build(lambda: _link(links, values))
    problems.end()
    return Parameters(values, link or {})


def _link(links: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    if "http" in links:
        return _http(links["http"], values)
    if "mqtt" in links:
        return _mqtt(values)
    return _modbus(links, values) if links else {}


def describe(row: Row) -> dict[str, str]:
    """Each parameter with its default or its need, for a list of devices."""
    links = _links(row)
    told = {"usage": " | ".join(row["usages"])} if "usages" in row else {}
    if "rtu" in links or "tcp" in links or "ascii" in links:
        told |= {"modbus": " | ".join(_choices(links)), "id": str(_defaults(links, "id", 1))}
        told |= {"host": "", "port": str(_defaults(links, "port", 502))} if "ascii" not in links else {}
        serial = links.get("rtu") or links.get("ascii")
        told |= {"device": "", "baudrate": str(serial["baudrate"]), "comset": serial["comset"]} if serial else {}
    if "http" in links:
        told |= {"host": "", "port": str(links["http"].get("port", 80))}
    if "mqtt" in links:
        told |= {"host": "that of the section mqtt", "port": "1883", "user": "", "password": ""}
    return told | {name: _shown(word.get("default", "")) for name, word in row.get("parameters", {}).items()}


def _shown(default: Any) -> str:
    return ", ".join(default) if isinstance(default, list) else str(default)


def _links(row: Row) -> Mapping[str, Any]:
    links = row.get("link")
    return links if isinstance(links, Mapping) else {}


def _schema(row: Row, links: Mapping[str, Any]) -> Loose:
    words: dict[str, Any] = {**ALWAYS, **OF_KIND.get(row["kind"], {})}
    if "http" in links:
        words |= OF_HTTP
    elif "mqtt" in links:
        words |= OF_MQTT
    elif links:
        words |= OF_MODBUS
    fields: dict[str, Any] = {name: kind() for name, kind in words.items()}
    for name, word in row.get("parameters", {}).items():
        choice = validate.OneOf(word["one_of"]) if "one_of" in word else None
        fields[name] = KINDS[word["is"]](required=word.get("required", False), validate=choice)
    schema: type[Schema] = Loose.from_dict(fields)
    return schema()  # type: ignore[return-value]


def _choices(links: Mapping[str, Any]) -> tuple[str, ...]:
    """A line of its own first where the device has one; every RS485 device may sit behind either kind of gateway."""
    if "ascii" in links:
        return ("rs485serial", "rs485tcpip")
    serial = ("rs485serial", "rs485tcpip") if "rtu" in links else ()
    return (*(("tcpip", "udp") if "tcp" in links else ()), *serial, *(() if "tcp" in links else ("tcpip",)))


def _modbus(links: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    problems = Problems()
    choice = values.get("modbus") or problems.build(lambda: _obvious(links, values))
    if choice is not None and choice not in CHOICES:
        problems.tell(f"{choice!r} is no Modbus link", "modbus", remedy=f"Known: {', '.join(_choices(links))}.")
    serial = links.get("rtu") or links.get("ascii") or {}
    network = links.get("tcp") or {}
    defaults = {**serial, **network} if choice in ("tcpip", "udp") else {**network, **serial}
    ways = {"ascii": True} if "ascii" in links else {}
    taken = {key: values.get(key, defaults.get(key)) for key in ("timeout", "delay", "connectdelay")}
    link: dict[str, Any] = {key: lasting(value) for key, value in taken.items() if value is not None} | ways
    link["id"] = values.get("id", defaults.get("id", 1))
    if choice == "rs485serial":
        if "device" not in values:
            problems.tell("is missing", "device", remedy="Name the serial port, such as /dev/ttyUSB0.")
        link["device"] = values.get("device", UNNAMED)
        link["baudrate"] = values.get("baudrate", serial.get("baudrate", 9600))
        link["comset"] = values.get("comset", serial.get("comset", "8N1"))
    else:
        link["uri"] = (problems.build(lambda: _uri(values, network.get("port", 502))) if choice else "") or UNNAMED
        link |= {"rtu": True} if choice == "rs485tcpip" else {}
        link |= {"udp": True} if choice == "udp" else {}
    if link["id"] == 0 and choice in ("rs485serial", "rs485tcpip"):
        problems.tell(
            "0 is no slave id: it speaks to all, and nobody answers", "id", remedy="Write an id from 1 to 247."
        )
    with problems.below():
        spec_of(Connection().load_loose(link))
    problems.end()
    return link | ({"alone": True} if choice == "tcpip" and network.get("alone") else {})


def _obvious(links: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """What is meant where ``modbus`` was left out."""
    if "device" in values:
        return "rs485serial"
    if values.get("rtu"):
        return "rs485tcpip"
    if "host" in values or "uri" in values:
        return "tcpip" if "tcp" in links or values.get("rtu") is False else "rs485tcpip"
    choices = _choices(links)
    if "tcp" in links:
        raise Misconfigured("is missing", ("host",), "Name the device's address in the network.")
    raise Misconfigured("is missing", ("modbus",), f"Choose one of {', '.join(choices)}.")


def _uri(values: Mapping[str, Any], port: int) -> str:
    uri = str(values.get("uri") or "").removeprefix("tcp://")
    if uri:
        return uri if ":" in uri else f"{uri}:{values.get('port', port)}"
    if "host" not in values:
        raise Misconfigured("is missing", ("host",), "Name the device's address in the network.")
    return f"{values['host']}:{values.get('port', port)}"


def _http(link: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    host = str(values.get("host") or values.get("uri") or "").rstrip("/")
    if not host:
        raise Misconfigured("is missing", ("host",), "Name the device's address in the network.")
    if "://" not in host:
        host = f"{link.get('scheme', 'http')}://{host}"
    port = values.get("port", link.get("port", 80))
    if "port" in values or (port not in (80, 443) and ":" not in host.split("://", 1)[1]):
        host = f"{host}:{port}"
    node: dict[str, Any] = {"base": host, "read": link.get("read", "")}
    node |= {"insecure": values["insecure"]} if "insecure" in values else {}
    node |= {"timeout": lasting(values["timeout"])} if "timeout" in values else {}
    kind = link.get("auth")
    if kind in ("basic", "digest") and values.get("password"):
        user = values.get("user", link.get("user", "admin"))
        node["auth"] = {"type": kind, "user": user, "password": values["password"]}
    return node


def _mqtt(values: Mapping[str, Any]) -> dict[str, Any]:
    """A broker of the device's own; without one it is that of the house."""
    host = values.get("broker") or values.get("host")
    if not host:
        return {}
    broker = f"{host}:{values['port']}" if "port" in values else str(host)
    return {"broker": broker, **{key: values[key] for key in ("user", "password", "insecure") if key in values}}


def _defaults(links: Mapping[str, Any], key: str, otherwise: object) -> object:
    return next((link[key] for link in links.values() if key in link), otherwise)


def lasting(duration: str | float) -> str:
    """A duration as a plugin reads it; a bare number would be nanoseconds there."""
    return duration if isinstance(duration, str) else f"{duration}s"


def escaped(value: object) -> str:
    """A parameter inside an address."""
    return quote(str(value), safe="")
