"""The book of sessions: how a row of the core becomes a row on disk, and what a list of them is."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from peewee import SQL, Query, SqliteDatabase, Value, fn

from evcc_flask.domain.sessions import SessionRow

from .models import Session

LEAST_KWH = 0.05
"""Sessions with less are not shown; docs/control.rst, sessions."""
MOST_KWH = 1000.0
"""A larger difference of meter readings is a wrong reading."""
NAMES = ("vehicle", "loadpoint")
"""Columns that stay as a person left them."""
EARLIEST, LATEST = 1971, 9998
"""Years outside hold no session, like these two; the calendar of a machine ends soon after."""
UTC_TEXT = "%Y-%m-%d %H:%M:%S"
"""How SQLite's datetime() spells a time."""
PORTION = 500
"""Rows that are read at a time."""
MOMENT = fn.coalesce(fn.datetime(Session.created), SQL("''"))
"""The order of the list; the index ``sessions_moment`` is made of it, so its spelling may not change."""


def store(database: SqliteDatabase, row: SessionRow, known: dict[str, int]) -> None:
    """Insert or update. ``known``: ids by key of this run, which is added to.

    A session that was open when the process died is found by its key; any other open session of that loadpoint is
    over, because the car it belonged to has left unseen.
    """
    columns = _columns(row)
    number = known.get(row.key) or _resumed(database, row)
    if number is None:
        _end_forgotten(database, row)
        number = Session.insert(**columns).execute(database)
    else:
        named = {name: columns.pop(name) for name in NAMES}
        # What is indexed is written once: each time it is named, a page of its index would be written, too.
        del columns["key"], columns["loadpoint_index"]
        created = columns.pop("created")
        Session.update(**columns).where(Session.id == number).execute(database)
        Session.update(created=created).where(Session.id == number, Session.created.is_null()).execute(database)
        Session.update(**named).where(Session.id == number, Session.named.is_null()).execute(database)
    if row.closed:
        _forget_removed(database, row.loadpoint)
    known[row.key] = number


def edit(database: SqliteDatabase, number: int, changes: Mapping[str, Any]) -> None:
    """What a person changed: ``vehicle``, ``loadpoint`` or ``removed``. A running session is only hidden, not lost."""
    this = Session.id == number
    if changes.get("removed"):
        Session.delete().where(this, Session.closed == True).execute(database)  # noqa: E712 — a column
        Session.update(removed=True).where(this).execute(database)
    else:
        Session.update(named=True, **changes).where(this).execute(database)


def shown(number: int) -> Query:
    """The row with this id, unless a person deleted it."""
    return Session.select(Session.id).where(Session.id == number, Session.removed.is_null())


def listed(year: int | None, month: int | None, last: Session | None = None) -> Query:
    """A portion of the sessions of a local year or month, or of all, newest first: what comes after ``last``."""
    query = Session.select(Session, MOMENT.alias("moment"))
    query = query.where(Session.charged_kwh >= LEAST_KWH, Session.removed.is_null())
    if year is not None:
        first, after = _span(min(max(year, EARLIEST), LATEST), month)
        query = query.where(first <= MOMENT, after > MOMENT)
    if last is not None:
        # Not as a comparison of pairs: of an index on an expression SQLite would then read all entries before.
        query = query.where(Value(last.moment) >= MOMENT, (Value(last.moment) > MOMENT) | (Session.id < last.id))
    return query.order_by(MOMENT.desc(), Session.id.desc()).limit(PORTION)


def published(row: Session) -> dict[str, Any]:
    """By the contract's names; ``chargeDuration`` in ns, times aware and local."""
    return {
        "id": row.id,
        "created": _local(row.created),
        "finished": _local(row.finished),
        "loadpoint": row.loadpoint or "",
        "identifier": row.identifier or "",
        "vehicle": row.vehicle or "",
        "odometer": _finite(row.odometer),
        "meterStart": _finite(row.meter_start_kwh),
        "meterStop": _finite(row.meter_end_kwh),
        "chargedEnergy": _finite(row.charged_kwh),
        "chargeDuration": row.charge_duration,
        "solarPercentage": _finite(row.solar_percentage),
        "price": _finite(row.price),
        "pricePerKWh": _finite(row.price_per_kwh),
        "co2PerKWh": _finite(row.co2_per_kwh),
    }


def utc(text: str | None) -> datetime | None:
    """A stored time; without offset it is UTC."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _columns(row: SessionRow) -> dict[str, Any]:
    return {
        "key": row.key,
        "closed": row.closed,
        "loadpoint_index": row.loadpoint,
        "loadpoint": row.title,
        "vehicle": row.vehicle,
        "identifier": row.identifier,
        "created": row.created,
        "finished": row.finished,
        "meter_start_kwh": row.meter_start_kwh,
        "meter_end_kwh": row.meter_stop_kwh,
        "charged_kwh": row.charged_kwh,
        "charge_duration": round(row.charge_duration_s * 1e9),
        "solar_percentage": row.solar_percent,
        "price": row.price,
        "price_per_kwh": row.price_per_kwh,
        "co2_per_kwh": row.co2_per_kwh,
        "odometer": None if row.odometer_km is None else round(row.odometer_km, 1),
    }


def _forget_removed(database: SqliteDatabase, loadpoint: int) -> None:
    """Rows that had to stay until their car left, lest it should make them anew."""
    gone = (Session.removed == True) & (Session.closed == True)  # noqa: E712 — columns, not truths
    Session.delete().where(Session.loadpoint_index == loadpoint, gone).execute(database)


def _resumed(database: SqliteDatabase, row: SessionRow) -> int | None:
    found = Session.select(Session.id).where(Session.key == row.key, _open(row)).execute(database)
    return next((int(each.id) for each in found), None)


def _end_forgotten(database: SqliteDatabase, row: SessionRow) -> None:
    """What was still open ends where the new session starts: its meter stop, and the energy, from the meters."""
    for found in Session.select().where(_open(row)).execute(database):
        changes: dict[str, Any] = {"closed": True}
        if found.finished is None:
            changes["finished"] = row.created
            start, stop = found.meter_start_kwh, row.meter_start_kwh
            if start is not None and stop is not None and (found.charged_kwh or 0.0) <= stop - start <= MOST_KWH:
                changes |= {"meter_end_kwh": stop, "charged_kwh": stop - start}
        Session.update(**changes).where(Session.id == found.id).execute(database)
    _forget_removed(database, row.loadpoint)


def _open(row: SessionRow) -> Any:
    return (Session.closed == False) & (Session.loadpoint_index == row.loadpoint)  # noqa: E712 — a column, not a truth


def _span(year: int, month: int | None) -> tuple[str, str]:
    first = datetime(year, month or 1, 1).astimezone()
    after_year, after_month = (year + 1, 1) if month in (None, 12) else (year, month + 1)
    after = datetime(after_year, after_month, 1).astimezone()
    return first.astimezone(UTC).strftime(UTC_TEXT), after.astimezone(UTC).strftime(UTC_TEXT)


def _finite(value: float | None) -> float | None:
    """Rows of other programs may hold an infinite price per kWh."""
    return value if value is not None and math.isfinite(value) else None


def _local(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone()
