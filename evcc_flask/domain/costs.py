"""What a kWh costs and emits, by how much of it comes from the sun and the battery."""

from .snapshot import Rates


def price(rates: Rates, green: float) -> float | None:
    """Per kWh: the grid's part at its price, the green part at what feeding it in would have earned (unknown: 0)."""
    return None if rates.grid is None else rates.grid * (1 - green) + (rates.feed_in or 0.0) * green


def co2_g(rates: Rates, green: float) -> float | None:
    """g/kWh of the grid's part."""
    return None if rates.co2_g is None else rates.co2_g * (1 - green)
