"""What must survive a power cut of the car at a loadpoint: who it is, what it said last, and what a person said."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from .carmemory import NOBODY_YET, Anchor, CarMemory, SocSource
from .figures import ABSURD_CAPACITY_KWH, ABSURD_KWH, SOC_TRUST_S
from .memory import Asked
from .plausible import number
from .polling import PATIENCE

AGES = ("switched_age_s", "detects_age_s")


def kept(car: CarMemory, now_s: float) -> dict[str, Any] | None:
    """Plain values for the database, with ages instead of times; None where there is nothing to remember."""
    if replace(car, soc=None) == NOBODY_YET:
        return None
    return {
        "name": car.name,
        "anchor": _anchor(car.anchor, now_s),
        "first": _anchor(car.first, now_s),
        "kwh_per_percent": car.kwh_per_percent,
        "manual_at": car.manual_at.isoformat() if car.manual_at is not None else None,
        "switched_age_s": _age(car.switched_s, now_s),
        "step": car.step,
        "identifier": car.identifier,
        "detects_age_s": _age(car.detects_s, now_s),
        "gave_up": car.gave_up,
        "seen": car.seen,
    }


def lasting(stored: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """``stored`` without what only tells that time has passed."""
    if stored is None:
        return None
    anchors = {name: {**stored[name], "age_s": 0} if stored[name] is not None else None for name in ("anchor", "first")}
    return {name: value for name, value in stored.items() if name not in AGES} | anchors


def recalled(stored: Any, now_s: float, away_s: float | None) -> CarMemory:
    """The inverse; what is damaged is forgotten. ``away_s`` None: nobody knows how long, and no reading is trusted."""
    if not isinstance(stored, Mapping):
        return NOBODY_YET
    unseen_s = away_s if away_s is not None else 2 * SOC_TRUST_S
    try:
        name, manual_at = stored["name"], stored["manual_at"]
        return CarMemory(
            name=name if isinstance(name, str) else None,
            anchor=_read_anchor(stored["anchor"], now_s - unseen_s),
            first=_read_anchor(stored["first"], now_s - unseen_s),
            kwh_per_percent=_positive(stored["kwh_per_percent"]),
            manual_at=datetime.fromisoformat(manual_at) if manual_at else None,
            switched_s=_time(stored["switched_age_s"], now_s - (away_s or 0.0)),
            step=stored["step"] if isinstance(stored["step"], int) else None,
            identifier=str(stored["identifier"]),
            detects_s=_time(stored["detects_age_s"], now_s - (away_s or 0.0)),
            gave_up=stored["gave_up"] is True,
            seen=str(stored["seen"]),
        )
    except (KeyError, TypeError, ValueError):
        return NOBODY_YET


def asked(stored: Any, now_s: float, away_s: float | None) -> dict[str, Asked]:
    """When each car's account was asked last, so that a program that starts again and again asks none too often."""
    if not isinstance(stored, Mapping):
        return {}
    found = {}
    for name, age_s in stored.items():
        at_s = _time(age_s, now_s - (away_s or 0.0))
        if at_s is not None:
            found[str(name)] = Asked(at_s, PATIENCE.failed(at_s))
    return found


def _anchor(anchor: Anchor | None, now_s: float) -> dict[str, Any] | None:
    if anchor is None:
        return None
    age_s = _age(anchor.at_s, now_s)
    return {"percent": anchor.percent, "kwh": anchor.kwh, "age_s": age_s, "source": anchor.source.value}


def _read_anchor(stored: Any, then_s: float) -> Anchor | None:
    if not isinstance(stored, Mapping):
        return None
    percent, kwh = number(float(stored["percent"]), 100.0), number(float(stored["kwh"]), ABSURD_KWH)
    at_s = _time(stored["age_s"], then_s)
    if percent is None or percent < 0 or kwh is None or at_s is None:
        return None
    return Anchor(percent, kwh, at_s, SocSource(stored["source"]))


def _age(at_s: float | None, now_s: float) -> int | None:
    return round(max(0.0, now_s - at_s)) if at_s is not None else None


def _time(age_s: Any, then_s: float) -> float | None:
    age = number(float(age_s), 1e12) if isinstance(age_s, int | float) and not isinstance(age_s, bool) else None
    return then_s - max(0.0, age) if age is not None else None


def _positive(value: Any) -> float | None:
    cost = number(float(value), ABSURD_CAPACITY_KWH) if isinstance(value, int | float) else None
    return cost if cost is not None and cost > 0 else None
