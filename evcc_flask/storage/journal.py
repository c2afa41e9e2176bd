"""The journal: which setting was changed when, from what to what, and by whom. Kept two years."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from peewee import Query, SqliteDatabase, fn

from evcc_flask.domain.changes import Change

from .models import ChangeRow

KEPT = timedelta(days=731)
"""Two years; older entries go when a new one comes."""
MOST = 500_000
"""Entries at most, whatever their age: a script that changes something every second shall not fill the disk."""
AT = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries. ``key``: a whole key, or its beginning up to a dot (``lp1``). ``before``: an entry's number.

    ``since`` is inside, ``until`` outside the span; both aware.
    """

    key: str | None = None
    origin: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    count: int = 100


def store(database: SqliteDatabase, changes: Iterable[tuple[datetime | None, Change]]) -> None:
    """Write entries and let go of old ones."""
    newest = None
    for at, change in changes:
        newest = at or newest
        row = {
            "at": _text(at) if at else None,
            "key": change.key,
            "old": change.old,
            "new": change.new,
            "origin": change.origin.who.value,
            "name": change.origin.name,
            "address": change.origin.address,
        }
        number = ChangeRow.insert(**row).execute(database)
        ChangeRow.delete().where(ChangeRow.id <= number - MOST).execute(database)
    if newest is not None:
        ChangeRow.delete().where(ChangeRow.at < _text(newest - KEPT)).execute(database)


def listed(wanted: Wanted) -> Query:
    """The newest entries that were asked for."""
    query = ChangeRow.select()
    if wanted.key is not None:
        below = f"{wanted.key}."
        query = query.where((ChangeRow.key == wanted.key) | (fn.substr(ChangeRow.key, 1, len(below)) == below))
    if wanted.origin is not None:
        query = query.where(ChangeRow.origin == wanted.origin)
    if wanted.since is not None:
        query = query.where(ChangeRow.at >= _text(wanted.since))
    if wanted.until is not None:
        query = query.where(ChangeRow.at < _text(wanted.until))
    if wanted.before is not None:
        query = query.where(ChangeRow.id < wanted.before)
    return query.order_by(ChangeRow.id.desc()).limit(wanted.count)


def published(row: ChangeRow) -> dict[str, Any]:
    """As ``GET /api/changes`` shows it."""
    at = datetime.strptime(row.at, AT).replace(tzinfo=UTC).astimezone() if row.at else None
    return {
        "id": row.id,
        "time": at,
        "key": row.key,
        "old": row.old,
        "new": row.new,
        "origin": row.origin,
        "name": row.name,
        "address": row.address,
    }


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime(AT)
