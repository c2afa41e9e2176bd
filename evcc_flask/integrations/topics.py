"""The published state as topics and payloads, the way evcc lays it out on a broker. Pure.

Numbers have five significant digits, times are Unix seconds, durations seconds, what is not known is empty. An object
becomes topics below its own, a list its length and its entries from 1 on; what is a table of its own is JSON.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

STATUS, UPDATED, SET = "status", "updated", "set"
ONLINE, OFFLINE = "online", "offline"

TABLES = frozenset({"reasons", "batteryReasons", "issues", "timeseries", "grid", "feedin", "co2", "planner"})
"""Lists that are written as JSON; those of the last four names stand in the forecast only."""
UNTOLD = frozenset({"links", "fatal"})
"""Counters of our wires, which change with every cycle; what is fatal stands in ``issues``."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_NO_TIME = "0001-01-01"
_NO_LEVEL = re.compile(r"[/+#\x00]")


def topics(state: Mapping[str, Any]) -> dict[str, str]:
    """Payloads by topic, below the root. An empty payload means: there is none."""
    loadpoints, vehicles = state.get("loadpoints", ()), state.get("vehicles", {})
    told: dict[str, str] = {"loadpoints": str(len(loadpoints)), "vehicles": str(len(vehicles))}
    for key, value in state.items():
        if key not in ("loadpoints", "vehicles") and key not in UNTOLD:
            told |= _below(f"site/{key}", key, value)
    for number, loadpoint in enumerate(loadpoints, 1):
        for key, value in loadpoint.items():
            place = f"loadpoints/{number}/{key}"
            told |= _phases(place, value) if _triple(value) else _below(place, key, value)
    for name, vehicle in vehicles.items():
        for key, value in vehicle.items():
            told |= _below(f"vehicles/{level(name)}/{key}", key, value)
    return told


def below(root: str, told: Mapping[str, str]) -> dict[str, str]:
    """Whole topics."""
    return {f"{root}/{topic}": text for topic, text in told.items()}


def payload(value: Any) -> str:
    """One value as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    text = str(value)
    return _seconds(text) if _TIME.fullmatch(text) else text


def level(name: str) -> str:
    """A name as one level of a topic, which must not hold signs that mean something there."""
    return _NO_LEVEL.sub("_", name)


def _below(place: str, key: str, value: Any) -> dict[str, str]:
    if isinstance(value, Mapping):
        return {
            topic: text
            for name, item in value.items()
            for topic, text in _below(f"{place}/{level(str(name))}", str(name), item).items()
        }
    if not isinstance(value, Sequence) or isinstance(value, str):
        return {place: payload(value)}
    if key in TABLES:
        return {place: json.dumps(value, ensure_ascii=False, separators=(",", ":"))}
    told = {place: str(len(value))}
    for number, item in enumerate(value, 1):
        told |= _below(f"{place}/{number}", "", item)
    return told


def _triple(value: Any) -> bool:
    return (
        isinstance(value, Sequence)
        and len(value) == 3
        and all(each is None or (isinstance(each, int | float) and not isinstance(each, bool)) for each in value)
    )


def _phases(place: str, values: Sequence[float | None]) -> dict[str, str]:
    """Three phases of a loadpoint: their sum, and each by itself."""
    told = {place: payload(float(sum(value or 0.0 for value in values)))}
    return told | {f"{place}/l{number}": payload(value) for number, value in enumerate(values, 1)}


def _number(value: float) -> str:
    text = f"{Decimal(f'{value:.5g}'):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _seconds(text: str) -> str:
    return "" if text.startswith(_NO_TIME) else str(int(datetime.fromisoformat(text).timestamp()))
