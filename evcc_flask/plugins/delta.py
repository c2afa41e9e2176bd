"""For devices that add what is written to what they have: the difference to the present value is written."""

from typing import Any

from .fields import Loose, Tree
from .made import Written, renew
from .ports import Sink, Value
from .problems import Problems
from .registry import build_sink, build_source
from .shop import Shop
from .values import finite


class Delta(Loose):
    get = Tree(load_default=None)
    set = Tree(required=True)


def sink(node: dict[str, Any], param_name: str, shop: Shop) -> Sink:
    problems = Problems()
    settings = problems.sound(Delta(), node)
    inner = problems.build(lambda: build_sink(settings.get("set"), param_name, shop), "set")
    get = problems.build(lambda: build_source(settings["get"], shop), "get") if settings["get"] else None
    problems.end()
    assert inner is not None
    total = 0.0

    def write(value: Value) -> None:
        nonlocal total
        wanted = finite(value)
        if get is not None:
            renew(get)
            total = finite(get.value())
        inner.write(wanted - total)
        total = wanted

    return Written(inner.link(), write)
