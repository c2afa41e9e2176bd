"""The cars' own accounts: asked when the core says so, and asked to wake their car."""

import logging
from collections.abc import Mapping, Sequence

from evcc_flask.domain.commands import Ending, WakeUp
from evcc_flask.domain.decision import Ask
from evcc_flask.domain.ports import Done, Vehicle
from evcc_flask.domain.settings import Settings

log = logging.getLogger("site")


def ask(cars: Mapping[str, Vehicle], asks: Sequence[Ask]) -> None:
    """Have the accounts asked; returns at once, a later snapshot holds the answers."""
    for each in asks:
        car = cars.get(each.name)
        if car is None:
            continue
        try:
            if each.anew:
                car.forget()
            car.poll()
        except Exception:  # why: a fault in one driver must not take the other devices with it
            log.exception("%s: the driver failed while it was asked", each.name)


def wake(cars: Mapping[str, Vehicle], settings: Settings, order: WakeUp, done: Done) -> None:
    """Have the car at a loadpoint woken by its own account, where it has one."""
    car = cars.get(settings.loadpoints[order.loadpoint].vehicle or "")
    if car is None:
        done(Ending.UNAVAILABLE, "")
        return
    car.wake(done)
