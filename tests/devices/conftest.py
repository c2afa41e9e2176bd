"""Fixtures of the device tests: images of slaves on real wires, and devices built from the library to read them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from evcc_flask.bus.bus import Bus
from evcc_flask.clock import SystemClock
from evcc_flask.devices.charger import SourceCharger
from evcc_flask.devices.meter import SourceMeter
from evcc_flask.devices.vehicle import SourceVehicle
from evcc_flask.devices.vehicles import build_vehicle
from evcc_flask.plugins.shop import Workshop
from tests.broker import Broker, Speaker
from tests.devices.garage import Later
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


@pytest.fixture
def clock() -> Later:
    return Later()


@pytest.fixture
def roads(clock: Later) -> Iterator[Bus]:
    bus = Bus(clock)
    yield bus
    bus.close()


@pytest.fixture
def build(roads: Bus, clock: Later) -> Callable[..., SourceVehicle]:
    def build(type_: str, **params: Any) -> SourceVehicle:
        return build_vehicle("car", type_, params, Workshop(roads, clock), roads.ask)

    return build


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as broker:
        yield broker


@pytest.fixture
def speaker(broker: Broker) -> Iterator[Speaker]:
    speaker = Speaker(broker)
    yield speaker
    speaker.close()
