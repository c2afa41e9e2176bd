"""Fixtures of the device tests: images of slaves on real wires, and devices built from the library to read them."""

from collections.abc import Callable, Iterator

import pytest

from evcc_flask.bus.bus import Bus
from evcc_flask.clock import SystemClock
from evcc_flask.devices.charger import SourceCharger
from evcc_flask.devices.meter import SourceMeter
from evcc_flask.plugins.shop import Workshop
from tests.devices.hand import Box

Device = SourceMeter | SourceCharger


@pytest.fixture
def bus() -> Iterator[Bus]:
    made = Bus(SystemClock())
    yield made
    made.close()


@pytest.fixture
def workshop(bus: Bus) -> Workshop:
    return Workshop(bus, SystemClock())


@pytest.fixture
def fetch(bus: Bus) -> Callable[[Device], None]:
    """Refresh the links for one device and wait until all have answered."""

    def fetch(device: Device) -> None:
        assert bus.refresh(list(device.needs())).wait(5), "a link did not answer in time"

    return fetch


@pytest.fixture
def box() -> Box:
    """A wallbox moved by hand."""
    return Box()
