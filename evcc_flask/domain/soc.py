"""How full the car is, from when and from whom that is known, and what has been added since.

A car's account is asked rarely and answers late. Between two readings the energy that flowed is counted on top of the
last one, never more of it than the battery can have taken. A reading from before the plug-in decides nothing; one that
is older than an hour ends no charge.
"""

import math
from dataclasses import replace
from datetime import timedelta

from . import plausible
from .carmemory import Anchor, CarMemory, Soc, SocSource
from .decision import Event
from .figures import (
    ABSURD_CAPACITY_KWH,
    EFFICIENCY,
    LEARN_PERCENT,
    SOC_STEP_PERCENT,
    SOC_TRUST_S,
    STUCK_PERCENT,
    WORST_EFFICIENCY,
)
from .memory import OpenSession
from .moment import Moment
from .point import Point
from .reasons import Code, because
from .words import Contact


def follow(p: Point, session: OpenSession | None, now: Moment) -> None:
    """Find out this cycle's SoC; what is to be remembered goes into ``p.car``."""
    p.connected_s = connected_s = session.connected_s if session is not None and p.connected else None
    _forget(p, now)
    if Event.START in p.events or Event.STOP in p.events:
        p.car = replace(p.car, switched_s=p.now_s)
    if connected_s is not None:
        p.car = _anchored(p, connected_s)
    p.soc = _known(p, connected_s)
    p.soc_percent = p.soc.percent if p.soc is not None and p.soc.current else None
    p.car = replace(p.car, soc=p.soc)
    _tell_step(p)
    silent = p.vehicle.contact if p.vehicle is not None and p.connected else None
    if silent in (Contact.ASLEEP, Contact.LIMITED, Contact.GONE):
        error = {"error": p.vehicle.error} if p.vehicle is not None and p.vehicle.error else {}
        p.note(because(Code.VEHICLE_SILENT, contact=silent.value, **error))
    if p.soc is not None and p.soc.current and not p.soc.trusted:
        p.note(because(Code.SOC_STALE, soc_percent=round(p.soc.percent, 1), age_s=round(p.since(p.soc.at_s))))


def _forget(p: Point, now: Moment) -> None:
    """A new connection and another car begin anew; the value set by hand may be an hour older than the plug-in."""
    came, name = Event.CONNECT in p.events, p.settings.vehicle
    if came or not p.connected or p.car.name != name:
        step = p.car.step if not came and p.car.name == name else None
        p.car = replace(p.car, name=name, anchor=None, first=None, kwh_per_percent=None, manual_at=None, step=step)
    manual = p.settings.manual_soc
    if came and manual is not None and now.wall is not None and now.wall - manual.at > timedelta(seconds=SOC_TRUST_S):
        p.change("manual_soc", None, "connect")


def _anchored(p: Point, connected_s: float) -> CarMemory:
    """The memory with what was told since: by hand, else by the car."""
    car, manual = p.car, p.settings.manual_soc
    if manual is not None:
        if car.manual_at == manual.at:
            return car
        anchor = Anchor(manual.percent, p.session_kwh, p.now_s, SocSource.MANUAL)
        return replace(car, anchor=anchor, first=None, kwh_per_percent=None, manual_at=manual.at)
    if car.manual_at is not None:
        car = replace(car, anchor=None, first=None, kwh_per_percent=None, manual_at=None)
    told = _reading(p)
    if told is None or told.at_s < connected_s:
        return car
    before = car.anchor
    if before is None:
        return replace(car, anchor=told, first=told)
    if told.at_s <= before.at_s:
        return car if p.session_kwh >= before.kwh else replace(car, anchor=replace(before, kwh=p.session_kwh))
    if told.percent == before.percent and p.session_kwh >= before.kwh:
        # An account that repeats itself while the battery fills says nothing new, and its word ages.
        grown = (p.session_kwh - before.kwh) / _kwh_per_percent(p, car) if capacity_kwh(p) else 0.0
        return car if grown >= STUCK_PERCENT else replace(car, anchor=replace(before, at_s=told.at_s))
    return replace(car, anchor=told, kwh_per_percent=_learned(p, car, told), first=car.first or told)


def _reading(p: Point) -> Anchor | None:
    """What the car's account said last, if that can be."""
    car = p.vehicle
    percent = plausible.number(car.soc_percent, 100.0) if car is not None else None
    if car is None or percent is None or percent <= 0 or car.at_s is None or not math.isfinite(car.at_s):
        return None
    # What is decoded while the snapshot is taken is a little younger than the cycle.
    return Anchor(percent, p.session_kwh, min(car.at_s, p.now_s))


def _learned(p: Point, car: CarMemory, told: Anchor) -> float | None:
    """After ten points the battery itself has shown what a point costs, within what is possible."""
    first, capacity = car.first, capacity_kwh(p)
    if first is None or capacity is None or told.percent - first.percent <= LEARN_PERCENT:
        return car.kwh_per_percent
    cost = (told.kwh - first.kwh) / (told.percent - first.percent)
    return min(max(cost, capacity / 100), capacity / 100 / WORST_EFFICIENCY)


def _kwh_per_percent(p: Point, car: CarMemory) -> float:
    return car.kwh_per_percent or (capacity_kwh(p) or 0.0) / 100 / EFFICIENCY


def _known(p: Point, connected_s: float | None) -> Soc | None:
    by_box = plausible.number(p.charger.soc_percent, 100.0) if p.fresh and p.settings.manual_soc is None else None
    if by_box is not None and by_box > 0:
        return Soc(by_box, SocSource.CHARGER, p.charger.at_s or p.now_s, current=p.connected, trusted=p.connected)
    anchor = p.car.anchor
    if connected_s is None or anchor is None:
        return _from_before(p)
    grown_kwh, percent = max(0.0, p.session_kwh - anchor.kwh), anchor.percent
    if p.settings.estimate and capacity_kwh(p) is not None:
        percent = min(100.0, percent + grown_kwh / _kwh_per_percent(p, p.car))
    by_hand = anchor.source is SocSource.MANUAL
    source = SocSource.ESTIMATE if percent > anchor.percent and not by_hand else anchor.source
    # A car that waits does not fill up: what was known when it last charged holds on, and begins no new charge.
    until_s = p.now_s if p.charging else p.car.switched_s or anchor.at_s
    return Soc(percent, source, anchor.at_s, trusted=by_hand or until_s - anchor.at_s <= SOC_TRUST_S)


def _from_before(p: Point) -> Soc | None:
    """To be shown only."""
    manual = p.settings.manual_soc
    if manual is not None and not p.connected:
        return Soc(manual.percent, SocSource.MANUAL, p.now_s, current=False, trusted=False)
    told = _reading(p)
    return Soc(told.percent, SocSource.CAR, told.at_s, current=False, trusted=False) if told is not None else None


def capacity_kwh(p: Point) -> float | None:
    """Of the car's battery, where it is stated and can be."""
    capacity = p.vehicle.capacity_kwh if p.vehicle is not None else None
    return capacity if capacity is not None and 0 < capacity < ABSURD_CAPACITY_KWH else None


def _tell_step(p: Point) -> None:
    """Every ten points are an event while it charges."""
    if p.soc is None or not p.soc.current:
        return
    step = int(p.soc.percent // SOC_STEP_PERCENT)
    if p.car.step is not None and step > p.car.step and p.charging:
        p.events.append(Event.SOC)
    p.car = replace(p.car, step=step)
