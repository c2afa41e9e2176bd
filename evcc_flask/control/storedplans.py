"""Charging plans, and fast charges for once, as plain JSON in the database and back: what is damaged is passed over."""

import math
from collections.abc import Iterable
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from evcc_flask.domain.once import FastOnce, Until
from evcc_flask.domain.plans import EnergyPlan, RepeatingPlan, SocPlan

CLOCK = "%H:%M"


def soc_plan(plan: SocPlan | None) -> dict[str, Any] | None:
    """``{"soc": 80, "time": "2026-05-05T06:00:00+02:00", "precondition": 0}``."""
    if plan is None:
        return None
    return {"soc": plan.soc_percent, "time": plan.time.isoformat(), **_manner(plan)}


def energy_plan(plan: EnergyPlan | None) -> dict[str, Any] | None:
    """The same with ``energy`` in kWh."""
    if plan is None:
        return None
    return {"energy": plan.energy_kwh, "time": plan.time.isoformat(), **_manner(plan)}


def repeating(plans: Iterable[RepeatingPlan]) -> list[dict[str, Any]]:
    """As evcc's clients write and read them."""
    return [
        {
            "weekdays": list(plan.weekdays),
            "time": plan.at.strftime(CLOCK),
            "tz": plan.tz,
            "soc": plan.soc_percent,
            **_manner(plan),
            "active": plan.active,
        }
        for plan in plans
    ]


def fast_once(wish: FastOnce | None) -> dict[str, Any] | None:
    """``{"until": "20kwh", "kind": "energy", "energy": 20.0, "from": 3.5, "ends": null}``."""
    if wish is None:
        return None
    ends = wish.ends.isoformat() if wish.ends else None
    return {
        "until": wish.said,
        "kind": wish.until.value,
        "energy": wish.energy_kwh,
        "from": wish.from_kwh,
        "ends": ends,
    }


def read_fast_once(stored: Any) -> FastOnce | None:
    """None where there is none, or none that makes sense."""
    try:
        kind, energy_kwh, from_kwh = Until(stored["kind"]), float(stored["energy"]), float(stored["from"])
        ends = _moment(stored["ends"]) if kind is Until.TIME else None
        said = str(stored["until"])
    except (TypeError, KeyError, ValueError, AttributeError):
        return None
    return FastOnce(said, kind, energy_kwh, from_kwh, ends) if math.isfinite(energy_kwh + from_kwh) else None


def read_soc_plan(stored: Any) -> SocPlan | None:
    """None where there is none, or none that makes sense."""
    try:
        at, whole = _moment(stored["time"]), stored.get("continuous") is True
        return SocPlan(_soc(stored["soc"]), at, _seconds(stored["precondition"]), whole)
    except (TypeError, KeyError, ValueError, AttributeError):
        return None


def read_energy_plan(stored: Any) -> EnergyPlan | None:
    """None where there is none, or none that makes sense."""
    try:
        energy_kwh = float(stored["energy"])
        at, whole = _moment(stored["time"]), stored.get("continuous") is True
        plan = EnergyPlan(energy_kwh, at, _seconds(stored["precondition"]), whole)
    except (TypeError, KeyError, ValueError, AttributeError):
        return None
    return plan if energy_kwh > 0 and math.isfinite(energy_kwh) else None


def read_repeating(stored: Any) -> tuple[RepeatingPlan, ...]:
    """Those that make sense."""
    plans = (_read_repeating(each) for each in stored) if isinstance(stored, list) else ()
    return tuple(plan for plan in plans if plan is not None)


def read_soc(stored: Any) -> int | None:
    """A SoC in %, or None."""
    try:
        return _soc(stored)
    except (TypeError, ValueError):
        return None


def _read_repeating(stored: Any) -> RepeatingPlan | None:
    try:
        days = tuple(day for day in stored["weekdays"] if day in range(7))
        at = datetime.strptime(stored["time"], CLOCK).time()  # noqa: DTZ007 — a time of day
        zone = ZoneInfo(stored["tz"])
        soc, precondition_s = _soc(stored["soc"]), _seconds(stored["precondition"])
        active, whole = stored["active"] is True, stored.get("continuous") is True
        return RepeatingPlan(days, time(at.hour, at.minute), zone.key, soc, precondition_s, active, whole)
    except (TypeError, KeyError, ValueError, OSError, AttributeError):
        return None


def _manner(plan: SocPlan | EnergyPlan | RepeatingPlan) -> dict[str, Any]:
    """``continuous`` only where it is wished: evcc's clients do not know it."""
    return {"precondition": plan.precondition_s, **({"continuous": True} if plan.continuous else {})}


def _soc(value: Any) -> int:
    if isinstance(value, bool) or not 0 <= value <= 100:
        raise ValueError(value)
    return round(float(value))


def _moment(text: Any) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def _seconds(value: Any) -> int:
    return max(0, int(value))
