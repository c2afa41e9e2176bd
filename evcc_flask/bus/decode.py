"""Registers as values and back, by evcc's decode words. Registers are 16-bit ints in the order of their addresses."""

import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .needs import ErrorKind, ReadError

Value = int | float | bool | bytes | str


@dataclass(frozen=True, slots=True)
class Kind:
    """How ``registers`` registers are one value. ``code``: struct's letter; ``swapped``: low word first."""

    registers: int
    code: str = ""
    swapped: bool = False
    missing: Callable[[int], bool] | None = None


def _all_ones(bits: int) -> Callable[[int], bool]:
    return lambda raw: raw == (1 << bits) - 1


def _no_integer(bits: int) -> Callable[[int], bool]:
    return lambda raw: raw in (1 << (bits - 1), (1 << (bits - 1)) - 1)


KINDS: dict[str, Kind] = {
    "int16": Kind(1, "h"),
    "uint16": Kind(1, "H"),
    "bool16": Kind(1, "H"),
    "bool8": Kind(1, "H"),
    "int16nan": Kind(1, "h", missing=_no_integer(16)),
    "uint16nan": Kind(1, "H", missing=_all_ones(16)),
    "int32": Kind(2, "i"),
    "uint32": Kind(2, "I"),
    "float32": Kind(2, "f"),
    "ieee754": Kind(2, "f"),
    "int32s": Kind(2, "i", swapped=True),
    "uint32s": Kind(2, "I", swapped=True),
    "float32s": Kind(2, "f", swapped=True),
    "ieee754s": Kind(2, "f", swapped=True),
    "int32nan": Kind(2, "i", missing=_no_integer(32)),
    "uint32nan": Kind(2, "I", missing=_all_ones(32)),
    "float32nan": Kind(2, "f"),
    "float32nans": Kind(2, "f", swapped=True),
    "int64": Kind(4, "q"),
    "uint64": Kind(4, "Q"),
    "float64": Kind(4, "d"),
    "uint64s": Kind(4, "Q", swapped=True),
    "uint64nan": Kind(4, "Q", missing=_all_ones(64)),
    "uint64snan": Kind(4, "Q", swapped=True, missing=_all_ones(64)),
    "bytes": Kind(0),
    "string": Kind(0),
}
"""Registers 0: as many as there are. Float kinds count NaN and infinity as missing."""


def registers_of(kind: str) -> int:
    """How many registers a value takes; 0 for ``bytes`` and ``string``, whose length is given elsewhere."""
    return KINDS[kind].registers


def writable(kind: str) -> bool:
    """Whether ``encode`` knows it: swapped writes exist for two registers only, strings are not written."""
    return kind != "string" and not (KINDS[kind].swapped and KINDS[kind].registers > 2)


def decode(kind: str, registers: Sequence[int], bitmask: int = 0) -> Value:
    """The value of ``registers``; a missing one (not-a-number pattern, NaN, infinity) is 0. ``bitmask``: bool16 only.

    Raises ReadError (VALUE) where the number of registers does not fit.
    """
    raw = _bytes(registers)
    if kind == "bytes":
        return raw
    if kind == "string":
        return raw.replace(b"\0", b"").decode("utf-8", "replace")
    shape = _shape(kind, registers)
    if kind == "bool8":
        return registers[0] != 0
    if kind == "bool16":
        return (registers[0] & bitmask if bitmask else registers[0]) != 0
    if is_missing(kind, registers):
        return 0.0 if shape.code in "fd" else 0
    value: int | float = struct.unpack(f">{shape.code}", _bytes(_ordered(shape, registers)))[0]
    return value


def is_missing(kind: str, registers: Sequence[int]) -> bool:
    """Whether the device says that it has no value: what ``decode`` gives as 0."""
    if KINDS[kind].registers == 0:
        return False
    shape = _shape(kind, registers)
    raw = _bytes(_ordered(shape, registers))
    if shape.code in "fd":
        return not math.isfinite(struct.unpack(f">{shape.code}", raw)[0])
    return shape.missing is not None and shape.missing(int.from_bytes(raw, "big"))


def encode(kind: str, value: Value) -> tuple[int, ...]:
    """The registers of ``value``: numbers are truncated, negative ones are two's complement in any integer kind.

    Raises ReadError (VALUE) for NaN, infinity and what does not fit: a wrapped number would be another command.
    """
    if not writable(kind):
        raise ReadError(ErrorKind.VALUE, f"{kind} cannot be written")
    if kind == "bytes":
        return _words(_raw(value))
    shape = KINDS[kind]
    if shape.code in "fd":
        return _ordered(shape, _words(_packed_float(shape.code, value)))
    bits = shape.registers * 16
    number = _whole(kind, value)
    if not -(1 << (bits - 1)) <= number < 1 << bits:
        raise ReadError(ErrorKind.VALUE, f"{value!r} does not fit into {kind}")
    return _ordered(shape, _words((number % (1 << bits)).to_bytes(bits // 8, "big")))


def _shape(kind: str, registers: Sequence[int]) -> Kind:
    shape = KINDS[kind]
    if len(registers) != shape.registers:
        raise ReadError(ErrorKind.VALUE, f"{kind} needs {shape.registers} registers, not {len(registers)}")
    return shape


def _ordered(shape: Kind, registers: Sequence[int]) -> tuple[int, ...]:
    return tuple(reversed(registers)) if shape.swapped else tuple(registers)


def _bytes(registers: Sequence[int]) -> bytes:
    return b"".join(register.to_bytes(2, "big") for register in registers)


def _words(raw: bytes) -> tuple[int, ...]:
    padded = raw + b"\0" * (len(raw) % 2)
    return struct.unpack(f">{len(padded) // 2}H", padded)


def _raw(value: Value) -> bytes:
    if isinstance(value, (bytes, str)):
        return value if isinstance(value, bytes) else value.encode()
    raise ReadError(ErrorKind.VALUE, f"{value!r} is not bytes")


def _whole(kind: str, value: Value) -> int:
    try:
        return int(float(value)) if isinstance(value, (str, bytes)) else int(value)
    except (ValueError, OverflowError):
        raise ReadError(ErrorKind.VALUE, f"{value!r} is no number for {kind}") from None


def _packed_float(code: str, value: Value) -> bytes:
    try:
        number = float(value)
        if math.isfinite(number):
            return struct.pack(f">{code}", number)
    except (ValueError, OverflowError):
        pass
    raise ReadError(ErrorKind.VALUE, f"{value!r} does not fit into a float")
