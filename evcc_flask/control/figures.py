"""How a number is written in the published state."""

import math


def short(value: float | None) -> float | None:
    """Three decimals; whole numbers without a point; what is no number is null."""
    if value is None or not math.isfinite(value):
        return None
    rounded = round(value, 3)
    return int(rounded) if rounded == int(rounded) and abs(rounded) < 2**53 else rounded
