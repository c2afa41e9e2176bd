"""An update that was taken back: noted beside the database by the command that tried it, told by the version that runs.

The note outlives the process that wrote it, and the person at the terminal may be a timer.
"""

import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from evcc_flask.domain.issues import Issue

NAME = "update-failed.json"
SHOWN = timedelta(days=14)
"""Whoever has not tried again by then knows."""


@dataclass(frozen=True, slots=True)
class Setback:
    """``at``: ISO 8601 with zone; ``former``: the version that runs again; ``told``: people have heard of it."""

    at: str
    problem: str
    former: str
    told: bool = False

    def news(self) -> list[tuple[str, dict[str, str]]]:
        """What people have not heard yet: the kind of the notice, and its facts."""
        return [] if self.told else [("update", {"why": self.problem, "former": self.former})]

    def issue(self) -> Issue:
        """As it stands on the page."""
        message = f"The update of {self.at[:16].replace('T', ' ')} failed: {self.problem}."
        remedy = f"The former version ({self.former}) runs, with its data as they were. See journalctl -u evcc-flask."
        return Issue("update", message, remedy=remedy, fatal=False)


def note(database: Path, setback: Setback) -> None:
    """Leave it beside ``database``, for its owner."""
    file = _file(database)
    new = file.with_suffix(".new")
    new.write_text(json.dumps(asdict(setback)), "utf-8")
    if os.geteuid() == 0:
        owner = file.parent.stat()
        os.chown(new, owner.st_uid, owner.st_gid)
    new.replace(file)


def noted(database: Path, now: datetime) -> Setback | None:
    """What the last update left, if it was taken back lately. A file that says nothing of the kind is passed over."""
    try:
        setback = Setback(**json.loads(_file(database).read_text("utf-8")))
        lately = now - datetime.fromisoformat(setback.at) < SHOWN
    except (OSError, ValueError, TypeError):
        return None
    return setback if lately else None


def mark_told(database: Path, setback: Setback) -> None:
    """People hear of it once, however often the house starts."""
    note(database, replace(setback, told=True))


def forget(database: Path) -> None:
    """An update went well."""
    _file(database).unlink(missing_ok=True)


def _file(database: Path) -> Path:
    return database.with_name(NAME)
