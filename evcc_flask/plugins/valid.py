"""Values and setters under a condition: ``valid`` for getters, ``ifelse`` for setters of a flag."""

from typing import Any

from evcc_flask.bus.needs import ErrorKind, ReadError

from .fields import Loose, Tree
from .made import Made, Written, common_link
from .ports import Sink, Source, Value
from .problems import Problems
from .registry import build_sink, build_source
from .shop import Shop
from .values import Kind, flag


class Valid(Loose):
    valid = Tree(required=True)
    value = Tree(required=True)


class IfElse(Loose):
    # Keywords of Python.
    then = Tree(required=True, data_key="if")
    otherwise = Tree(required=True, data_key="else")


def source(node: dict[str, Any], shop: Shop, kind: Kind, max_age_s: float) -> Source:
    problems = Problems()
    settings = problems.sound(Valid(), node)
    valid = problems.build(lambda: build_source(settings.get("valid"), shop, Kind.BOOL, max_age_s), "valid")
    inner = problems.build(lambda: build_source(settings.get("value"), shop, kind, max_age_s), "value")
    problems.end()
    assert valid is not None
    assert inner is not None

    def value() -> Value:
        if not valid.value():
            raise ReadError(ErrorKind.NOT_AVAILABLE, "the value is marked as not valid")
        return inner.value()

    return Made((valid, inner), value)


def sink(node: dict[str, Any], param_name: str, shop: Shop) -> Sink:
    problems = Problems()
    settings = problems.sound(IfElse(), node)
    then = problems.build(lambda: build_sink(settings.get("then"), param_name, shop), "if")
    otherwise = problems.build(lambda: build_sink(settings.get("otherwise"), param_name, shop), "else")
    problems.end()
    assert then is not None
    assert otherwise is not None

    def write(value: Value) -> None:
        (then if flag(value) else otherwise).write(value)

    return Written(common_link((then, otherwise), shop.calls()), write)
