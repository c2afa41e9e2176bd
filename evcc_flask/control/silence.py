"""Devices that do not answer, not wholly, or the wrong way round, as issues beside the configuration's.

Each names the device and the cause, and since when it is silent, or which of its values fails.
"""

import logging
from collections.abc import Iterator

from evcc_flask.domain.figures import ABSURD_W, LOST_S
from evcc_flask.domain.issues import Issue
from evcc_flask.domain.plausible import number
from evcc_flask.domain.readings import ChargerReading, MeterReading
from evcc_flask.domain.snapshot import Snapshot

log = logging.getLogger("site")

TURNED_PV_W = -500.0
"""Standby of an inverter draws less: what falls below is a meter that was built in the other way round."""
TURNED_CHARGE_W = -100.0


def troubled_devices(snapshot: Snapshot, now_s: float) -> tuple[Issue, ...]:
    """One issue for each device whose last try failed and whose last good answer is older than ``LOST_S``.

    And one for each value beside the main one that a device of an otherwise good answer fails to tell.
    """
    found: dict[tuple[str, ...], Issue] = {}
    for kind, reading in _readings(snapshot):
        if error := _gone(reading, now_s):
            found[kind, reading.name] = _silent(kind, reading.name, error, reading.at_s, now_s)
        for note in reading.notes:
            found[kind, reading.name, note] = _incomplete(kind, reading.name, note)
    for (kind, name), said in _turned(snapshot).items():
        meter = name if kind == "meter" else f"the charge meter of {name}"
        remedy = f"If it is built in the other way round, write invert: true for {meter} in evcc-flask.yaml."
        message = f"{name!r} seems reversed: {said}"
        found[kind, name, "turned"] = Issue(kind, message, device=name, remedy=remedy, fatal=False)
    return tuple(found.values())


class Roll:
    """For the log: one line when a device's main value is lost or seems reversed, and one when that is over."""

    def __init__(self) -> None:
        self._began_s: float | None = None
        self._lost: dict[tuple[str, str], str] = {}
        self._turned: dict[tuple[str, str], str] = {}

    def call(self, snapshot: Snapshot, now_s: float, known: set[str]) -> None:
        """``known``: devices whose trouble is told already."""
        self._began_s = now_s if self._began_s is None else self._began_s
        awaited = now_s - self._began_s <= LOST_S
        seen = {
            (kind, each.name): _gone(each, now_s)
            for kind, each in _readings(snapshot)
            if each.name not in known and not (awaited and each.at_s is None)
        }
        lost = {who: error for who, error in seen.items() if error}
        for who in lost.keys() - self._lost.keys():
            log.warning("%s %r is lost: %s", *who, lost[who])
        for who in self._lost.keys() - lost.keys():
            log.info("%s %r is back", *who)
        turned = _turned(snapshot)
        for who in sorted(turned.keys() - self._turned.keys()):
            log.warning("%s %r seems reversed: %s", *who, turned[who])
        for who in sorted(self._turned.keys() - turned.keys()):
            log.info("%s %r does not seem reversed any more", *who)
        self._lost, self._turned = lost, turned


def _readings(snapshot: Snapshot) -> Iterator[tuple[str, MeterReading | ChargerReading]]:
    meters = (
        *((snapshot.grid,) if snapshot.grid else ()),
        *(pv.meter for pv in snapshot.pv),
        *(battery.meter for battery in snapshot.batteries),
        *snapshot.aux,
        *snapshot.ext,
        *snapshot.circuit_meters.values(),
    )
    yield from (("meter", each) for each in meters)
    yield from (("charger", each.charger) for each in snapshot.loadpoints)


def _turned(snapshot: Snapshot) -> dict[tuple[str, str], str]:
    """Who says less than nothing where nothing is the least; that counts as 0."""
    found = {}
    for pv in snapshot.pv:
        if (number(pv.meter.power_w, ABSURD_W) or 0.0) < TURNED_PV_W:
            found["meter", pv.meter.name] = f"the sun gives {pv.meter.power_w:.0f} W"
    for box in (each.charger for each in snapshot.loadpoints):
        if (number(box.power_w, ABSURD_W) or 0.0) < TURNED_CHARGE_W:
            found["charger", box.name] = f"the car takes {box.power_w:.0f} W"
    return found


def _gone(reading: MeterReading | ChargerReading, now_s: float) -> str:
    """Why its main value is lost; empty while it is not. Silence is given time, nonsense none."""
    value = reading.power_w if isinstance(reading, MeterReading) else reading.status
    if reading.error:
        lost = value is None or reading.at_s is None or now_s - reading.at_s > LOST_S
        return reading.error if lost else ""
    if reading.at_s is not None and value is None:
        return f"its answer holds no {'power' if isinstance(reading, MeterReading) else 'status'}"
    if isinstance(value, float | int) and number(value, ABSURD_W) is None:
        return f"{value:g} W is no power of a house"
    return ""


def _silent(kind: str, name: str, error: str, at_s: float | None, now_s: float) -> Issue:
    since = "has not answered yet"
    if at_s is not None:
        silent = now_s - at_s > LOST_S
        since = f"has been silent for {_spoken(now_s - at_s)}" if silent else "answers, and tells nothing of use"
    remedy = "It is tried again all the time and joins when it answers; the other devices run on."
    return Issue(kind, f"{name!r} {since}: {error}", device=name, remedy=remedy, fatal=False)


def _incomplete(kind: str, name: str, note: str) -> Issue:
    remedy = "The device runs on without this value; evcc-flask check reads it once more and shows all that it says."
    return Issue(kind, f"{name!r} does not tell its {note}", device=name, remedy=remedy, fatal=False)


def _spoken(seconds: float) -> str:
    """Coarse, so that an unchanged silence is an unchanged text for a minute."""
    return "less than a minute" if seconds < 60 else f"{seconds // 60:.0f} min"
