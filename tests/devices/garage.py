"""What tests of cars need: a clock that is put forward, one poll to its end, one command to its end."""

from collections.abc import Callable
from threading import Event

from evcc_flask.clock import SystemClock
from evcc_flask.devices.vehicle import SourceVehicle
from evcc_flask.domain.commands import Ending
from evcc_flask.domain.readings import CarReading
from evcc_flask.domain.words import Contact


class Later(SystemClock):
    """A clock that a test puts forward."""

    ahead_s = 0.0

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self.ahead_s

    def wire_s(self) -> float:
        return super().wire_s() + self.ahead_s


def polled(car: SourceVehicle, contact: Contact = Contact.UP) -> CarReading:
    """The reading after one poll has ended so."""
    car.poll()
    assert car.wait(10)
    assert car.reading().contact is contact, car.reading()
    return car.reading()


def ended(start: Callable[[Callable[[Ending, str], None]], None]) -> tuple[Ending, str]:
    """How a command ended."""
    outcome: list[tuple[Ending, str]] = []
    finished = Event()
    start(lambda ending, error: (outcome.append((ending, error)), finished.set()))  # type: ignore[func-returns-value]
    assert finished.wait(10)
    return outcome[0]
