"""Points of SunSpec devices by model and name: ``103:W``, ``160:1:DCW``; the first that the device has wins."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from evcc_flask.bus.decode import decode, encode, is_missing
from evcc_flask.bus.needs import ErrorKind, Link, ModbusWire, Need, ReadError, Registers, Table
from evcc_flask.domain.issues import Misconfigured

from .fields import Many, Number, Text, Whole, unknown_key
from .made import Written
from .modbus import Connection, connect
from .ports import Sink, Source, Value
from .problems import Problems
from .shop import Shop
from .sunspec_models import MODELS, Point
from .sunspec_scan import Place, Scan
from .values import Kind, finite, parse

ENCODINGS: Mapping[str, str] = {
    "int16": "int16",
    "sunssf": "int16",
    "uint16": "uint16",
    "enum16": "uint16",
    "bitfield16": "uint16",
    "count": "uint16",
    "int32": "int32",
    "uint32": "uint32",
    "acc32": "uint32",
    "bitfield32": "uint32",
    "enum32": "uint32",
    "acc64": "uint64",
    "uint64": "uint64",
    "float32": "float32",
}
"""SunSpec's types in the bus's words; ``string16`` and the like are texts of so many registers."""

MISSING: Mapping[str, tuple[int, ...]] = {
    "int16": (0x8000,),
    "sunssf": (0x8000,),
    "uint16": (0xFFFF,),
    "enum16": (0xFFFF,),
    "bitfield16": (0xFFFF,),
    "count": (0xFFFF,),
    "int32": (0x8000, 0),
    "uint32": (0xFFFF, 0xFFFF),
    "bitfield32": (0xFFFF, 0xFFFF),
    "enum32": (0xFFFF, 0xFFFF),
    "uint64": (0xFFFF,) * 4,
}
"""What a device answers for a point that it does not have: it counts as 0."""


class SunSpec(Connection):
    value = Many(Text(), required=True)
    scale = Number(load_default=1.0)
    bitmask = Whole(load_default=0)
    subdevice = Whole(load_default=None)


@dataclass(frozen=True, slots=True)
class Spot:
    """A point and its scale factor, as offsets from the model's id register."""

    model: int
    block: int
    point: Point
    offset: int
    factor: Point | None

    @property
    def registers(self) -> int:
        return _registers(self.point)

    @property
    def first(self) -> int:
        return min(self.offset, self.factor.offset) if self.factor else self.offset

    @property
    def end(self) -> int:
        """One after the last register that is needed."""
        end = self.offset + self.registers
        return max(end, self.factor.offset + 1) if self.factor else end

    def decoded(self, words: Sequence[int]) -> Value:
        """The value, unscaled ones as they are; ``words`` begin at ``first``."""
        own = words[self.offset - self.first :][: self.registers]
        if self.point.type.startswith("string"):
            return decode("string", own)
        kind = ENCODINGS[self.point.type]
        if tuple(own) == MISSING.get(self.point.type) or is_missing(kind, own):
            return 0
        number = finite(decode(kind, own))
        return number * 10.0 ** self.exponent(words[self.factor.offset - self.first]) if self.factor else number

    @staticmethod
    def exponent(word: int) -> int:
        """A scale factor: -10 to 10; one that the device does not have is 0."""
        exponent = int(finite(decode("int16", (word,))))
        return exponent if -10 <= exponent <= 10 else 0


@dataclass(frozen=True)
class Found:
    """A Source: needs the scan first, then the registers of the first spot that exists."""

    link: Link
    scan: Scan
    spots: tuple[Spot, ...]
    device: int | None
    kind: Kind
    scale: float
    bitmask: int
    max_age_s: float

    def needs(self) -> Iterable[Need]:
        yield Need(self.link, self.scan, inf)
        try:
            spot, place = self._chosen()
        except ReadError:
            return
        yield Need(self.link, self._request(spot, place), self.max_age_s)

    def at_s(self) -> float | None:
        scanned = self.link.latest(self.scan).at_s
        try:
            read = self.link.latest(self._request(*self._chosen())).at_s
        except ReadError:
            return None
        return scanned if read is None else read

    def value(self) -> Value:
        spot, place = self._chosen()
        answer = self.link.latest(self._request(spot, place))
        words = answer.value
        if answer.error is not None:
            raise answer.error.again()
        if answer.at_s is None:
            words = place.words[spot.first : spot.end]
        if len(words) != spot.end - spot.first:
            raise ReadError(ErrorKind.MUST_RETRY, f"{self.link.name}: {spot.model}:{spot.point.name} is not read yet")
        value = spot.decoded(words)
        if self.bitmask:
            value = int(finite(value)) & self.bitmask
        return bool(value) if self.kind is Kind.BOOL else parse(value, self.kind, self.scale)

    def _request(self, spot: Spot, place: Place) -> Registers:
        return Registers(self.scan.unit, Table.HOLDING, place.address + spot.first, spot.end - spot.first)

    def _chosen(self) -> tuple[Spot, Place]:
        answer = self.link.latest(self.scan)
        if answer.at_s is None:
            waits = ReadError(ErrorKind.MUST_RETRY, f"{self.link.name}: not read yet")
            raise (answer.error or waits).again()
        return choose(self.spots, answer.value, self.device, f"{self.link.name}, id {self.scan.unit}")


