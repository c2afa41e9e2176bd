"""Other numbers for the same thing: a device's codes as evcc's, and back."""

from collections.abc import Mapping
from typing import Any

from evcc_flask.domain.issues import Misconfigured

from .fields import Loose, Tree, Whole
from .made import Made, Written
from .ports import Sink, Source, Value
from .problems import Problems
from .registry import build_sink, build_source
from .shop import Shop
from .values import Kind, bad, finite, parse


class Map(Loose):
    values = Tree(required=True)


class MapSource(Map):
    get = Tree(required=True)


class MapSink(Map):
    set = Tree(required=True)


def source(node: dict[str, Any], shop: Shop, kind: Kind, max_age_s: float) -> Source:
    problems = Problems()
    settings = problems.sound(MapSource(), node)
    values = problems.build(lambda: _values(settings.get("values", {})), "values")
    inner = problems.build(lambda: build_source(settings.get("get"), shop, Kind.INT, max_age_s), "get")
    problems.end()
    assert values is not None
    assert inner is not None
    return Made((inner,), lambda: parse(_mapped(values, inner.value()), kind))


def sink(node: dict[str, Any], param_name: str, shop: Shop) -> Sink:
    problems = Problems()
    settings = problems.sound(MapSink(), node)
    values = problems.build(lambda: _values(settings.get("values", {})), "values")
    inner = problems.build(lambda: build_sink(settings.get("set"), param_name, shop), "set")
    problems.end()
    assert values is not None
    assert inner is not None
    return Written(inner.link(), lambda value: inner.write(_mapped(values, value)))


def _values(node: Mapping[str, Any]) -> dict[int, int]:
    if not node:
        raise Misconfigured("is empty", remedy="Write values: {1: 10, 2: 20}.")
    problems = Problems()
    whole = Whole()
    values: dict[int, int] = {}
    for key, value in node.items():
        with problems.below(str(key)):
            try:
                values[whole.deserialize(key)] = whole.deserialize(value)
            except ValueError:
                raise Misconfigured("needs whole numbers on both sides") from None
    problems.end()
    return values


def _mapped(values: Mapping[int, int], value: Value) -> int:
    number = round(finite(value))
    if number not in values:
        raise bad(f"{number} is none of {', '.join(map(str, values))}")
    return values[number]
