"""``evcc-flask database import``: moves a house in from evcc's own database."""

from collections.abc import Callable
from pathlib import Path

from evcc_flask.clock import SystemClock
from evcc_flask.config.load import load
from evcc_flask.construction import build_house
from evcc_flask.logs.setup import start_logs
from evcc_flask.security.redaction import REDACTOR
from evcc_flask.storage.database import Database
from evcc_flask.storage.owner import Owner
from evcc_flask.storage.place import house_file
from evcc_flask.storage.problem import StorageProblem
from evcc_flask.takeover import move_in


def import_evcc(evccs: Path, ours: Path | None, target: Path, say: Callable[[str], None]) -> int:
    """Take over ``evccs`` into ``ours`` (else the file that ``run --database`` would use), and write ``target``.

    0 when it worked, else 1; ``say`` is told what was done, and what was not.
    """
    clock = SystemClock()
    start_logs("fatal", {}, redact=REDACTOR.text)
    try:
        place, foreign = house_file(evccs)
        if foreign is None:
            say(f"{evccs} is no database of evcc's. Give the file that evcc works with, often ~/.evcc/evcc.db.")
            return 1
        place = ours or place
        owner = Owner.take(place)
        try:
            database = Database.open(place, clock)
            try:
                moved = move_in(evccs, database, target)
            finally:
                database.close()
        finally:
            owner.release()
    except FileExistsError:
        say(f"{target} is there already and stays as it is. Name another file with --config.")
        return 1
    except StorageProblem as problem:
        say(str(problem))
        return 1
    for line in moved.told:
        say(line)
    say(f"They are in {place} now. {evccs} is as it was.")
    if moved.left:
        say("\nNot taken over:")
        for line in moved.left:
            say(f"  {line}")
    if moved.file:
        _tell_what_is_missing(moved.file, say)
    return 0


def _tell_what_is_missing(file: Path, say: Callable[[str], None]) -> None:
    """What of the written house needs a hand: devices that are not known here, sections that are not used yet."""
    configuration = load(file, {})
    REDACTOR.learn(configuration.raw)
    built = build_house(configuration, SystemClock())
    built.field.close()
    if built.issues:
        say(f"\nTo look after in {file}:")
        for issue in built.issues:
            say(REDACTOR.text(f"  {issue}"))
