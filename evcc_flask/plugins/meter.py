"""One value of another meter, described in full where it is used."""

from typing import Any

from .fields import Loose, Number, Text, Tree
from .made import Made
from .ports import Source
from .problems import Problems
from .shop import Shop
from .values import Kind, finite, parse

METHODS = ("power", "energy", "returnenergy", "soc")


class Device(Loose):
    config = Tree(required=True)
    method = Text(load_default="power")
    scale = Number(load_default=1.0)


def source(node: dict[str, Any], shop: Shop, kind: Kind, max_age_s: float) -> Source:
    return source_of("meter", node, shop, kind)


def source_of(device: str, node: dict[str, Any], shop: Shop, kind: Kind) -> Source:
    """The value of a meter or a charger."""
    problems = Problems()
    settings = problems.sound(Device(), node)
    method, scale = settings["method"].lower(), settings["scale"]
    if method not in METHODS:
        problems.tell(f"{method!r} is nothing that can be read here", "method", remedy=f"Known: {', '.join(METHODS)}.")
        method = "power"
    values = shop.values
    if values is None:
        problems.tell(f"a {device} cannot be read here", "source")
    inner = None
    if values is not None and "config" in settings:
        inner = problems.build(lambda: values(device, method, settings["config"], shop), "config")
    problems.end()
    assert inner is not None
    return Made((inner,), lambda: parse(finite(inner.value()), kind, scale))
