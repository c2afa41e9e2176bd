"""For devices that want to see a new number each time: a heartbeat."""

from random import randrange
from typing import Any

from .fields import Loose, Tree
from .made import Written
from .ports import Sink
from .problems import Problems
from .registry import build_sink
from .shop import Shop

BELOW = 32768
"""It fits into any register, signed ones too."""


class Random(Loose):
    set = Tree(required=True)


def sink(node: dict[str, Any], param_name: str, shop: Shop) -> Sink:
    problems = Problems()
    settings = problems.sound(Random(), node)
    inner = problems.build(lambda: build_sink(settings.get("set"), param_name, shop), "set")
    problems.end()
    assert inner is not None
    return Written(inner.link(), lambda ignored: inner.write(randrange(BELOW)))
