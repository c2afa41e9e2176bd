"""Brings a file to this version's schema: numbered migrations, in one transaction, after a copy was set aside."""

import importlib.util
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from peewee import SqliteDatabase

from .models import Migration
from .problem import StorageProblem


@dataclass(frozen=True, slots=True)
class Step:
    """One file of the folder: ``0001_initial.py`` has number 1. It defines ``apply(database)``."""

    number: int
    name: str
    path: Path

    def apply(self, database: SqliteDatabase) -> None:
        self._module().apply(database)

    def _module(self) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"evcc_flask_migration_{self.name}", self.path)
        if spec is None or spec.loader is None:
            raise StorageProblem(f"{self.path}: cannot be loaded. Install evcc-flask anew.")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


def steps(folder: Path) -> tuple[Step, ...]:
    """All migrations in ``folder``, by number. Raises StorageProblem when there are none."""
    found = sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.py"))
    if not found:
        raise StorageProblem(f"{folder}: no migrations there. Install evcc-flask anew.")
    return tuple(Step(int(path.stem[:4]), path.stem, path) for path in found)


def migrate(database: SqliteDatabase, path: Path, known: Sequence[Step]) -> None:
    """Apply what is missing; ``path`` is the open file. All steps or none. Raises StorageProblem, DatabaseError."""
    tables = set(database.get_tables())
    done = _done(database) if "migrations" in tables else set()
    newest, latest = max(done, default=0), known[-1].number
    if newest > latest:
        raise StorageProblem(
            f"{path} was written by a newer evcc-flask (schema {newest}, this one knows {latest}). "
            "Install the newer version again, or give another file with --database."
        )
    missing = [step for step in known if step.number not in done]
    if not missing:
        return
    if tables:
        _set_aside(database, path.with_name(f"{path.name}.before-{missing[0].name}"))
    with database.atomic("IMMEDIATE"):
        database.execute_sql("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        for step in missing:
            step.apply(database)
            Migration.insert(number=step.number, name=step.name).execute(database)


def _done(database: SqliteDatabase) -> set[int]:
    return {row.number for row in Migration.select(Migration.number).execute(database)}


def _set_aside(database: SqliteDatabase, copy: Path) -> None:
    copy.unlink(missing_ok=True)
    copy.touch(mode=0o600)
    target = sqlite3.connect(copy)
    try:
        database.connection().backup(target)
    finally:
        target.close()
