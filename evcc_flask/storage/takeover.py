"""Takes sessions and settings of evcc's file into ours, once each, however often it is asked to."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from peewee import SqliteDatabase

from evcc_flask.domain.changes import Change, Origin, Who

from . import journal
from .evccs import EvccFile, columns
from .models import Setting

DONE = "import"
"""Setting: the files that were taken over, by path, and when."""
COLUMNS = (
    *("created", "finished", "loadpoint", "identifier", "vehicle", "odometer", "meter_start_kwh", "meter_end_kwh"),
    *("charged_kwh", "solar_percentage", "price", "price_per_kwh", "co2_per_kwh", "charge_duration"),
)
KEY = "'evcc:' || id || ':' || coalesce(created, '')"
"""How a session of evcc's is known again."""


@dataclass(frozen=True, slots=True)
class Taken:
    """``sessions`` and ``settings``: how many are new here. ``kept``: keys that were set here already, and stay."""

    sessions: int
    settings: int
    kept: tuple[str, ...]


def take_over(database: SqliteDatabase, evccs: Path, file: EvccFile, values: Mapping[str, Any], now: datetime) -> Taken:
    """All or nothing. ``values``: settings by our keys. Raises DatabaseError."""
    database.execute_sql("ATTACH ? AS evcc", (str(file.copy),))
    with database.atomic("IMMEDIATE"):
        there = {row.key: row.value for row in Setting.select().execute(database)}
        new = {key: value for key, value in values.items() if key not in there}
        done = there[DONE] if isinstance(there.get(DONE), dict) else {}
        rows = {**new, DONE: {**done, str(evccs.absolute()): now.isoformat(timespec="seconds")}}
        Setting.insert_many(
            [{"key": key, "value": value} for key, value in rows.items()]
        ).on_conflict_replace().execute(database)
        origin = Origin(Who.IMPORT, evccs.name)
        # The password has no dot in its key, and no place in the journal.
        changes = [Change(key, None, value, origin) for key, value in new.items() if "." in key]
        journal.store(database, [(now, change) for change in changes])
        sessions = _sessions(database, file.copy)
    kept = sorted(key for key, value in values.items() if key in there and there[key] != value)
    return Taken(sessions, len(new), tuple(kept))


def _sessions(database: SqliteDatabase, copy: Path) -> int:
    with closing(sqlite3.connect(copy)) as evccs:
        there = columns(evccs, "sessions")
    if not {"id", "created"} <= there:
        return 0
    names = ", ".join(name for name in COLUMNS if name in there)
    known = "SELECT key FROM sessions WHERE key IS NOT NULL"
    cursor = database.execute_sql(
        f"INSERT INTO sessions ({names}, key, closed) SELECT {names}, {KEY}, 1 FROM evcc.sessions"
        f" WHERE {KEY} NOT IN ({known}) ORDER BY id"
    )
    return int(cursor.rowcount)
