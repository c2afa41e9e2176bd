"""One value of another meter, described in full where it is used."""

from typing import Any

from evcc_flask.domain.issues import Misconfigured

from .fields import Loose, Number, Text, Tree
from .made import Made
from .ports import Source
from .problems import Problems, load
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
    settings = load(Device(), node)
    method, scale = settings["method"].lower(), settings["scale"]
    if method not in METHODS:
        raise Misconfigured(
            f"{method!r} is nothing that can be read here", ("method",), f"Known: {', '.join(METHODS)}."
        )
    if shop.values is None:
        raise Misconfigured(f"a {device} cannot be read here", ("source",))
    values = shop.values
    problems = Problems()
    inner = problems.build(lambda: values(device, method, settings["config"], shop), "config")
    problems.end()
    assert inner is not None
    return Made((inner,), lambda: parse(finite(inner.value()), kind, scale))
