"""Arithmetic over other getters."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .fields import Loose, Many, Tree
from .made import Made
from .ports import Source
from .problems import Problems
from .registry import build_source
from .shop import Shop
from .values import Kind, bad, finite, parse

OPERATIONS: Mapping[str, Callable[[Iterable[float]], float]] = {
    "add": sum,
    "mul": math.prod,
    "min": min,
    "max": max,
    "abs": lambda numbers: abs(next(iter(numbers))),
    "sign": lambda numbers: _sign(next(iter(numbers))),
    "div": lambda numbers: _quotient(list(numbers)),
}
"""``div`` divides the first by each of the others."""


class Calc(Loose):
    add = Many(Tree())
    mul = Many(Tree())
    div = Many(Tree())
    min = Many(Tree())
    max = Many(Tree())
    abs = Tree()
    sign = Tree()


def source(node: dict[str, Any], shop: Shop, kind: Kind, max_age_s: float) -> Source:
    problems = Problems()
    settings = {name: nodes for name, nodes in problems.sound(Calc(), node).items() if nodes}
    if len(settings) != 1:
        if not problems.found:
            problems.tell("needs exactly one operation", remedy=f"Known: {', '.join(OPERATIONS)}.")
        problems.end()
    ((name, nodes),) = settings.items()
    if isinstance(nodes, dict):
        built = [problems.build(lambda: build_source(nodes, shop, Kind.FLOAT, max_age_s), name)]
    else:
        built = [
            problems.build(lambda one=one: build_source(one, shop, Kind.FLOAT, max_age_s), name, index)  # type: ignore[misc]
            for index, one in enumerate(nodes)
        ]
    problems.end()
    parts = tuple(part for part in built if part is not None)
    operation = OPERATIONS[name]
    return Made(parts, lambda: parse(operation([finite(part.value()) for part in parts]), kind))


def _sign(number: float) -> float:
    return float((number > 0) - (number < 0))


def _quotient(numbers: list[float]) -> float:
    first, *others = numbers
    if 0 in others:
        raise bad("a division by zero")
    return first / math.prod(others)
