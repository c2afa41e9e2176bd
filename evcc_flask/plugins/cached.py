"""A value that changes slowly, asked for less often than the others."""

from typing import Any

from .fields import Duration, Loose, Tree
from .ports import Source
from .problems import Problems
from .registry import build_source
from .shop import Shop
from .values import Kind


class Cached(Loose):
    cache = Duration(required=True)
    value = Tree(required=True)


def source(node: dict[str, Any], shop: Shop, kind: Kind, max_age_s: float) -> Source:
    problems = Problems()
    settings = problems.sound(Cached(), node)
    age_s = max(max_age_s, settings.get("cache", 0.0))
    inner = problems.build(lambda: build_source(settings.get("value"), shop, kind, age_s), "value")
    problems.end()
    assert inner is not None
    return inner
