"""What the state says of the grid operator's order, under ``hems``."""

from typing import Any

from evcc_flask.domain.orders import InForce
from evcc_flask.domain.readings import GridOrder


def published(order: GridOrder, force: InForce | None) -> dict[str, Any]:
    """Powers in W. ``minimumPower``: what is owed by law; ``allowedPower``: the limit and the sun's part."""
    keys: dict[str, Any] = {
        "type": order.kind,
        "limited": force is not None,
        "minimumPower": round(order.minimum_w),
    }
    if force is not None:
        keys |= {
            "cause": force.cause,
            "limitPower": round(force.limit_w),
            "allowedPower": round(force.allowed_w),
            "sunPower": round(force.own_w),
            "drawnPower": round(force.drawn_w),
            "duration": round(force.lasts_s),
            "belowMinimum": force.limit_w < order.minimum_w,
        }
    if order.production_percent is not None:
        keys["productionPercent"] = order.production_percent
    return keys | ({"error": order.error} if order.error else {})
