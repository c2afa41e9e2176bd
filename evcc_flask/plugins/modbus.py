"""Registers of a Modbus slave. Reading is a Need that the block planner merges with all others of the slave."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evcc_flask.bus.decode import KINDS, decode, encode, registers_of, writable
from evcc_flask.bus.needs import ErrorKind, Link, ModbusWire, Need, ReadError, Registers, Table
from evcc_flask.bus.specs import ModbusSpec
from evcc_flask.domain.issues import Misconfigured

from .fields import Duration, Flag, Loose, Number, Text, Timeout, Tree, Whole, unknown_key
from .made import Fetched, Written
from .ports import Sink, Source, Value
from .problems import Problems, load
from .shop import Shop
from .values import Kind, finite, parse

TABLES: Mapping[str, Table] = {
    "holding": Table.HOLDING,
    "input": Table.INPUT,
    "coil": Table.COIL,
    "discrete": Table.DISCRETE,
}
WRITES: Mapping[str, str] = {
    "writesingle": "single",
    "writeholding": "single",
    "writemultiple": "multiple",
    "writeholdings": "multiple",
    "writecoil": "coil",
}
"""Function code 6, 16, 5. ``holding`` in a setter is refused, as it names a read."""


class Connection(Loose):
    """The keys that say how a slave is reached; modbus, sunspec and old device types share them."""

    id = Whole(load_default=0)
    uri = Text(load_default="")
    device = Text(load_default="")
    baudrate = Whole(load_default=None)
    comset = Text(load_default=None)
    rtu = Flag(load_default=False)
    udp = Flag(load_default=False)
    ascii = Flag(load_default=False)
    delay = Duration(load_default=None)
    connectdelay = Duration(load_default=0.0)
    timeout = Timeout(load_default=None)


class Modbus(Connection):
    # Only SunSpec has subdevices; evcc's templates write it everywhere.
    subdevice = Whole(load_default=0)
    register = Tree(required=True)
    block = Tree(load_default=None)
    value = Text(load_default="")
    scale = Number(load_default=1.0)


class Register(Loose):
    address = Whole(required=True)
    type = Text(required=True)
    decode = Text(load_default="")
    encoding = Text(load_default="")
    length = Whole(load_default=1)
    bitmask = Whole(load_default=0)


class Block(Loose):
    register = Whole(required=True)
    count = Whole(required=True)


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a value lies and how it is spelled."""

    unit: int
    address: int
    count: int
    kind: str
    bitmask: int


def connect(settings: Mapping[str, Any], shop: Shop) -> Link:
    """The link for checked Connection settings. Raises Misconfigured."""
    if settings["device"]:
        for key in ("baudrate", "comset"):
            if settings[key] is None:
                raise Misconfigured("is missing", (key,), "A serial line needs baudrate: 9600 and comset: 8N1.")
    if not 0 <= settings["id"] <= 255:
        raise Misconfigured(f"{settings['id']} is no slave id", ("id",), "Slaves have ids from 1 to 247.")
    host, port = _endpoint(settings["uri"])
    framing = "udp" if settings["udp"] else ("rtu" if settings["rtu"] or settings["ascii"] else "tcp")
    return shop.bus.modbus(
        ModbusSpec(
            device=settings["device"],
            baudrate=settings["baudrate"] or 9600,
            comset=settings["comset"] or "8N1",
            ascii=settings["ascii"],
            host=host,
            port=port,
            framing="rtu" if settings["device"] else framing,
            timeout_s=settings["timeout"],
            delay_s=settings["delay"],
            connect_delay_s=settings["connectdelay"],
            unit=settings["id"],
        )
    )


def source(node: dict[str, Any], shop: Shop, kind: Kind, max_age_s: float) -> Source:
    settings, register, link = _checked(node, shop)
    table = TABLES.get(register["type"].lower())
    if table is None:
        raise Misconfigured(
            f"{register['type']!r} cannot be read", ("register", "type"), f"Known: {', '.join(TABLES)}."
        )
    cell = _cell(settings, register, coil=table in (Table.COIL, Table.DISCRETE))
    request, start = _request(settings, cell, table), 0
    if settings["block"]:
        start = cell.address - request.address
    need = Need(link, request, max_age_s)

    def value(registers: tuple[int, ...]) -> Value:
        return read(cell, registers[start : start + cell.count], kind, settings["scale"])

    return Fetched(need, value)


