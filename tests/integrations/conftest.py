"""A house without devices that publishes, and a real broker beside it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from evcc_flask.clock import SystemClock
from evcc_flask.control.state import SharedState
from evcc_flask.control.view import Facts, View
from evcc_flask.domain.readings import BatteryReading, ChargerReading, ChargerTraits, MeterReading
from evcc_flask.domain.settings import LoadpointSettings, Settings
from evcc_flask.domain.snapshot import LoadpointReading, Snapshot
from evcc_flask.domain.vehicles import Vehicle, VehicleSettings
from evcc_flask.domain.words import Mode
from tests.broker import Broker, Speaker


class Kept:
    """Takes every setting, and notes who changed it."""

    def __init__(self) -> None:
        self.changes: list[Any] = []

    def save(self, values: Any, changes: Any = ()) -> "Kept":
        self.changes += changes
        return self

    def wait(self, timeout_s: float) -> None:
        """It is on no disk."""


def seen(grid_w: float = -1234.5678, **more: Any) -> View:
    """What a cycle saw, without a decision."""
    box = ChargerReading("box", 1.0, traits=ChargerTraits(physical_phases=3, switches_phases=True))
    box = ChargerReading("box", 1.0, currents_a=(6.0, 6.0, 5.5), traits=box.traits)
    snapshot = Snapshot(
        grid=MeterReading("grid", 1.0, grid_w, energy_kwh=12345.678, currents_a=(1.0, 2.0, 3.0)),
        batteries=(BatteryReading(MeterReading("battery", 1.0, 100.0), 50.0, 10.0, controllable=True),),
        loadpoints=(LoadpointReading(box), LoadpointReading(box)),
    )
    return View(Facts(grid=True, has_battery=True), snapshot, **more)


@pytest.fixture
def keeper() -> Kept:
    return Kept()


@pytest.fixture
def state(keeper: Kept) -> SharedState:
    cars = {"tesla": VehicleSettings(Vehicle("tesla", "Model 3", capacity_kwh=75.0))}
    loadpoints = (LoadpointSettings("Carport", Mode.PV), LoadpointSettings("Garage"))
    return SharedState(Settings(title="Home", vehicles=cars, loadpoints=loadpoints), seen(), keeper)


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as broker:
        yield broker


@pytest.fixture
def speaker(broker: Broker) -> Iterator[Speaker]:
    speaker = Speaker(broker)
    yield speaker
    speaker.close()


@pytest.fixture
def during() -> Iterator[Callable[[Any], Any]]:
    """``during(member)`` starts it; it ends with the test."""
    running: list[Any] = []

    def start(member: Any) -> Any:
        running.append(member)
        member.start()
        return member

    yield start
    for member in running:
        member.stop()
