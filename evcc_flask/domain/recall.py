"""What must survive a power cut: the open sessions and their cars, what the boxes were told, how often they were
switched, and that a battery is not in its normal mode because of us.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from . import recallcars, recallplans
from .figures import ABSURD_A
from .memory import BatteryMemory, BatteryOrder, Box, LoadpointMemory, Memory, OpenSession
from .moment import Moment
from .plausible import number
from .words import BatteryMode, Status

_NUMBERS = {
    "meter_start_kwh",
    "counter_kwh",
    "charged_kwh",
    "solar_kwh",
    "charge_duration_s",
    "price",
    "priced_kwh",
    "co2_g",
    "co2_kwh",
    "odometer_km",
    "ahead_kwh",
}
_TEXTS = {"key", "identifier", "vehicle"}
_TIMES = {"created", "finished"}
AT, AGE = "at", "connected_age_s"
POWER, UNSEEN = "power_w", "unseen_s"
SWITCHES, PHASE_SWITCHES = "switches_age_s", "phase_switches_age_s"


def remembered(memory: Memory, wall: datetime | None = None) -> dict[str, Any]:
    """Plain values for the database. Ages instead of times, since a restart begins a new count of seconds.

    ``wall``: when the ages were true, None where the clock is not trusted.
    """
    now_s = memory.decided_s or 0.0
    return {
        AT: wall.isoformat() if wall is not None else None,
        "loadpoints": [_row(each, now_s) for each in memory.loadpoints],
        "battery": {
            name: _order_row(each) for name, each in memory.battery.orders.items() if each.ours or each.was_ours
        },
        "battery_external": memory.battery.external,
        "asked": {name: round(now_s - each.at_s) for name, each in memory.asked.items()},
    }


def lasting(kept: Mapping[str, Any]) -> Mapping[str, Any]:
    """``kept`` without what only tells that time has passed: while nothing else changes, nothing is written."""
    loadpoints = [
        {
            **{name: value for name, value in each.items() if name not in (POWER, UNSEEN, SWITCHES, PHASE_SWITCHES)},
            "session": {**each["session"], AGE: 0} if each["session"] else None,
            "car": recallcars.lasting(each["car"]),
        }
        for each in kept["loadpoints"]
    ]
    return {**kept, AT: None, "asked": None, "loadpoints": loadpoints}


def recalled(kept: Mapping[str, Any], now: Moment) -> Memory:
    """The memory of the last run, as far as it can be read. What is damaged is left out; never raises."""
    loadpoints = kept.get("loadpoints")
    away_s = _away_s(_time(kept.get(AT)), now.wall)
    orders = kept.get("battery")
    return Memory(
        started_s=now.s,
        loadpoints=tuple(_loadpoint(each, now, away_s) for each in loadpoints) if isinstance(loadpoints, list) else (),
        battery=BatteryMemory(
            {name: _order(row, now) for name, row in orders.items() if isinstance(row, Mapping)}
            if isinstance(orders, Mapping)
            else {},
            external=kept.get("battery_external") is True,
        ),
        asked=recallcars.asked(kept.get("asked"), now.s, away_s),
    )


def _order_row(order: BatteryOrder) -> dict[str, Any]:
    """One that may have reached the battery counts as in force."""
    return {"mode": int(order.mode), "found": None if order.found is None else int(order.found)}


def _order(kept: Mapping[str, Any], now: Moment) -> BatteryOrder:
    mode, found = _mode(kept.get("mode")), _mode(kept.get("found"))
    known = None if found is BatteryMode.UNKNOWN else found
    return BatteryOrder(mode, True, mode, True, known, now.s, recalled=True)


def _mode(value: Any) -> BatteryMode:
    return next((mode for mode in BatteryMode if mode == value), BatteryMode.UNKNOWN)


def _row(loadpoint: LoadpointMemory, now_s: float) -> dict[str, Any]:
    box, session = loadpoint.box, loadpoint.session
    unseen_s, power_w = 0.0, loadpoint.power.value if loadpoint.power is not None else None
    if session is not None and session.resumed_s is not None:
        unseen_s, power_w = max(0.0, now_s - session.resumed_s), session.resumed_w
    return {
        "status": loadpoint.status.value if loadpoint.status else None,
        "session": _kept(session, now_s),
        "box": {"enabled": box.enabled, "offered_a": box.offered_a, "told_a": box.told_a, "phases": box.phases},
        POWER: power_w,
        UNSEEN: round(unseen_s),
        SWITCHES: [round(now_s - at_s) for at_s in loadpoint.switches],
        PHASE_SWITCHES: [round(now_s - at_s) for at_s in loadpoint.phase_switches],
        "plan": recallplans.kept(loadpoint.plan),
        "car": recallcars.kept(loadpoint.car, now_s),
    }


def _kept(session: OpenSession | None, now_s: float) -> dict[str, Any] | None:
    if session is None:
        return None
    values: dict[str, Any] = {name: getattr(session, name) for name in sorted(_NUMBERS | _TEXTS)}
    for name in sorted(_TIMES):
        at: datetime | None = getattr(session, name)
        values[name] = at.isoformat() if at is not None else None
    values[AGE] = round(max(0.0, now_s - session.connected_s))
    values["started"] = session.created_s is not None
    return values


def _loadpoint(kept: Any, now: Moment, away_s: float | None) -> LoadpointMemory:
    if not isinstance(kept, Mapping):
        return LoadpointMemory()
    unplugged = LoadpointMemory(
        switches=_times(kept.get(SWITCHES), now, away_s), phase_switches=_times(kept.get(PHASE_SWITCHES), now, away_s)
    )
    session = _session(kept["session"], now, away_s or 0.0) if isinstance(kept.get("session"), Mapping) else None
    status = next((each for each in Status if each.value == kept.get("status")), None)
    if status is Status.A:
        return replace(unplugged, status=status)
    if session is None or status is None:
        return unplugged
    if status is Status.C and away_s is not None:
        unseen_s = away_s + max(0.0, _number(kept.get(UNSEEN)) or 0.0)
        session = replace(session, resumed_s=now.s - unseen_s, resumed_w=_number(kept.get(POWER)))
    plan = recallplans.recalled(kept.get("plan"))
    car = recallcars.recalled(kept.get("car"), now.s, away_s)
    return replace(unplugged, status=status, session=session, box=_box(kept.get("box")), plan=plan, car=car)


def _box(kept: Any) -> Box:
    """What the run before told the box; what the box itself says later wins."""
    if not isinstance(kept, Mapping):
        return Box()
    enabled, phases = kept.get("enabled"), kept.get("phases")
    return Box(
        enabled=enabled if isinstance(enabled, bool) else None,
        offered_a=_current(kept.get("offered_a")),
        told_a=_current(kept.get("told_a")),
        phases=phases if phases in (1, 3) else None,
        recalled=True,
    )


def _current(kept: Any) -> float | None:
    value = _number(kept)
    return value if value is not None and 0 <= value <= ABSURD_A else None


def _times(kept: Any, now: Moment, away_s: float | None) -> tuple[float, ...]:
    """When it was switched, oldest first, so that a program that starts again and again wears out no contactor."""
    ages = [_number(each) for each in kept] if isinstance(kept, list) else []
    return tuple(sorted(now.s - max(0.0, age) - (away_s or 0.0) for age in ages if age is not None))


def _session(kept: Mapping[str, Any], now: Moment, away_s: float) -> OpenSession | None:
    key = kept.get("key")
    if not isinstance(key, str) or not key:
        return None
    age_s = (_number(kept.get(AGE)) or 0.0) + away_s
    defaults = {each.name: each.default for each in fields(OpenSession)}
    values: dict[str, Any] = {}
    for name in _NUMBERS:
        value = _number(kept.get(name))
        values[name] = value if value is not None else defaults[name]
    for name in _TEXTS - {"key"}:
        value = kept.get(name)
        values[name] = value if isinstance(value, str) else ""
    for name in _TIMES:
        values[name] = _time(kept.get(name))
    connected_s = now.s - age_s
    session = OpenSession(key, connected_s, **values)
    return replace(session, created_s=connected_s if kept.get("started") is True else None)


def _away_s(before: datetime | None, now: datetime | None) -> float | None:
    """How long the program was away; None where no clock knows."""
    if before is None or now is None:
        return None
    return max(0.0, (now - before).total_seconds())


def _number(value: Any) -> float | None:
    return number(float(value), 1e12) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _time(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
