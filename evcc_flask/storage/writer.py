"""One thread writes, in order, one commit for all that waits; what cannot be written now is kept and tried again.

Pending values are merged by their key, so that a disk that stays full for a week costs no memory.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from peewee import PeeweeException

from evcc_flask.domain.changes import Change
from evcc_flask.domain.quarters import Quarter, together
from evcc_flask.domain.sessions import SessionRow

from .gridevents import Timed
from .problem import why

log = logging.getLogger("db")

RETRY_S = 1.0
"""Real seconds between two tries of a write that failed."""
MOST_CHANGES = 10_000
"""So many entries of the journal wait for a full disk; older ones are let go, settings and sessions never."""
Edit = Mapping[str, Any]
"""What a person changes of a session: columns and values."""
Entry = tuple[datetime | None, Change]
"""One of the journal; without a time where the clock is not trusted."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What is written in one transaction."""

    values: Mapping[str, Any] = field(default_factory=dict)
    rows: Mapping[str, SessionRow] = field(default_factory=dict)
    edits: Mapping[int, Edit] = field(default_factory=dict)
    changes: tuple[Entry, ...] = ()
    quarters: Mapping[int, Quarter] = field(default_factory=dict)
    grid_events: tuple[Timed, ...] = ()

    def then(self, later: "Batch") -> "Batch":
        """Both, where the later word counts; parts of a quarter are added up."""
        edits = {number: {**self.edits.get(number, {}), **edit} for number, edit in later.edits.items()}
        return Batch(
            {**self.values, **later.values},
            {**self.rows, **later.rows},
            {**self.edits, **edits},
            (*self.changes, *later.changes)[-MOST_CHANGES:],
            together(self.quarters, later.quarters),
            (*self.grid_events, *later.grid_events),
        )


class Writer:
    """``write`` is called on the writer's own thread and raises PeeweeException when nothing was written."""

    def __init__(self, path: Path, write: Callable[[Batch], None], end: Callable[[], None]) -> None:
        """``path``: what is written to."""
        self._path = path
        self._write = write
        self._end = end
        self._changed = threading.Condition()
        self._pending: Batch | None = None
        self._queued = self._tried = self._written = 0
        self._error: str | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="database", daemon=True)
        self._thread.start()

    @property
    def error(self) -> str | None:
        """Why the last write failed; None when it worked."""
        return self._error

    def put(self, batch: Batch) -> "Receipt":
        """Queue and return."""
        with self._changed:
            self._pending = self._pending.then(batch) if self._pending else batch
            self._queued += 1
            self._changed.notify_all()
            return Receipt(self, self._queued)

    def wait(self, number: int, timeout_s: float) -> str | None:
        """Until entry ``number`` is on disk or a try has failed; None or what went wrong."""
        with self._changed:
            self._changed.wait_for(lambda: self._written >= number or self._tried >= number, timeout_s)
            if self._written >= number:
                return None
            return self._error or f"not on disk after {timeout_s:g} s"

    def close(self, timeout_s: float) -> None:
        """Write what waits, once, and end."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            batch, number = taken
            error = self._tried_to_write(batch)
            with self._changed:
                self._tried = number
                if error is None:
                    self._written = number
                else:
                    self._pending = batch.then(self._pending) if self._pending else batch
                self._error = error
                self._changed.notify_all()
                if error is not None and self._changed.wait_for(lambda: self._closing, RETRY_S):
                    break
        self._end()

    def _take(self) -> tuple[Batch, int] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._pending is not None or self._closing)
            batch, self._pending = self._pending, None
            return None if batch is None else (batch, self._queued)

    def _tried_to_write(self, batch: Batch) -> str | None:
        try:
            self._write(batch)
        except PeeweeException as error:
            reason = why(self._path, error)
            if self._error is None:
                log.error("cannot write: %s; what was changed is kept in memory and tried again", reason)
            return reason
        if self._error is not None:
            log.info("writing works again, nothing was lost")
        return None


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a change was queued."""

    writer: Writer
    number: int

    def wait(self, timeout_s: float) -> str | None:
        """None once it is on disk, else what went wrong; it is tried again all the same."""
        return self.writer.wait(self.number, timeout_s)
