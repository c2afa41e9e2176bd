"""Contactors wear out: what we switch by ourselves is rationed by the hour. A person's wishes are free."""

from .figures import HOUR_S, PERSON_S, PHASE_SWITCHES_PER_HOUR, SWITCHES_PER_HOUR
from .point import Point

Times = tuple[float, ...]


def last_hour(times: Times, now_s: float) -> Times:
    """Those of the last hour, oldest first."""
    if not times or now_s - times[0] < HOUR_S:
        return times
    return tuple(at for at in times if now_s - at < HOUR_S)


def free(p: Point) -> bool:
    """A person acted here a moment ago."""
    return p.since(p.person_s) <= PERSON_S


def phase_wait_s(p: Point) -> float:
    """Seconds until phases may be switched again; 0 = now."""
    return 0.0 if free(p) else _wait_s(p.memory.phase_switches, PHASE_SWITCHES_PER_HOUR, p.now_s)


def start_wait_s(p: Point) -> float:
    """Seconds until a charge may be started again; 0 = now. A start leaves room for its own stop."""
    return 0.0 if free(p) else _wait_s(p.memory.switches, SWITCHES_PER_HOUR - 1, p.now_s)


def _wait_s(times: Times, most: int, now_s: float) -> float:
    recent = last_hour(times, now_s)
    return HOUR_S - (now_s - recent[-most]) if len(recent) >= most else 0.0
