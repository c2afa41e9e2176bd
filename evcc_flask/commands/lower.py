"""``evcc-flask lower``: while no controller runs, wallboxes that would keep their current for ever offer their least.

systemd calls it a minute after the service has ended, see deploy/evcc-flask.service. A box with a fail-safe of its own
has lowered itself by then.
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from evcc_flask.clock import SystemClock
from evcc_flask.config.load import load
from evcc_flask.construction import Built, build_house
from evcc_flask.control.absent import AbsentCharger
from evcc_flask.control.stored import restored
from evcc_flask.domain.commands import Ending, OfferCurrent
from evcc_flask.domain.ports import Charger
from evcc_flask.logs.setup import start_logs
from evcc_flask.security.redaction import REDACTOR
from evcc_flask.storage.database import Database
from evcc_flask.storage.owner import Owner
from evcc_flask.storage.place import house_file, usual_file
from evcc_flask.storage.problem import StorageProblem

PATIENCE_S = 12.0
"""One box gets so long to answer, and as long again to take its current."""


def lower(path: Path | None, environ: Mapping[str, str], say: Callable[[str], None]) -> int:
    """Lower what has to be lowered; 1 where a box could not be reached. Raises StorageProblem while a server runs."""
    clock = SystemClock()
    configuration = load(path, environ)
    REDACTOR.learn(configuration.raw)
    start_logs("fatal", {}, redact=REDACTOR.text)
    if configuration.own.observe:
        say("Nothing is written to any device: evcc-flask.yaml says 'observe'.")
        return 0
    file = usual_file(configuration.database)
    with suppress(StorageProblem):  # a broken file is where it was named
        file, _ = house_file(file)
    owner = Owner.take(file)
    built = build_house(configuration, clock)
    try:
        settings = restored(built.settings, _stored(file, clock))
        told = [
            _lowered(number, drivers.charger, wishes.min_current_a, built, clock)
            for number, (drivers, wishes) in enumerate(zip(built.house.loadpoints, settings.loadpoints, strict=True))
        ]
    finally:
        built.tariffs.close()
        built.field.close()
        owner.release()
    for sentence, _ in told:
        say(REDACTOR.text(sentence))
    return 0 if all(well for _, well in told) else 1


def _stored(file: Path, clock: SystemClock) -> Mapping[str, Any]:
    """What people have set; nothing where the file is broken, which must leave no box at its full current."""
    try:
        database = Database.open(file, clock, mend=False)
    except StorageProblem:
        return {}
    try:
        return database.settings()
    finally:
        database.close()


def _lowered(number: int, charger: Charger, least_a: float, built: Built, clock: SystemClock) -> tuple[str, bool]:
    """What became of one box, and whether that is well."""
    name = f"wallbox {charger.name!r}"
    if isinstance(charger, AbsentCharger):
        return f"{name} cannot be reached: {charger.reading().error}", True
    until_s = clock.wire_s() + PATIENCE_S
    while charger.reading().at_s is None and clock.wire_s() < until_s:
        built.field.refresh_one(charger).wait(until_s - clock.wire_s())
        threading.Event().wait(0.1)
    reading = charger.reading()
    if reading.at_s is None:
        return f"{name} does not answer: {reading.error or 'no value'}", False
    if safe := reading.traits.failsafe:
        return f"{name} has lowered itself to {safe.current_a:g} A after {safe.timeout_s:g} s.", True
    if reading.enabled is False or (reading.offered_a is not None and reading.offered_a <= least_a):
        return f"{name} offers {least_a:g} A or less.", True
    taken: list[tuple[Ending, str]] = []
    ended = threading.Event()

    def done(ending: Ending, error: str) -> None:
        taken.append((ending, error))
        ended.set()

    charger.send(OfferCurrent(number, least_a), done)
    if not ended.wait(PATIENCE_S):
        return f"{name} did not take {least_a:g} A in time.", False
    ending, error = taken[0]
    if ending is Ending.TAKEN:
        return f"{name} offers {least_a:g} A from now on.", True
    return f"{name} did not take {least_a:g} A: {error or ending.value}", ending is not Ending.FAILED