def read(cell: Cell, registers: tuple[int, ...], kind: Kind, scale: float) -> Value:
    """Registers as a value of ``kind``. Raises ReadError."""
    raw = decode(cell.kind, registers, cell.bitmask)
    if kind is Kind.BOOL and not isinstance(raw, (bytes, str)):
        return raw != 0
    if isinstance(raw, bytes) and kind is not Kind.TEXT:
        raw = int.from_bytes(raw, "big")
    return parse(raw, kind, scale)


def sink(node: dict[str, Any], param_name: str, shop: Shop) -> Sink:
    settings, register, link = _checked(node, shop)
    how = WRITES.get(register["type"].lower())
    if how is None:
        raise Misconfigured(
            f"{register['type']!r} cannot be written", ("register", "type"), f"Known: {', '.join(WRITES)}."
        )
    cell = _cell(settings, register, coil=how == "coil")
    if not writable(cell.kind):
        raise Misconfigured(f"{cell.kind} cannot be written", ("register", "decode"))
    send = writer(cell, how, settings["scale"])
    return Written(link, lambda value: link.do(lambda wire: send(wire, value)))


def writer(cell: Cell, how: str, scale: float) -> Callable[[ModbusWire, Value], None]:
    """Puts a value on the wire by function 6 (single), 16 (multiple) or 5 (coil)."""

    def send(wire: ModbusWire, value: Value) -> None:
        if how == "coil":
            wire.write_coil(cell.unit, cell.address, bool(finite(value)))
        elif how == "single":
            wire.write_register(cell.unit, cell.address, _word(finite(value) * scale))
        else:
            wire.write_registers(cell.unit, cell.address, encode(cell.kind, _scaled(value, scale)))

    return send


def _word(number: float) -> int:
    whole = int(number)
    if not -0x8000 <= whole <= 0xFFFF:
        raise ReadError(ErrorKind.VALUE, f"{whole} does not fit into one register")
    return whole & 0xFFFF


def _scaled(value: Value, scale: float) -> float | bytes:
    return value if isinstance(value, bytes) else finite(value) * scale


def _checked(node: dict[str, Any], shop: Shop) -> tuple[dict[str, Any], dict[str, Any], Link]:
    problems = Problems()
    settings = problems.load(Modbus(), node)
    register = problems.build(lambda: load(Register(), node["register"]), "register") if "register" in node else None
    link = problems.build(lambda: connect(settings, shop)) if settings else None
    problems.end()
    assert settings is not None
    assert register is not None
    assert link is not None
    if settings["value"]:
        raise Misconfigured("names of points are not known here", ("value",), "Write register: with its address.")
    return settings, register, link


def _cell(settings: Mapping[str, Any], register: Mapping[str, Any], *, coil: bool) -> Cell:
    word = (register["decode"] or register["encoding"]).lower()
    if register["decode"] and register["encoding"]:
        raise Misconfigured("decode and encoding say the same; write one of them", ("register", "encoding"))
    word = word or ("bool8" if coil else "")
    if word not in KINDS:
        message = unknown_key(word, list(KINDS)) if word else "is missing"
        raise Misconfigured(message.replace("setting", "encoding"), ("register", "decode"))
    if not 0 <= register["address"] <= 0xFFFF:
        raise Misconfigured(f"{register['address']} is no address", ("register", "address"), "From 0 to 65535.")
    return Cell(
        settings["id"], register["address"], registers_of(word) or register["length"], word, register["bitmask"]
    )


def _request(settings: Mapping[str, Any], cell: Cell, table: Table) -> Registers:
    if not settings["block"]:
        return Registers(cell.unit, table, cell.address, cell.count)
    problems = Problems()
    block = problems.build(lambda: load(Block(), settings["block"]), "block")
    problems.end()
    assert block is not None
    first, count = block["register"], block["count"]
    if not (first <= cell.address and cell.address + cell.count <= first + count and 0 < count <= 125):
        raise Misconfigured("the block does not hold the register, or more than 125", ("block",))
    return Registers(cell.unit, table, first, count)


def _endpoint(uri: str) -> tuple[str, int]:
    """``192.168.0.8:502`` as host and port; port 502 where none is given."""
    text = uri.partition("://")[2] or uri
    host, colon, port = text.rstrip("/").rpartition(":")
    if not colon or port.endswith("]") or (":" in host and not host.endswith("]")):
        return text.strip("/[]"), 502
    if not port.isdecimal():
        raise Misconfigured(f"{port!r} is no port number", ("uri",), "Write uri: 192.168.0.8:502.")
    return host.strip("[]"), int(port)
