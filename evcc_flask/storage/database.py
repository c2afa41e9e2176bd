"""The database of the house: opened with care, written by one thread, read from any.

WAL with full synchronisation: what a receipt has confirmed survives kill -9 and a power cut.
"""

import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from peewee import DatabaseError, OperationalError, SqliteDatabase, fn

from evcc_flask.domain.changes import Change
from evcc_flask.domain.issues import Issue
from evcc_flask.domain.orders import GridEvent
from evcc_flask.domain.ports import Clock
from evcc_flask.domain.quarters import Quarter
from evcc_flask.domain.sessions import SessionRow
from evcc_flask.layout import project_file

from . import book, gridevents, history, journal, placing, statistics, takeover
from .evccs import EvccFile
from .models import Session, Setting
from .place import checked
from .problem import FULL, StorageProblem, why
from .schema import migrate, steps
from .writer import Batch, Receipt, Writer

log = logging.getLogger("db")

NOTHING: Mapping[str, Any] = MappingProxyType({})
NOTHING_FLOWED: Mapping[int, Quarter] = MappingProxyType({})

BUSY_S = 0.5
"""How long SQLite itself waits for a lock; short, so that closing takes less than a second whatever holds it."""
CLOSE_S = 0.9
NEWEST = "newestTime"
"""Setting: the latest time at which something was stored while the clock was right."""
STATISTICS = timedelta(minutes=15)
"""So old they become while no session ends."""


