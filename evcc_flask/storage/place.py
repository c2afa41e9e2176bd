"""Where the house's file lies: never in evcc's own, so that evcc still starts on it as it was left."""

import sqlite3
from contextlib import closing
from pathlib import Path

from evcc_flask.domain.issues import Issue

from .problem import StorageProblem

OWN = "evcc-flask.db"
"""The name of our file beside another program's."""
WRITTEN = "evcc-imported.yaml"
"""Beside our file: the house that evcc's web page had configured, written when it was taken over. evcc looks for no
such name; a start of ours without an evcc.yaml does."""

_BEGINNING = b"SQLite format 3\0"


def checked(path: Path) -> Path:
    """``path``, unless something else than a database lies there, which then stays as it is. Raises StorageProblem.

    What is empty, or not there yet, becomes a database.
    """
    try:
        with path.open("rb") as file:
            beginning = file.read(len(_BEGINNING))
    except FileNotFoundError:
        return path
    except OSError as error:
        message = f"{path}: cannot be opened ({error.strerror}). Give a file that can be written with --database."
        raise StorageProblem(message) from error
    if beginning in (b"", _BEGINNING):
        return path
    raise StorageProblem(f"{path} is no database, and stays as it is. Name another file with --database.")


def house_file(named: Path) -> tuple[Path, Issue | None]:
    """The file to use where a configuration names ``named``, and the note to make where that is another one.

    The answer is the same at each start. Nothing is written. Raises StorageProblem.
    """
    if not _foreign(named):
        return checked(named), None
    if named.name == OWN:
        raise StorageProblem(f"{named} was made by another program. Name another file with --database.")
    ours = checked(named.with_name(OWN))
    message = f"{named} is evcc's own file and stays as it is. Settings and sessions are kept in {ours}."
    remedy = f"Start with --database {ours} to end this note."
    return ours, Issue("database", message, remedy=remedy, fatal=False)


def house_place(named: Path) -> Path:
    """As ``house_file``, for one who will replace what lies there, whatever it is: never evcc's own file."""
    return named.with_name(OWN) if named.name != OWN and _foreign(named) else named


def unfit(path: Path) -> str | None:
    """Why the file is no house of ours, or None where it looks like one."""
    if path.stat().st_size == 0:
        return "it is empty"
    with path.open("rb") as file:
        if file.read(len(_BEGINNING)) != _BEGINNING:
            return "it is no database"
    try:
        with closing(sqlite3.connect(path)) as database:
            verdict = database.execute("PRAGMA quick_check(1)").fetchone()[0]
        tables = _tables(path, "mode=ro")
    except sqlite3.Error as error:
        return f"it is damaged ({error})"
    if verdict != "ok":
        return f"it is damaged ({' '.join(verdict.split())})"
    ours = "number" in tables.get("migrations", "") and {"settings", "sessions"} <= tables.keys()
    return None if ours else "another program made it"


def usual_file(named: str | None) -> Path:
    """What the configuration names, or the place where our file lies where it names none."""
    return Path(named) if named else Path.home() / ".evcc" / OWN


def written_house(named: str | None) -> Path | None:
    """The file ``WRITTEN``, if there is one. ``named``: the database as the configuration names it."""
    try:
        file = house_file(usual_file(named))[0].with_name(WRITTEN)
    except StorageProblem:
        return None
    return file if file.is_file() else None


def _foreign(path: Path) -> bool:
    """Whether another program made this database; a file that is none, or not there, is not foreign."""
    wal = path.with_name(f"{path.name}-wal")
    try:
        tables = _tables(path, "mode=ro&immutable=1")
        if not tables and wal.exists():  # all of it is still in evcc's log
            tables = _tables(path, "mode=ro")
    except sqlite3.Error:
        return False
    return bool(tables) and "number" not in tables.get("migrations", "")


def _tables(path: Path, how: str) -> dict[str, str]:
    """Names and definitions. ``immutable`` leaves no companion files behind, which a plain look at a WAL file does."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=0.5)) as database:
        return dict(
            database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        )
