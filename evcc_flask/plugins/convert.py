"""A setter's value in another type, for setters that want it so."""

from collections.abc import Callable, Mapping
from typing import Any

from .fields import Loose, Text, Tree
from .made import Written
from .ports import Sink, Value
from .problems import Problems
from .registry import build_sink
from .shop import Shop
from .values import bad, finite, flag


def _bytes(value: Value) -> bytes:
    number = int(finite(value))
    if not -(1 << 31) <= number < 1 << 32:
        raise bad(f"{number} does not fit into four bytes")
    return (number % (1 << 32)).to_bytes(4, "big")


CONVERSIONS: Mapping[str, Callable[[Value], Value]] = {
    "float2int": lambda value: int(finite(value)),
    "int2float": finite,
    "bool2int": lambda value: int(flag(value)),
    "int2bytes": _bytes,
}


class Convert(Loose):
    convert = Text(required=True)
    set = Tree(required=True)


def sink(node: dict[str, Any], param_name: str, shop: Shop) -> Sink:
    problems = Problems()
    settings = problems.sound(Convert(), node)
    conversion = CONVERSIONS.get(settings.get("convert", "").lower())
    if conversion is None:
        message = f"{settings.get('convert')!r} is no conversion"
        problems.tell(message, "convert", remedy=f"Known: {', '.join(CONVERSIONS)}.")
    inner = problems.build(lambda: build_sink(settings.get("set"), param_name, shop), "set")
    problems.end()
    assert conversion is not None
    assert inner is not None
    return Written(inner.link(), lambda value: inner.write(conversion(value)))
