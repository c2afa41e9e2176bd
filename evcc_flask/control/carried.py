"""Which of evcc's stored settings are ours, under which key and in which form. Pure: text in, plain JSON out.

evcc keeps them as text: ``lp1.mode``, ``prioritySoc`` (``site.prioritySoc`` in some versions), ``vehicle.NAME.minSoc``.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

SITE = (
    *("residualPower", "prioritySoc", "bufferSoc", "bufferStartSoc"),
    *("batteryDischargeControl", "batteryGridChargeLimit"),
)
LOADPOINT = {
    **{name: name for name in ("mode", "priority", "minCurrent", "maxCurrent", "limitSoc", "limitEnergy")},
    **{name: name for name in ("smartCostLimit", "smartFeedInPriorityLimit", "enableThreshold", "disableThreshold")},
    "phasesConfigured": "phases",
    "phases": "phases",
}
DELAYS = ("enableDelay", "disableDelay")
VEHICLE = ("minSoc", "limitSoc")
PASSWORD = "adminPassword"
NS_S = 1e9
LONGEST_S = 1_000_000
"""A delay above is meant in nanoseconds."""
_LOADPOINT_KEY = re.compile(r"lp(\d+)\.(\w+)")
_VEHICLE_KEY = re.compile(r"vehicle\.(.+)\.(\w+)")


@dataclass(frozen=True, slots=True)
class Carried:
    """``values``: by our keys. ``left``: evcc's keys of settings that have no place here."""

    values: Mapping[str, Any]
    left: tuple[str, ...]


def carried(settings: Mapping[str, str], names: Mapping[str, str]) -> Carried:
    """``names``: what evcc calls ``db:5`` and we by a name."""
    values: dict[str, Any] = {}
    plans: dict[str, dict[str, Any]] = {}
    left = []
    for key, text in settings.items():
        value = _parsed(text)
        if value is None or value == "":
            continue
        place, name = _place(key, names)
        if name in ("planTime", "planSoc", "planEnergy", "planPrecondition") and place:
            plans.setdefault(place, {})[name] = value
            continue
        rows = _rows(place, name, value)
        values |= rows
        if place and not rows:
            left.append(key)
    for place, plan in plans.items():
        values |= _plan(place, plan)
    if settings.get(PASSWORD, "").startswith("$2"):
        values[PASSWORD] = settings[PASSWORD]
    return Carried(values, tuple(left))


def _place(key: str, names: Mapping[str, str]) -> tuple[str, str]:
    """Where a setting belongs and its name there: ``("lp1", "mode")``, ``("vehicle.golf", "minSoc")``; else nothing."""
    if found := _LOADPOINT_KEY.fullmatch(key):
        return f"lp{int(found[1])}", found[2]
    if found := _VEHICLE_KEY.fullmatch(key):
        return f"vehicle.{names.get(found[1], found[1])}", found[2]
    name = key.removeprefix("site.")
    return ("site", name) if name in SITE else ("", name)


def _rows(place: str, name: str, value: Any) -> dict[str, Any]:
    if place == "site":
        return {f"site.{name}": value}
    if place.startswith("lp"):
        return {f"{place}.{ours}": each for ours, each in _of_loadpoint(name, value).items()}
    if place and name in VEHICLE:
        return {f"{place}.{name}": value}
    if place and name == "repeatingPlans" and isinstance(value, list):
        return {f"{place}.repeatingPlans": [_repeating(plan) for plan in value if isinstance(plan, dict)]}
    return {}


def _of_loadpoint(name: str, value: Any) -> dict[str, Any]:
    if name in LOADPOINT:
        return {LOADPOINT[name]: value}
    if name in DELAYS and (seconds := _seconds(value)) is not None:
        return {name: seconds}
    if name == "thresholds" and isinstance(value, dict):
        rows: dict[str, Any] = {}
        for word in ("enable", "disable"):
            given = value.get(word)
            given = given if isinstance(given, dict) else {}
            if (power_w := given.get("threshold")) is not None:
                rows[f"{word}Threshold"] = power_w
            if (seconds := _seconds(given.get("delay"))) is not None:
                rows[f"{word}Delay"] = seconds
        return rows
    return {}


def _plan(place: str, plan: Mapping[str, Any]) -> dict[str, Any]:
    """A plan without its time, or whose time is evcc's nothing, is none."""
    at = _moment(plan.get("planTime"))
    kind, ours = ("planEnergy", "energyPlan") if place.startswith("lp") else ("planSoc", "plan")
    goal = plan.get(kind)
    if at is None or not isinstance(goal, (int, float)) or isinstance(goal, bool) or goal <= 0:
        return {}
    precondition_s = _seconds(plan.get("planPrecondition")) or 0
    word = "energy" if ours == "energyPlan" else "soc"
    return {f"{place}.{ours}": {word: goal, "time": at.isoformat(), "precondition": int(precondition_s)}}


def _repeating(plan: Mapping[str, Any]) -> dict[str, Any]:
    return {"precondition": 0, **plan}


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo is not None and moment.year > 1 else None


def _seconds(value: Any) -> float | None:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or value < 0:
        return None
    return value / NS_S if value > LONGEST_S else float(value)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
