"""Energy of a session: counted once, whatever the counter does; the row of a car stays one row until it leaves."""

from dataclasses import replace
from datetime import datetime, timedelta

from . import costs, standstill
from .decision import Event
from .figures import ABSURD_KM, ABSURD_KWH, LONGEST_STEP_S, PLAUSIBLE_KW, RESUME_S, STALE_S, SUSPECT_S, UNSEEN_KWH
from .house import House
from .memory import Held, OpenSession
from .moment import Moment
from .plausible import number
from .point import Point
from .sessions import SessionRow
from .snapshot import Rates
from .words import Feature


def follow(p: Point, h: House, rates: Rates, now: Moment) -> tuple[OpenSession | None, tuple[SessionRow, ...]]:
    """The session as it stands now, and the rows that are worth storing."""
    session = p.memory.session
    rows: list[SessionRow] = []
    if session is not None:
        before, session = session, _grown(session, p, h, rates)
        # What was charged while nobody looked belongs to the session, but to no quarter that was watched.
        p.grown_kwh = session.charged_kwh - before.charged_kwh if before.integrated_s is not None else 0.0
    if session is not None and Event.STOP in p.events:
        session = replace(session, finished=now.wall or session.finished)
        rows.append(row(session, p.index, p.settings.title))
    gone = Event.DISCONNECT in p.events or (not p.connected and p.status is not None)
    if session is not None and (gone or _new_day(session, p, now)):
        if p.memory.charging_s is not None or session.finished is None:
            # Otherwise it has been finished since its last stop, however long the car stood there afterwards.
            session = replace(session, finished=now.wall or session.finished)
        rows = [row(session, p.index, p.settings.title, closed=True)] if session.created_s is not None else []
        session = None
    if not p.connected:
        return None, tuple(rows)
    if session is None:
        session = _opened(p, now)
    session = _named(session, p)
    if p.charging and session.created_s is None:
        session = replace(session, created_s=now.s, created=now.wall, finished=now.wall)
        rows.append(row(session, p.index, p.settings.title))
    if session.created is None and session.created_s is not None and now.wall is not None:
        session = replace(session, created=now.wall - timedelta(seconds=now.since(session.created_s)))
        rows = [row(session, p.index, p.settings.title)]
    return session, tuple(rows) if session.created_s is not None or rows else ()


def row(session: OpenSession, loadpoint: int, title: str, *, closed: bool = False) -> SessionRow:
    """As stored."""
    charged = session.charged_kwh
    return SessionRow(
        key=session.key,
        loadpoint=loadpoint,
        title=title,
        vehicle=session.vehicle,
        identifier=session.identifier,
        created=session.created,
        finished=session.finished,
        meter_start_kwh=session.meter_start_kwh,
        meter_stop_kwh=session.counter_kwh,
        charged_kwh=charged,
        charge_duration_s=session.charge_duration_s,
        solar_percent=solar_percent(session),
        price=session.price,
        price_per_kwh=price_per_kwh(session),
        co2_per_kwh=co2_per_kwh(session),
        odometer_km=session.odometer_km,
        closed=closed,
    )


def solar_percent(session: OpenSession) -> float | None:
    """Share of the sun so far; None while nothing was charged."""
    return 100.0 * session.solar_kwh / session.charged_kwh if session.charged_kwh > 0 else None


def price_per_kwh(session: OpenSession) -> float | None:
    """Of the energy whose price was known; None: it never was."""
    return session.price / session.priced_kwh if session.price is not None and session.priced_kwh > 0 else None


def co2_per_kwh(session: OpenSession) -> float | None:
    """g/kWh of the energy for which it was known; None: it never was."""
    return session.co2_g / session.co2_kwh if session.co2_g is not None and session.co2_kwh > 0 else None


def _opened(p: Point, now: Moment) -> OpenSession:
    counter = _counter(p)
    born = now.wall.isoformat(timespec="seconds") if now.wall is not None else f"{now.s:.0f}"
    at_start = p.memory.status is None and p.since(p.started_s) <= STALE_S
    return OpenSession(
        key=f"{p.index + 1}@{born}",
        # A car that stands there at the start has done so all the time: what it told at once is of this connection.
        # Of a box that is heard only later, nobody knows how long.
        connected_s=p.started_s if at_start else now.s,
        meter_start_kwh=counter,
        counter_kwh=counter,
        counter_s=now.s,
        integrated_s=now.s,
    )


def _named(session: OpenSession, p: Point) -> OpenSession:
    vehicle = p.vehicle.title or p.vehicle.name if p.vehicle is not None else ""
    if Feature.INTEGRATED_DEVICE in p.features:
        vehicle = p.settings.title
    identifier = p.charger.identifier or session.identifier
    odometer_km = _odometer_km(session, p) if vehicle == session.vehicle else None
    if (vehicle, identifier, odometer_km) == (session.vehicle, session.identifier, session.odometer_km):
        return session
    return replace(session, vehicle=vehicle, identifier=identifier, odometer_km=odometer_km)


def _odometer_km(session: OpenSession, p: Point) -> float | None:
    """As the car told it first since it was plugged in."""
    car = p.vehicle
    if session.odometer_km is not None or car is None or car.at_s is None or car.at_s < session.connected_s:
        return session.odometer_km
    told_km = number(car.odometer_km, ABSURD_KM)
    return told_km if told_km is not None and told_km > 0 else None


