"""What a person told of the car at a loadpoint, as it is stored; what cannot be read back counts as not told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from evcc_flask.domain.vehicles import ManualSoc


def manual_soc(told: ManualSoc | None) -> dict[str, Any] | None:
    """Plain JSON."""
    if told is None:
        return None
    return {"soc": told.percent, "capacity": told.capacity_kwh, "time": told.at.isoformat()}


def read_manual_soc(row: Any) -> ManualSoc | None:
    """The reverse of :func:`manual_soc`."""
    if not isinstance(row, Mapping):
        return None
    try:
        percent, capacity, at = float(row["soc"]), float(row["capacity"]), datetime.fromisoformat(row["time"])
    except (KeyError, TypeError, ValueError):
        return None
    sound = 0 <= percent <= 100 and 0 <= capacity < float("inf") and at.tzinfo is not None
    return ManualSoc(percent, at, capacity) if sound else None
