"""One value of another wallbox; see :mod:`.meter`."""

from typing import Any

from .meter import source_of
from .ports import Source
from .shop import Shop
from .values import Kind


def source(node: dict[str, Any], shop: Shop, kind: Kind, max_age_s: float) -> Source:
    return source_of("charger", node, shop, kind)