class Database:
    """Settings and sessions. ``issues``: what was found, and mended, when it was opened."""

    def __init__(self, path: Path, clock: Clock, issues: tuple[Issue, ...]) -> None:
        self.issues = issues
        self._path = path
        self._clock = clock
        self._database = connector(path)
        self._known: dict[str, int] = {}
        self._mark = 0
        with self._database.connection_context():
            self._computed_at = clock.now()
            self._statistics = statistics.computed(self._database, self._computed_at)
        self._writer = Writer(path, self._write, self._end)

    @classmethod
    def open(cls, path: Path, clock: Clock, *, mend: bool = True) -> "Database":
        """Make or bring up to date. Raises StorageProblem, for a file that is no database at all, too.

        A damaged database is kept aside and a new one started; without ``mend`` it is refused.
        """
        _prepare(checked(path))
        try:
            _make_ready(path)
            return cls(path, clock, ())
        except OperationalError as error:
            raise StorageProblem(_sentence(path, error)) from error
        except DatabaseError as error:
            if not mend:
                message = f"{path} is damaged. The server mends it when it starts; start it, then try again."
                raise StorageProblem(message) from error
            log.error("%s: %s", path, error)
        aside = _kept_aside(path, clock.now())
        _prepare(path)
        _make_ready(path)
        message = f"{path} was damaged. It is kept as {aside}, and a new one was started."
        remedy = (
            "The owner's password and the API keys are gone with it: set the password anew at once ('evcc-flask "
            "password set'), or the first to open the page does. Look through the settings; the sessions up to now "
            "are in the old file."
        )
        return cls(path, clock, (Issue("database", message, remedy=remedy, fatal=False),))

    def settings(self) -> dict[str, Any]:
        """All stored settings by key."""
        with self._database.connection_context():
            return {row.key: row.value for row in Setting.select().execute(self._database)}

    def save(self, values: Mapping[str, Any], changes: Sequence[Change] = ()) -> Receipt:
        """Queue settings to be stored; ``values`` are plain JSON. Order is kept. ``changes`` go to the journal."""
        at = self._clock.now() if changes and self._clock.trusted() else None
        return self._writer.put(Batch(dict(values), changes=tuple((at, change) for change in changes)))

    def changes(self, wanted: journal.Wanted) -> list[dict[str, Any]]:
        """Entries of the journal, newest first; times aware and local."""
        with self._database.connection_context():
            return [journal.published(row) for row in journal.listed(wanted).execute(self._database)]

    def save_sessions(
        self,
        rows: Sequence[SessionRow],
        values: Mapping[str, Any] = NOTHING,
        quarters: Mapping[int, Quarter] = NOTHING_FLOWED,
    ) -> Receipt:
        """Queue rows to be stored, each found again by its key, so that none is doubled.

        ``values``: settings that are written in the same transaction. ``quarters``: what flowed since the last call, by
        the number of the quarter; it is added to what is stored.
        """
        return self._writer.put(Batch(dict(values), {row.key: row for row in rows}, quarters=dict(quarters)))

    @property
    def sessions_mark(self) -> int:
        """Another number as soon as a session was written."""
        return self._mark

    def sessions(self, year: int | None = None, month: int | None = None) -> list[dict[str, Any]]:
        """All that :meth:`each_session` gives, at once."""
        return list(self.each_session(year, month))

    def each_session(self, year: int | None = None, month: int | None = None) -> Iterator[dict[str, Any]]:
        """Newest first, from 0.05 kWh; fields by the contract's names, times aware and local.

        ``year`` and ``month`` mean local time; a month without a year is ignored, as evcc does. Rows are read in
        small portions while they are taken, so that neither memory nor the file is held by a long list.
        """
        portion: list[Session] = []
        while True:
            with self._database.connection_context():
                portion = list(book.listed(year, month, portion[-1] if portion else None).execute(self._database))
            yield from map(book.published, portion)
            if len(portion) < book.PORTION:
                return

    def statistics(self) -> statistics.Statistics:
        """Of the sessions, by evcc's periods; at most 15 minutes old while anything is written. Instant."""
        return self._statistics

    def history_extent(self) -> tuple[datetime, datetime] | None:
        """Since when and until when something is known of the house's energy; local."""
        with self._database.connection_context():
            return history.extent(self._database)

    def history_places(self) -> list[str]:
        """Titles of the loadpoints in the history."""
        with self._database.connection_context():
            return history.places(self._database)

    def name_places(self, wanted: Sequence[tuple[str, str]]) -> None:
        """See :func:`placing.name`. What cannot be written now is told, and tried at the next start."""
        try:
            with self._database.connection_context():
                placing.name(self._database, wanted)
        except DatabaseError as error:
            log.warning("%s: the history keeps the former titles of the loadpoints for now (%s)", self._path, error)

    def history(self, first: datetime, after: datetime, resolution: history.Resolution) -> Iterator[dict[str, Any]]:
        """What flowed from ``first`` to before ``after`` (aware), span by span, read while it is taken."""
        for stretch in history.stretches(first, after, resolution):
            with self._database.connection_context():
                portion = list(history.spans(self._database, stretch))
            yield from portion

    def append_grid_events(self, events: Sequence[GridEvent]) -> Receipt:
        """To the record of the grid operator's orders, as of now."""
        at, trusted = self._clock.now(), self._clock.trusted()
        return self._writer.put(Batch(grid_events=tuple((at, trusted, event) for event in events)))

    def grid_orders(self) -> list[dict[str, Any]]:
        """Each order of the grid operator, newest first."""
        with self._database.connection_context():
            return gridevents.orders(self._database)

    def grid_events(self) -> list[dict[str, Any]]:
        """Every step of every order, oldest first."""
        with self._database.connection_context():
            return list(gridevents.rows(self._database))

    def name_session(self, number: int, **names: str) -> Receipt | None:
        """A person gives a session another ``vehicle`` or ``loadpoint``. None: there is no such session."""
        return self._edited(number, names)

    def delete_session(self, number: int) -> Receipt | None:
        """For good, though its car may still be charging. None: there is no such session."""
        return self._edited(number, {"removed": True})

    def _edited(self, number: int, changes: Mapping[str, Any]) -> Receipt | None:
        with self._database.connection_context():
            if not book.shown(number).exists(self._database):
                return None
        return self._writer.put(Batch(edits={number: changes}))

    def newest_time(self) -> datetime | None:
        """The latest time that is stored anywhere: a clock that shows less is wrong."""
        with self._database.connection_context():
            query = Session.select(fn.MAX(fn.datetime(Session.created)), fn.MAX(fn.datetime(Session.finished)))
            times = [book.utc(text) for text in query.tuples().execute(self._database)[0]]
            kept = Setting.select(Setting.value).where(Setting.key == NEWEST).execute(self._database)
            times += [book.utc(row.value) for row in kept]
        return max((time for time in times if time), default=None)

    def took(self, evccs: Path) -> bool:
        """Whether that file of evcc's is in here already."""
        return str(evccs.absolute()) in (self.settings().get(takeover.DONE) or ())

    def take_over(self, evccs: Path, file: EvccFile, values: Mapping[str, Any]) -> takeover.Taken:
        """Sessions of evcc's file and ``values``, settings by our keys; what was set here already stays.

        All or nothing. Raises StorageProblem.
        """
        try:
            with self._database.connection_context():
                return takeover.take_over(self._database, evccs, file, values, self._clock.now())
        except DatabaseError as error:
            message = f"{evccs} could not be taken over into {self._path} ({error}). Nothing was changed."
            raise StorageProblem(message) from error

    def problem(self) -> Issue | None:
        """The last write failed: what was changed is kept in memory and tried again every second."""
        error = self._writer.error
        if error is None:
            return None
        remedy = "Make room on it." if error == FULL else "Does another program hold the file?"
        return Issue(
            "database",
            f"{self._path}: cannot be written ({error}). Changes are kept in memory and tried again every second.",
            remedy=f"{remedy} A restart now would lose them.",
            fatal=False,
        )

    def close(self) -> None:
        """Write what waits and close; takes less than a second."""
        self._writer.close(CLOSE_S)

    def _end(self) -> None:
        self._database.close()

    def _write(self, batch: Batch) -> None:
        values = dict(batch.values)
        if self._clock.trusted():
            values[NEWEST] = self._clock.now().isoformat()
        rows = [{"key": key, "value": value} for key, value in values.items()]
        known = dict(self._known)
        with self._database.atomic("IMMEDIATE"):
            if rows:
                # A replaced row would get a new place, and its index a page of writing with it.
                query = Setting.insert_many(rows).on_conflict(conflict_target=(Setting.key,), preserve=(Setting.value,))
                query.execute(self._database)
            for row in batch.rows.values():
                book.store(self._database, row, known)
            for number, edit in batch.edits.items():
                book.edit(self._database, number, edit)
            if batch.changes:
                journal.store(self._database, batch.changes)
            history.store(self._database, batch.quarters.values())
            gridevents.append(self._database, batch.grid_events)
        self._known = known
        self._mark += bool(batch.rows or batch.edits)
        over = batch.edits or any(row.closed for row in batch.rows.values())
        if over or abs(self._clock.now() - self._computed_at) >= STATISTICS:
            self._compute()

    def _compute(self) -> None:
        """A failure must not look like one of the write, which would be repeated."""
        try:
            self._computed_at = self._clock.now()
            self._statistics = statistics.computed(self._database, self._computed_at)
        except DatabaseError as error:
            log.warning("the statistics stay as they are: %s", error)


