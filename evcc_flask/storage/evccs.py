"""evcc's own database, read from a copy: the original keeps every byte, and gets no companion files."""

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evcc_flask.domain.inherited import Entry

from .problem import StorageProblem

KINDS = {1: "charger", 2: "meter", 3: "vehicle", 4: "tariff", 5: "loadpoint", 6: "circuit"}
"""The classes of the table ``configs``."""
TRIES = 3
"""A running evcc may write while its file is copied."""


@dataclass(frozen=True, slots=True)
class EvccFile:
    """``copy``: a database that may be opened and read. ``settings`` as text, as evcc keeps them.

    ``strange``: sentences on what evcc keeps of its web page and nobody here knows.
    """

    copy: Path
    settings: Mapping[str, str]
    entries: tuple[Entry, ...]
    strange: tuple[str, ...] = ()


@contextmanager
def reading(path: Path) -> Iterator[EvccFile]:
    """evcc's file at ``path``, as long as the block lasts. Raises StorageProblem."""
    with tempfile.TemporaryDirectory(prefix="evcc-flask-") as folder:
        copy = Path(folder) / "evcc.db"
        try:
            with closing(_copied(path, copy)) as database:
                settings, (entries, strange) = _settings(database), _entries(database)
        except (OSError, sqlite3.Error) as error:
            message = f"{path}: cannot be read as evcc's database ({error}). Stop evcc, then try again."
            raise StorageProblem(message) from error
        yield EvccFile(copy, settings, entries, strange)


def port_of(path: Path) -> int | None:
    """Where evcc's web page was told to listen; None where it was told nothing. Raises StorageProblem."""
    with reading(path) as file:
        try:
            network = json.loads(file.settings.get("network", "null"))
        except ValueError:
            return None
    port = network.get("port") if isinstance(network, dict) else None
    return port if isinstance(port, int) and 0 < port < 65536 else None


def _copied(path: Path, copy: Path) -> sqlite3.Connection:
    """A connection to a sound copy. Raises sqlite3.DatabaseError, OSError."""
    verdict = "it is being written all the time"
    for _ in range(TRIES):
        before = _stamp(path)
        for suffix in ("", "-wal", "-journal"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                shutil.copyfile(part, copy.with_name(copy.name + suffix))
        if _stamp(path) != before:
            continue
        database = sqlite3.connect(copy)
        verdict = database.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict == "ok":
            return database
        database.close()
    raise sqlite3.DatabaseError(" ".join(verdict.split()))


def _stamp(path: Path) -> list[tuple[int, int]]:
    parts = (path.with_name(path.name + suffix) for suffix in ("", "-wal"))
    return [(each.st_mtime_ns, each.st_size) for each in (part.stat() for part in parts if part.exists())]


def columns(database: sqlite3.Connection, table: str) -> set[str]:
    """Names of a table's columns; none where there is no such table."""
    return {name for (name,) in database.execute("SELECT name FROM pragma_table_info(?)", (table,))}


def _settings(database: sqlite3.Connection) -> dict[str, str]:
    if not {"key", "value"} <= columns(database, "settings"):
        return {}
    rows = database.execute("SELECT key, value FROM settings WHERE key IS NOT NULL AND value IS NOT NULL ORDER BY key")
    return {str(key): str(value) for key, value in rows}


def _entries(database: sqlite3.Connection) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    there = columns(database, "configs")
    if not {"id", "class", "value"} <= there:
        return (), ()
    texts = [name if name in there else "''" for name in ("type", "title", "icon", "product")]
    rows = database.execute(f"SELECT id, class, value, {', '.join(texts)} FROM configs ORDER BY id")
    entries, strange = [], []
    for number, kind, value, *words in rows:
        if kind in KINDS:
            type_, title, icon, product = (str(word or "") for word in words)
            entries.append(Entry(int(number), KINDS[kind], type_, title, icon, product, _params(value)))
        else:
            strange.append(f"row {number} of evcc's table configs: what its class {kind} means is not known here")
    return tuple(entries), tuple(strange)


def _params(value: Any) -> dict[str, Any]:
    try:
        params = json.loads(value)
    except (TypeError, ValueError):
        return {}
    return params if isinstance(params, dict) else {}
