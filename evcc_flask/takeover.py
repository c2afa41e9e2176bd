"""Moves a house in from evcc: its sessions and settings into our database, what its web page configured into a file."""

import logging
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from evcc_flask.config.inherited import inherited
from evcc_flask.control.carried import carried
from evcc_flask.control.meant import senseless
from evcc_flask.domain.inherited import Entry
from evcc_flask.storage.database import Database
from evcc_flask.storage.evccs import reading
from evcc_flask.storage.problem import StorageProblem

log = logging.getLogger("db")


@dataclass(frozen=True, slots=True)
class Moved:
    """``told``: what was done. ``left``: what was not, and why. ``file``: the evcc.yaml that was written."""

    told: tuple[str, ...]
    left: tuple[str, ...]
    file: Path | None = None


def move_in(evccs: Path, database: Database, target: Path | None) -> Moved:
    """Take over what ``evccs`` holds; the original is only read. Raises StorageProblem, FileExistsError.

    ``target``: where the house of evcc's web page is written to, if it has one; None: an evcc.yaml is in use.
    """
    with reading(evccs) as file:
        house = inherited(file.entries, file.settings)
        wanted = target is not None and bool(file.entries)
        settings = carried({**file.settings, **(house.settings if wanted else {})}, house.names)
        fresh = wanted and target is not None and _write(target, house.text)
        try:
            odd = senseless(settings.values)
            meant = {key: value for key, value in settings.values.items() if key not in odd}
            taken = database.take_over(evccs, file, meant)
        except StorageProblem:
            if fresh and target is not None:
                target.unlink()
            raise
    told = [f"{evccs}: {taken.sessions} sessions and {taken.settings} settings are taken over."]
    left = [*(house.left if wanted else ()), *(f"setting {key}: it has no place here" for key in settings.left)]
    left += [f"setting {key}: {why}" for key, why in odd.items()]
    if not wanted and (title := file.settings.get("title") or file.settings.get("site.title")):
        left.append(f"setting title: {title!r} belongs to the file, under site.title")
    left += [*(f"setting {key}: it is set here already" for key in taken.kept), *file.strange]
    if wanted:
        told.append(f"What evcc's web page configured is written to {target}: {_counted(file.entries)}.")
    elif file.entries:
        left.append(
            f"{_counted(file.entries)} of evcc's web page: an evcc.yaml is in use. "
            "'evcc-flask database import' writes them into a file of their own."
        )
    return Moved(tuple(told), tuple(left), target if wanted else None)


def move_in_once(evccs: Path, database: Database, target: Path | None) -> None:
    """At the first start on evcc's file. The log tells what was done; what fails is tried again at the next start."""
    if database.took(evccs):
        return
    try:
        moved = move_in(evccs, database, target)
    except StorageProblem as problem:
        log.error("%s", problem)
    except FileExistsError:
        log.error(
            "%s is there already, so nothing was taken over from %s. Move it away, then start again.", target, evccs
        )
    else:
        for line in moved.told:
            log.info("%s", line)
        for line in moved.left:
            log.warning("not taken over: %s", line)


def _write(target: Path, text: str) -> bool:
    """A new file, for its owner alone: it may hold passwords. False where it stands there already, word for word.

    Raises FileExistsError for a file that says something else, StorageProblem.
    """
    try:
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        if target.is_file() and target.read_bytes() == text.encode():
            return False
        raise
    except OSError as error:
        raise StorageProblem(f"{target}: cannot be written ({error.strerror}). Name another file.") from error
    return True


def _counted(entries: tuple[Entry, ...]) -> str:
    counts = Counter(entry.kind for entry in entries)
    return ", ".join(f"{count} {kind}{'s' * (count != 1)}" for kind, count in sorted(counts.items()))