def _new_day(session: OpenSession, p: Point, now: Moment) -> bool:
    heats = Feature.HEATING in p.features and Feature.INTEGRATED_DEVICE in p.features
    created: datetime | None = session.created
    return heats and created is not None and now.wall is not None and now.wall.date() > created.date()


def _counter(p: Point) -> float | None:
    value = number(p.charger.energy_kwh, ABSURD_KWH) if p.charger.at_s is not None else None
    return value if value is not None and value >= 0 else None


def _follows(counter: float, before: float, seconds: float) -> bool:
    """Whether a counter can have come from ``before`` in this time; one that fell or jumped cannot."""
    return 0 <= counter - before <= min(UNSEEN_KWH, PLAUSIBLE_KW * seconds / 3600 + 1.0)


def _away_s(session: OpenSession, p: Point) -> float:
    """How long it charged unseen, between the last word of the run before and this first reading: before and after."""
    away_s = p.since(session.resumed_s)
    return away_s if p.charging and away_s <= RESUME_S else 0.0


def _unseen_s(session: OpenSession, p: Point, grown_kwh: float, away_s: float) -> float:
    """How long what came unseen was charged for: at the power of before, and no longer than nobody looked."""
    usual_w = session.resumed_w or p.power_w
    if away_s or session.integrated_s is not None or grown_kwh <= 0 or usual_w <= 0:
        return away_s
    return min(p.since(session.resumed_s), grown_kwh * 3.6e6 / usual_w)


def _grown(session: OpenSession, p: Point, h: House, rates: Rates) -> OpenSession:
    """What came since the last cycle: by the counter where there is one, else power times time."""
    if session.resumed_s is not None and not p.fresh:
        return session
    now_s, counter = p.now_s, _counter(p)
    step_s = min(LONGEST_STEP_S, p.since(session.integrated_s)) if session.integrated_s is not None else 0.0
    was_charging = p.memory.charging_s is not None
    away_s = _away_s(session, p)
    grown, start, last, last_s = 0.0, session.meter_start_kwh, session.counter_kwh, session.counter_s
    suspect, still, ahead = session.suspect, session.still, session.ahead_kwh
    unmoved_s = p.since(still.since_s if still is not None and ahead else last_s)
    before_w = p.power_w if session.resumed_w is None else session.resumed_w
    explained = (p.power_w * step_s + (before_w + p.power_w) / 2 * away_s) / 3.6e6 if p.charging else 0.0
    if last is None:
        if counter is None:
            grown = explained
        else:
            start, last, last_s = counter, counter, now_s
    elif counter is not None and _follows(counter, last, unmoved_s):
        grown, last, last_s, suspect = counter - last, counter, now_s, None
    elif counter is not None or suspect is not None:
        # Until it is known whether it has begun anew, power times time counts on in its place, from its last move on.
        grown = explained + (max(0.0, still.kwh - ahead) if still is not None and suspect is None else 0.0)
        last, last_s = last + grown, now_s
        if counter is not None and (suspect is None or not _follows(counter, suspect.value, p.since(suspect.at_s))):
            suspect = Held(counter, now_s)
        elif (
            counter is not None
            and suspect is not None
            and counter > suspect.value
            and p.since(suspect.at_s) >= SUSPECT_S
        ):
            last, suspect = counter, None
    if session.counter_kwh is None or session.suspect is not None or suspect is not None:
        still, ahead = None, 0.0
    else:
        grown, still, ahead = standstill.settled(p, session, grown, step_s)
    if grown == 0.0 and suspect is None and counter == session.counter_kwh and not p.charging and not was_charging:
        return replace(session, integrated_s=now_s, counter_s=last_s, resumed_s=None, resumed_w=None)
    green = h.green_charge
    price, priced, co2, co2_kwh = session.price, session.priced_kwh, session.co2_g, session.co2_kwh
    kwh_price, kwh_co2_g = costs.price(rates, green), costs.co2_g(rates, green)
    if session.integrated_s is None:
        # A tariff has often not answered yet when the program is back: what came meanwhile costs as what came before.
        kwh_price = price_per_kwh(session) if kwh_price is None else kwh_price
        kwh_co2_g = co2_per_kwh(session) if kwh_co2_g is None else kwh_co2_g
    if grown > 0 and kwh_price is not None:
        price = (price or 0.0) + grown * kwh_price
        priced += grown
    if grown > 0 and kwh_co2_g is not None:
        co2 = (co2 or 0.0) + grown * kwh_co2_g
        co2_kwh += grown
    return OpenSession(
        session.key,
        session.connected_s,
        session.created,
        session.created_s,
        session.finished,
        session.identifier,
        session.vehicle,
        start,
        last,
        last_s,
        suspect,
        now_s,
        session.charged_kwh + grown,
        session.solar_kwh + grown * green,
        session.charge_duration_s + (step_s if was_charging else 0.0) + _unseen_s(session, p, grown, away_s),
        price,
        priced,
        co2,
        co2_kwh,
        odometer_km=session.odometer_km,
        still=still,
        ahead_kwh=ahead,
    )
