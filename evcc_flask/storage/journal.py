"""The journal: which setting was changed when, from what to what, and by whom. Kept two years."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from peewee import Query, SqliteDatabase, chunked, fn

from evcc_flask.domain.changes import Change

from .models import ChangeRow

KEPT = timedelta(days=731)
"""Two years; older entries go when a new one comes."""
MOST = 500_000
"""Entries at most, whatever their age: a script that changes something every second shall not fill the disk."""
PORTION = 1000
"""Entries in one statement: SQLite takes 32766 values in one."""
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


def store(database: SqliteDatabase, changes: Sequence[tuple[datetime | None, Change]]) -> None:
    """Write entries and let go of old ones."""
    for portion in chunked(changes, PORTION):
        last = ChangeRow.insert_many([_row(at, change) for at, change in portion]).execute(database)
        ChangeRow.delete().where(ChangeRow.id <= last - MOST).execute(database)
    newest = max((at for at, _ in changes if at), default=None)
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


def _row(at: datetime | None, change: Change) -> dict[str, Any]:
    return {
        "at": _text(at) if at else None,
        "key": change.key,
        "old": change.old,
        "new": change.new,
        "origin": change.origin.who.value,
        "name": change.origin.name,
        "address": change.origin.address,
    }


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime(AT)
