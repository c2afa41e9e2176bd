"""Registers of a Modbus slave. Reading is a Need that the block planner merges with all others of the slave."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from evcc_flask.bus.decode import KINDS, decode, encode, registers_of, writable
from evcc_flask.bus.needs import ErrorKind, Link, ModbusWire, Need, ReadError, Registers, Table
from evcc_flask.bus.specs import ModbusSpec
from evcc_flask.domain.issues import Misconfigured

from .fields import Duration, Flag, Loose, Number, Text, Timeout, Tree, Whole, unknown_key
from .made import Fetched, Written
from .ports import Sink, Source, Value
from .problems import Problems
from .shop import Shop
from .values import Kind, finite, parse

T = TypeVar("T")
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
    """The link for checked Connection settings. Raises Misconfigured, or a group of them."""
    return shop.bus.modbus(spec_of(settings))


def spec_of(settings: Mapping[str, Any]) -> ModbusSpec:
    """Where checked Connection ``settings`` lead. Raises a group of Misconfigured, with all that is wrong with them."""
    problems = Problems()
    if settings["device"]:
        for key in ("baudrate", "comset"):
            if settings[key] is None:
                problems.tell("is missing", key, remedy="A serial line needs baudrate: 9600 and comset: 8N1.")
    if not 0 <= settings["id"] <= 255:
        problems.tell(f"{settings['id']} is no slave id", "id", remedy="Slaves have ids from 1 to 247.")
    host, port = problems.build(lambda: _endpoint(settings["uri"])) or (settings["uri"], 502)
    framing = "udp" if settings["udp"] else ("rtu" if settings["rtu"] or settings["ascii"] else "tcp")
    spec = problems.build(
        lambda: ModbusSpec(
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
    problems.end()
    assert spec is not None
    return spec


def source(node: dict[str, Any], shop: Shop, kind: Kind, max_age_s: float) -> Source:
    problems = Problems()
    settings, register, link = _opened(problems, node, shop)
    table = _named(problems, register, TABLES, "read")
    cell = _cell(problems, settings, register, coil=table in (None, Table.COIL, Table.DISCRETE))
    block = _block(problems, settings, cell)
    problems.end()
    assert link is not None
    assert table is not None
    assert cell is not None
    first, count = block or (cell.address, cell.count)
    start = cell.address - first
    need = Need(link, Registers(cell.unit, table, first, count), max_age_s)

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
    problems = Problems()
    settings, register, link = _opened(problems, node, shop)
    how = _named(problems, register, WRITES, "written")
    cell = _cell(problems, settings, register, coil=how in (None, "coil"))
    if cell is not None and not writable(cell.kind):
        problems.tell(f"{cell.kind} cannot be written", "register", "decode")
    problems.end()
    assert link is not None
    assert how is not None
    assert cell is not None
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


def _opened(problems: Problems, node: dict[str, Any], shop: Shop) -> tuple[dict[str, Any], dict[str, Any], Link | None]:
    """The settings of a node, those of its register, and its link; whatever is wrong goes to ``problems``."""
    settings = problems.sound(Modbus(), node)
    with problems.below("register"):
        register = problems.sound(Register(), settings["register"]) if "register" in settings else {}
    link = problems.build(lambda: connect(settings, shop))
    if settings["value"]:
        problems.tell("names of points are not known here", "value", remedy="Write register: with its address.")
    return settings, register, link


def _named(problems: Problems, register: Mapping[str, Any], known: Mapping[str, T], verb: str) -> T | None:
    if "type" not in register:
        return None
    found = known.get(register["type"].lower())
    if found is None:
        remedy = f"Known: {', '.join(known)}."
        problems.tell(f"{register['type']!r} cannot be {verb}", "register", "type", remedy=remedy)
    return found


def _cell(problems: Problems, settings: Mapping[str, Any], register: Mapping[str, Any], *, coil: bool) -> Cell | None:
    """None where something is wrong, which is told. ``coil``: it is one bit, whatever else is not said."""
    word = problems.build(lambda: _encoding(register, coil=coil), "register") if register else None
    address = register.get("address", 0)
    if not 0 <= address <= 0xFFFF:
        problems.tell(f"{address} is no address", "register", "address", remedy="From 0 to 65535.")
    if word is None or problems.found:
        return None
    return Cell(settings["id"], address, registers_of(word) or register["length"], word, register["bitmask"])


def _encoding(register: Mapping[str, Any], *, coil: bool) -> str:
    word = str(register["decode"] or register["encoding"]).lower()
    if register["decode"] and register["encoding"]:
        raise Misconfigured("decode and encoding say the same; write one of them", ("encoding",))
    word = word or ("bool8" if coil else "")
    if word not in KINDS:
        message = unknown_key(word, list(KINDS)) if word else "is missing"
        raise Misconfigured(message.replace("setting", "encoding"), ("decode",))
    return word


def _block(problems: Problems, settings: Mapping[str, Any], cell: Cell | None) -> tuple[int, int] | None:
    """The first register and how many, where a node says what is read in one piece."""
    if not settings["block"]:
        return None
    with problems.below("block"):
        block = problems.sound(Block(), settings["block"])
    if cell is None or not block.keys() >= {"register", "count"}:
        return None
    first, count = block["register"], block["count"]
    if not (first <= cell.address and cell.address + cell.count <= first + count and 0 < count <= 125):
        problems.tell("the block does not hold the register, or more than 125", "block")
    return first, count


def _endpoint(uri: str) -> tuple[str, int]:
    """``192.168.0.8:502`` as host and port; port 502 where none is given."""
    text = uri.partition("://")[2] or uri
    host, colon, port = text.rstrip("/").rpartition(":")
    if not colon or port.endswith("]") or (":" in host and not host.endswith("]")):
        return text.strip("/[]"), 502
    if not port.isdecimal():
        raise Misconfigured(f"{port!r} is no port number", ("uri",), "Write uri: 192.168.0.8:502.")
    return host.strip("[]"), int(port)
