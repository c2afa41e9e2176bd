"""What must survive a power cut: the open sessions, and that a battery is not in its normal mode because of us."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from .memory import BatteryMemory, LoadpointMemory, Memory, OpenSession
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
}
_TEXTS = {"key", "identifier", "vehicle"}
_TIMES = {"created", "finished"}


def remembered(memory: Memory) -> dict[str, Any]:
    """Plain values for the database. Ages instead of times, since a restart begins a new count of seconds."""
    now_s = memory.decided_s or 0.0
    return {
        "loadpoints": [
            {"status": each.status.value if each.status else None, "session": _kept(each.session, now_s)}
            for each in memory.loadpoints
        ],
        "battery": [int(mode) for mode in memory.battery.modes],
        "battery_external": memory.battery.external,
    }


def recalled(kept: Mapping[str, Any], now: Moment) -> Memory:
    """The memory of the last run, as far as it can be read. What is damaged is left out; never raises."""
    loadpoints = kept.get("loadpoints")
    modes = kept.get("battery")
    return Memory(
        started_s=now.s,
        loadpoints=tuple(_loadpoint(each, now) for each in loadpoints) if isinstance(loadpoints, list) else (),
        battery=BatteryMemory(
            modes=tuple(_mode(each) for each in modes) if isinstance(modes, list) else (),
            external=kept.get("battery_external") is True,
        ),
    )


def _mode(value: Any) -> BatteryMode:
    return next((mode for mode in BatteryMode if mode == value), BatteryMode.UNKNOWN)


def _kept(session: OpenSession | None, now_s: float) -> dict[str, Any] | None:
    if session is None:
        return None
    values: dict[str, Any] = {name: getattr(session, name) for name in sorted(_NUMBERS | _TEXTS)}
    for name in sorted(_TIMES):
        at: datetime | None = getattr(session, name)
        values[name] = at.isoformat() if at is not None else None
    values["connected_age_s"] = round(max(0.0, now_s - session.connected_s))
    values["started"] = session.created_s is not None
    return values


def _loadpoint(kept: Any, now: Moment) -> LoadpointMemory:
    if not isinstance(kept, Mapping) or not isinstance(kept.get("session"), Mapping):
        return LoadpointMemory()
    session = _session(kept["session"], now)
    status = next((each for each in Status if each.value == kept.get("status")), None)
    if session is None or status is None or status is Status.A:
        return LoadpointMemory()
    return LoadpointMemory(status=status, session=session)


def _session(kept: Mapping[str, Any], now: Moment) -> OpenSession | None:
    key = kept.get("key")
    if not isinstance(key, str) or not key:
        return None
    age_s = _number(kept.get("connected_age_s")) or 0.0
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