def source(node: dict[str, Any], shop: Shop, kind: Kind, max_age_s: float) -> Source:
    settings, spots, link, scan = _checked(node, shop)
    scan.wanted.update(spot.model for spot in spots)
    scale, bitmask = settings["scale"], settings["bitmask"]
    return Found(link, scan, spots, settings["subdevice"], kind, scale, bitmask, max_age_s)


def sink(node: dict[str, Any], param_name: str, shop: Shop) -> Sink:
    settings, spots, link, scan = _checked(node, shop)
    where = f"{link.name}, id {scan.unit}"

    def write(value: Value) -> None:
        number = finite(value) * settings["scale"]

        def job(wire: ModbusWire) -> None:
            spot, place = choose(spots, scan.run(wire), settings["subdevice"], where)
            exponent = 0
            if spot.factor:
                (word,) = wire.read(scan.unit, Table.HOLDING, place.address + spot.factor.offset, 1)
                exponent = spot.exponent(word)
            raw = number / 10.0**exponent
            kind = ENCODINGS[spot.point.type]
            words = encode(kind, raw if kind == "float32" else round(raw))
            if len(words) == 1:
                wire.write_register(scan.unit, place.address + spot.offset, words[0])
            else:
                wire.write_registers(scan.unit, place.address + spot.offset, words)

        link.do(job)

    return Written(link, write)


def choose(spots: Iterable[Spot], places: Iterable[Place], device: int | None, where: str) -> tuple[Spot, Place]:
    """The first spot that a slave with ``places`` has. Raises ReadError (NOT_AVAILABLE)."""
    known = [place for place in places if device is None or place.device == device]
    for spot in spots:
        for place in known:
            if place.model == spot.model and spot.end <= place.length:
                return spot, place
    asked = ", ".join(_spelled(spot) for spot in spots)
    models = ", ".join(str(place.model) for place in known)
    raise ReadError(ErrorKind.NOT_AVAILABLE, f"{where}: no SunSpec point {asked}; the device has models {models}")


def _checked(node: dict[str, Any], shop: Shop) -> tuple[dict[str, Any], tuple[Spot, ...], Link, Scan]:
    problems = Problems()
    settings = problems.sound(SunSpec(), node)
    spots: list[Spot] = []
    for index, text in enumerate(settings.get("value", ())):
        with problems.below("value", index):
            spots.append(_spot(text))
    link = problems.build(lambda: connect(settings, shop))
    problems.end()
    assert link is not None
    scan = shop.scans.setdefault((link.name, settings["id"]), Scan(link.name, settings["id"], shop.clock))
    return settings, tuple(spots), link, scan


def _spot(text: str) -> Spot:
    number, _, rest = text.replace(" ", "").partition(":")
    block, colon, name = rest.partition(":")
    if not colon:
        block, name = "0", rest
    if not number.isdecimal() or not block.isdecimal() or not name:
        raise Misconfigured(f"{text!r} is no SunSpec point", remedy="Write model:point, or model:block:point.")
    model = MODELS.get(int(number))
    if model is None:
        known = ", ".join(str(known) for known in sorted(MODELS))
        raise Misconfigured(f"model {number} is not known here", remedy=f"Known: {known}.")
    points = model.repeated if int(block) else model.points
    point = next((known for known in points.values() if known.name.lower() == name.lower()), None)
    if point is None:
        raise Misconfigured(f"{name!r} {unknown_key(name, list(points)).replace('setting', 'point')}")
    offset = point.offset + (model.start + model.size * (int(block) - 1) if int(block) else 0)
    return Spot(int(number), int(block), point, offset, model.points.get(point.scale))


def _registers(point: Point) -> int:
    if point.type.startswith("string"):
        return int(point.type.removeprefix("string"))
    return {"32": 2, "64": 4}.get(ENCODINGS[point.type][-2:], 1)


def _spelled(spot: Spot) -> str:
    return f"{spot.model}:{spot.block}:{spot.point.name}" if spot.block else f"{spot.model}:{spot.point.name}"
