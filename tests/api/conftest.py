from dataclasses import replace
from datetime import UTC, datetime

import pytest

from evcc_flask import create_app
from evcc_flask.config.model import Configuration, OwnConfig
from evcc_flask.control.state import SharedState
from evcc_flask.control.stored import restored
from evcc_flask.control.view import Facts, View
from evcc_flask.domain.readings import BatteryReading, ChargerReading, ChargerTraits, MeterReading
from evcc_flask.domain.settings import LoadpointSettings, Settings
from evcc_flask.domain.snapshot import LoadpointReading, Snapshot
from evcc_flask.domain.vehicles import Vehicle, VehicleSettings
from evcc_flask.domain.words import Feature
from evcc_flask.storage.database import Database


class HouseClock:
    """Stands still."""

    def monotonic_s(self):
        return 1000.0

    def now(self):
        return datetime(2026, 5, 4, 12, 0, tzinfo=UTC)

    def trusted(self):
        return True


class Verdict:
    ok = True
    reason = ""
    alive = True


def box(**traits):
    return LoadpointReading(ChargerReading("box", traits=ChargerTraits(**traits)))


VIEW = View(
    facts=Facts(software_version="1.2.3", grid=True, has_battery=True),
    snapshot=Snapshot(
        grid=MeterReading("grid", 1.0, -1500.0),
        batteries=(BatteryReading(MeterReading("battery", 1.0, 0.0), 50.0, 10.0, controllable=True),),
        loadpoints=(box(switches_phases=True, physical_phases=3), box(physical_phases=1)),
    ),
)
SETTINGS = Settings(
    title="Home",
    vehicles={
        "golf": VehicleSettings(Vehicle("golf", "blauer e-Golf", capacity_kwh=36.0)),
        "bike": VehicleSettings(Vehicle("bike", features=frozenset({Feature.OFFLINE}))),
    },
    loadpoints=(LoadpointSettings(title="Carport"), LoadpointSettings(title="Garage")),
)


class House:
    """An app over a house with a controllable battery, a wallbox that switches phases, and a one-phase wallbox."""

    def __init__(self, path, auth_disabled=False):
        self.clock = HouseClock()
        self.database = Database.open(path, self.clock)
        view = replace(VIEW, facts=replace(VIEW.facts, auth_disabled=auth_disabled))
        self.state = SharedState(restored(SETTINGS, self.database.settings()), view, self.database)
        self.verdict = Verdict()

    def app(self, envelope="wrapped", live=None):
        configuration = Configuration(own=OwnConfig(envelope=envelope))
        return create_app(self.state, self.database, lambda: self.verdict, self.clock, configuration, live)

    def loadpoint(self, number):
        return self.state.settings.loadpoints[number - 1]

    def after_restart(self):
        """The settings as the next start finds them on the disk."""
        return restored(SETTINGS, self.database.settings())

    def shown(self):
        """The published state."""
        return self.state.published.state

    def without_battery(self):
        self.state.show(replace(VIEW, facts=replace(VIEW.facts, has_battery=False), snapshot=Snapshot()))


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path / "evcc.db")
    yield house
    house.database.close()


@pytest.fixture
def client(house):
    return house.app().test_client()
