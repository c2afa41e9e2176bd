"""A charger's status of two flags: plugged and charging become A, B or C."""

from typing import Any

from .fields import Loose, Tree
from .made import Made
from .ports import Source
from .problems import Problems
from .registry import build_source
from .shop import Shop
from .values import Kind


class Combined(Loose):
    plugged = Tree(required=True)
    charging = Tree(required=True)


def source(node: dict[str, Any], shop: Shop, kind: Kind, max_age_s: float) -> Source:
    problems = Problems()
    settings = problems.sound(Combined(), node)
    plugged = problems.build(lambda: build_source(settings.get("plugged"), shop, Kind.BOOL, max_age_s), "plugged")
    charging = problems.build(lambda: build_source(settings.get("charging"), shop, Kind.BOOL, max_age_s), "charging")
    problems.end()
    assert plugged is not None
    assert charging is not None
    return Made((plugged, charging), lambda: _status(plugged.value(), charging.value()))


def _status(plugged: object, charging: object) -> str:
    if charging:
        return "C"
    return "B" if plugged else "A"
