"""``evcc-flask backup`` and ``restore``: the house in one file, taken while it runs, laid back while it does not."""

import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from peewee import DatabaseError

from evcc_flask.clock import SystemClock
from evcc_flask.config.load import load
from evcc_flask.config.own import NAME as OWN_FILE
from evcc_flask.storage.database import Database
from evcc_flask.storage.owner import Owner
from evcc_flask.storage.place import WRITTEN, house_file, house_place, unfit, usual_file
from evcc_flask.storage.problem import StorageProblem
from evcc_flask.version import VERSION

DATABASE, CONFIG, ABOUT = "evcc-flask.db", "evcc.yaml", "about.json"
LARGEST = 1 << 30
"""Bytes of one file of a backup; a year of history is some MB."""
ASIDE = ".before-restore"
"""What a restored file replaces is kept under its name with this at the end."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the files of a house lie. ``config``: None where there is none."""

    database: Path
    config: Path | None

    @classmethod
    def of(cls, config: Path | None, environ: Mapping[str, str], *, whatever_lies_there: bool = False) -> "Place":
        """As ``run`` would find them. Raises StorageProblem, but not for a file that is to be replaced anyway."""
        configuration = load(config, environ)
        named = usual_file(configuration.database)
        database = house_place(named) if whatever_lies_there else house_file(named)[0]
        written = database.with_name(WRITTEN)
        found = configuration.file or (written if written.is_file() else None)
        return cls(database.absolute(), Path(found) if found else config)

    def files(self) -> dict[str, Path]:
        """Every file of the house but the database, by its name in a backup."""
        folder = self.config.parent if self.config else self.database.parent
        written = {WRITTEN: self.database.with_name(WRITTEN)}
        return {CONFIG: folder / CONFIG if self.config is None else self.config, OWN_FILE: folder / OWN_FILE, **written}


def backup(place: Place, target: Path | None, say: Say) -> Path:
    """Write the house into ``target`` (a new file, or a folder). Raises StorageProblem, OSError."""
    now = SystemClock().now()
    file = target if target and not target.is_dir() else _unused(target or Path(), now)
    if file.exists():
        raise StorageProblem(f"{file} is there already, and stays as it is. Name another file.")
    if not file.parent.is_dir():
        raise StorageProblem(f"{file.parent} is no folder that is there. Make it first, or name another one.")
    if not place.database.is_file():
        raise StorageProblem(f"{place.database} is not there, so there is nothing to back up. Name it with --database.")
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        copy = Path(folder) / DATABASE
        _copied(place.database, copy)
        about = {"version": VERSION, "at": now.isoformat(timespec="seconds")}
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz") as archive:
            told = io.BytesIO(json.dumps(about).encode())
            entry = tarfile.TarInfo(ABOUT)
            entry.size, entry.mtime = len(told.getvalue()), int(now.timestamp())
            archive.addfile(entry, told)
            for inside, each in {DATABASE: copy, **place.files()}.items():
                if each.is_file():
                    archive.add(each, inside)
    say(f"{file}: the house of {now:%Y-%m-%d %H:%M}, {file.stat().st_size // 1024} KiB. It holds passwords: keep it.")
    return file


def restore(file: Path, place: Place, say: Say) -> None:
    """Lay a backup back; what it replaces is kept beside it. Raises StorageProblem, and has then changed nothing."""
    if process := Owner.holder(place.database):
        raise StorageProblem(
            f"evcc-flask runs on this house (process {process}). Stop it first: systemctl stop evcc-flask"
        )
    place.database.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.database.parent) as folder:
        contents, about = _unpacked(file, Path(folder))
        _checked(contents[DATABASE], file)
        targets = {**place.files(), DATABASE: place.database}
        ready = [(_ready(content, targets[name]), targets[name]) for name, content in contents.items()]
        for new, target in ready:
            if aside := _set_aside(target):
                say(f"{target} is kept as {aside}")
            new.replace(target)
            say(f"restored {target}")
    say(f"This is the house of {about.get('at', 'an unknown time')}, version {about.get('version', 'unknown')}.")


def _unused(folder: Path, now: datetime) -> Path:
    """A name made of the time; the second one within a second gets a number."""
    names = (f"evcc-flask-{now:%Y%m%d-%H%M%S}{number}.tar.gz" for number in ("", *(f"-{n}" for n in range(2, 100))))
    return next(file for name in names if not (file := folder / name).exists())


def _copied(database: Path, copy: Path) -> None:
    """A whole copy of a database that is in use."""
    try:
        with (
            closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode = delete")
    except sqlite3.Error as error:
        raise StorageProblem(f"{database} cannot be read: {error}") from error


def _unpacked(file: Path, folder: Path) -> tuple[dict[str, Path], dict[str, str]]:
    """The files of a backup by name, and what it says of itself. Only names that we know are read."""
    known, contents, about = (DATABASE, CONFIG, OWN_FILE, WRITTEN), {}, {}
    try:
        with tarfile.open(file, "r:gz") as archive:
            for entry in archive:
                content = archive.extractfile(entry) if entry.isreg() and entry.size <= LARGEST else None
                if content is None:
                    continue
                if entry.name == ABOUT:
                    about = _told(json.loads(content.read()))
                elif entry.name in known:
                    contents[entry.name] = folder / entry.name
                    with contents[entry.name].open("wb") as target:
                        shutil.copyfileobj(content, target)
    except (OSError, tarfile.TarError, EOFError, ValueError) as error:
        raise StorageProblem(f"{file} is no backup of ours: {error}") from error
    if DATABASE not in contents:
        raise StorageProblem(f"{file} is no backup of ours: it holds no {DATABASE}")
    return contents, about


def _told(about: Any) -> dict[str, str]:
    """What a backup says of itself. Raises ValueError."""
    if not isinstance(about, dict):
        raise ValueError(f"{ABOUT} does not hold what we write there")
    return {str(key): str(value) for key, value in about.items()}


def _checked(database: Path, file: Path) -> None:
    """Raises StorageProblem unless a server would start on it. A copy is tried: that brings an older one up to date."""
    trial = database.with_name(f"trial-{database.name}")
    shutil.copyfile(database, trial)
    problem = unfit(trial)
    try:
        if problem is None:
            opened = Database.open(trial, SystemClock(), mend=False)
            try:
                opened.settings()
            finally:
                opened.close()
    except (StorageProblem, DatabaseError) as error:
        problem = "it is damaged, or of another version" if isinstance(error, DatabaseError) else str(error)
    if problem is not None:
        said = problem.replace(str(trial), "it").rstrip(".")
        raise StorageProblem(
            f"{file}: the database in it is of no use: {said}. Nothing was changed; take another backup."
        )


def _ready(content: Path, target: Path) -> Path:
    """A copy beside ``target`` that only needs its name, with the mode and owner of what is there, or of the folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    like = (target if target.exists() else target.parent).stat()
    new = target.with_name(f".{target.name}.new")
    shutil.copyfile(content, new)
    new.chmod(like.st_mode & 0o777 if target.exists() else 0o640)
    if os.geteuid() == 0:
        os.chown(new, like.st_uid, like.st_gid)
    return new


def _set_aside(target: Path) -> Path | None:
    """Where ``target`` is kept now, with the log of a database, which must not meet another file. None: nothing was."""
    aside = target.with_name(target.name + ASIDE)
    for ending in ("-wal", "-shm"):
        aside.with_name(aside.name + ending).unlink(missing_ok=True)
        log = target.with_name(target.name + ending)
        if log.exists():
            log.replace(aside.with_name(aside.name + ending))
    return target.replace(aside) if target.exists() else None
