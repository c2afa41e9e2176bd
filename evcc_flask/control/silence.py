"""Devices that do not answer, as issues beside the configuration's: each names the device, the cause and since when."""

from evcc_flask.domain.issues import Issue
from evcc_flask.domain.snapshot import Snapshot

PATIENCE_S = 15.0
"""A device that answered so recently is not yet a problem: one lost answer is the wire's everyday life."""


def silent_devices(snapshot: Snapshot, now_s: float) -> tuple[Issue, ...]:
    """One issue for each device whose last try failed and whose last good answer is older than ``PATIENCE_S``."""
    meters = (
        *((snapshot.grid,) if snapshot.grid else ()),
        *(pv.meter for pv in snapshot.pv),
        *(battery.meter for battery in snapshot.batteries),
        *snapshot.aux,
        *snapshot.ext,
        *snapshot.circuit_meters.values(),
    )
    found: dict[tuple[str, str], Issue] = {}
    for kind, readings in (("meter", meters), ("charger", tuple(each.charger for each in snapshot.loadpoints))):
        for reading in readings:
            if reading.error and (reading.at_s is None or now_s - reading.at_s > PATIENCE_S):
                found[kind, reading.name] = _issue(kind, reading.name, reading.error, reading.at_s, now_s)
    return tuple(found.values())


def _issue(kind: str, name: str, error: str, at_s: float | None, now_s: float) -> Issue:
    since = "has not answered yet" if at_s is None else f"has been silent for {_spoken(now_s - at_s)}"
    remedy = "It is tried again all the time and joins when it answers; the other devices run on."
    return Issue(kind, f"{name!r} {since}: {error}", device=name, remedy=remedy, fatal=False)


def _spoken(seconds: float) -> str:
    """Coarse, so that an unchanged silence is an unchanged text for a minute."""
    return "less than a minute" if seconds < 60 else f"{seconds // 60:.0f} min"