def connector(path: Path) -> SqliteDatabase:
    """The database at ``path``, as every connection of ours opens it."""
    return SqliteDatabase(str(path), timeout=BUSY_S, pragmas={"synchronous": "full"})


def _prepare(path: Path) -> None:
    """The file exists, readable by nobody else; SQLite gives its companions the same mode."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise StorageProblem(
            f"{path}: cannot be opened ({why(path, error)}). Give a file that can be written with --database."
        ) from error


def _make_ready(path: Path) -> None:
    database = connector(path)
    try:
        verdict = database.execute_sql("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise DatabaseError(" ".join(verdict.split()))
        database.execute_sql("PRAGMA journal_mode = wal")
        migrate(database, path, steps(project_file("migrations")))
    except sqlite3.DatabaseError as error:  # from the copy that is set aside, which peewee does not wrap
        raise OperationalError(str(error)) from error
    finally:
        database.close()


def _kept_aside(path: Path, now: datetime) -> Path:
    aside = path.with_name(f"{path.name}.damaged-{now:%Y%m%d-%H%M%S}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside


def _sentence(path: Path, error: Exception) -> str:
    if "locked" in str(error):
        return f"{path} is locked by another program. End that program, then start again."
    reason = why(path, error)
    remedy = "Make room" if reason == FULL else "Is the file or its folder write-protected? Change that"
    return f"{path}: cannot be used ({reason}). {remedy}, then start again."
