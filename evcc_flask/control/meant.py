"""Which of the settings that come from another program can be meant; the rest is told of and not stored."""

from collections.abc import Mapping
from typing import Any

from evcc_flask.domain.settings import LoadpointSettings, Settings
from evcc_flask.domain.vehicles import Vehicle, VehicleSettings

from .stored import entries, restored

PAIRS = (
    ("minCurrent", "maxCurrent"),
    ("prioritySoc", "bufferSoc"),
    ("bufferSoc", "bufferStartSoc"),
)
"""The first must not be above the second; a SoC of 0 is none."""
PHASES = (0, 1, 3)
NEVER_NEGATIVE = ("minCurrent", "maxCurrent", "limitEnergy", "enableDelay", "disableDelay")


def senseless(values: Mapping[str, Any]) -> dict[str, str]:
    """Why each of ``values``, settings by our keys, cannot be meant; those that can are left out."""
    read = entries(restored(_house_of(values), values))
    found = {key: f"{value!r} makes no sense" for key, value in values.items() if not _meant(key, value, read)}
    for key, value in values.items():
        place, _, name = key.rpartition(".")
        for low, high in PAIRS:
            other = values.get(f"{place}.{high}")
            if name != low or key in found or other is None or f"{place}.{high}" in found:
                continue
            if value > other and (other or low == "minCurrent"):
                found |= dict.fromkeys((key, f"{place}.{high}"), f"{low} {value:g} is above {high} {other:g}")
    return found


def _house_of(values: Mapping[str, Any]) -> Settings:
    """A house that has a place for each of them."""
    places = {key.split(".")[0][2:] for key in values if key.startswith("lp")}
    count = max((int(each) for each in places if each.isdigit() and len(each) < 4), default=0)
    cars = {key.removeprefix("vehicle.").rpartition(".")[0] for key in values if key.startswith("vehicle.")}
    return Settings(
        loadpoints=(LoadpointSettings(),) * count, vehicles={name: VehicleSettings(Vehicle(name)) for name in cars}
    )


def _meant(key: str, value: Any, read: Mapping[str, Any]) -> bool:
    """Whether the next start would read what stands there."""
    name = key.rpartition(".")[2]
    if "." not in key:
        return True
    if key not in read:
        return False
    if isinstance(value, dict):
        return read[key] is not None
    if isinstance(value, list):
        return len(read[key]) == len(value)
    if isinstance(value, bool | str):
        return bool(read[key] == value)
    if isinstance(read[key], bool) or not isinstance(read[key], int | float) or abs(read[key] - value) > 0.5:
        return False
    if name == "phases":
        return value in PHASES
    return not (name.endswith("Soc") and not 0 <= value <= 100) and not (name in NEVER_NEGATIVE and value < 0)
