"""What ``check`` says of the cars: each account is asked once, and shown with its SoC or with why there is none."""

from collections.abc import Iterable

from evcc_flask.clock import SystemClock
from evcc_flask.devices.field import DeviceField
from evcc_flask.devices.vehicle import SourceVehicle
from evcc_flask.domain.issues import Issue
from evcc_flask.domain.ports import Vehicle
from evcc_flask.domain.readings import CarReading
from evcc_flask.domain.words import Contact

from .table import columns

PATIENCE_S = 12.0
"""All cars together get so long: their clouds are slow, but the command must end."""


def read_cars(cars: Iterable[Vehicle], field: DeviceField, clock: SystemClock) -> list[CarReading]:
    """Ask each account once, all side by side."""
    until_s = clock.wire_s() + PATIENCE_S
    accounts = [car for car in cars if isinstance(car, SourceVehicle)]
    heard = [field.refresh_one(car) for car in accounts]
    for car in accounts:
        car.poll()
    for waiting in (*heard, *accounts):
        waiting.wait(max(0.0, until_s - clock.wire_s()))
    return [car.reading() for car in accounts]


def table_of(readings: Iterable[CarReading]) -> str:
    """One line per car."""
    return columns(
        ("CAR", "ACCOUNT", "SOC", "VALUES"),
        [(reading.name, _account(reading), _soc(reading), _values(reading)) for reading in readings],
    )


def of_cars(readings: Iterable[CarReading]) -> list[Issue]:
    """A car that cannot be read stops nobody: notes, no errors."""
    return [
        Issue("vehicle", text, key=reading.name, device=reading.name, fatal=False)
        for reading in readings
        for text in (*((reading.error,) if reading.error else ()), *reading.notes)
    ]


def _account(reading: CarReading) -> str:
    words = {Contact.NONE: "none (offline)", Contact.UP: "answers", Contact.PENDING: "no answer yet"}
    return words.get(reading.contact, reading.contact.value)


def _soc(reading: CarReading) -> str:
    return "" if reading.soc_percent is None else f"{reading.soc_percent:.0f} %"


def _values(reading: CarReading) -> str:
    words = (
        f"status {reading.status.value}" if reading.status else "",
        f"{reading.range_km:.0f} km range" if reading.range_km is not None else "",
        f"{reading.odometer_km:.0f} km driven" if reading.odometer_km is not None else "",
        f"limit {reading.limit_soc_percent:.0f} %" if reading.limit_soc_percent is not None else "",
        "can be woken" if reading.traits.can_wake else "",
    )
    return ", ".join(word for word in words if word)
