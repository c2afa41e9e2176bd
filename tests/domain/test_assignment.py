"""A car stands at one loadpoint, until it leaves: then its place is for the one that the configuration names."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from evcc_flask.domain.assignment import moved, with_vehicles
from evcc_flask.domain.decide import decide
from evcc_flask.domain.memory import Memory
from evcc_flask.domain.moment import Moment
from evcc_flask.domain.readings import ChargerReading, ChargerTraits
from evcc_flask.domain.settings import LoadpointSettings, Settings
from evcc_flask.domain.snapshot import LoadpointReading, Snapshot
from evcc_flask.domain.vehicles import ManualSoc, Vehicle, VehicleSettings
from evcc_flask.domain.words import Feature, Status

GOLF = VehicleSettings(Vehicle("golf", "e-Golf", max_current_a=10.0), min_soc_percent=20)
HOUSE = Settings(
    vehicles={"golf": GOLF, "zoe": VehicleSettings(Vehicle("zoe"))},
    loadpoints=(LoadpointSettings(vehicle="golf", default_vehicle="zoe"), LoadpointSettings()),
)


def seen(at_s, status, *features):
    boxes = (ChargerReading(name, at_s, status, traits=ChargerTraits(features=frozenset(features))) for name in "ab")
    return Snapshot(loadpoints=tuple(LoadpointReading(box) for box in boxes))


def changes_when_the_car_leaves(settings, *features):
    memory = decide(seen(0.0, Status.B, *features), settings, Memory(0.0), Moment(0.0)).memory
    changes = decide(seen(10.0, Status.A, *features), settings, memory, Moment(10.0)).changes
    return [(change.loadpoint, change.value) for change in changes if change.name == "vehicle"]


def test_the_place_goes_back_to_the_car_of_the_configuration():
    assert changes_when_the_car_leaves(HOUSE) == [(0, "zoe")]


def test_an_integrated_device_keeps_its_car():
    assert changes_when_the_car_leaves(HOUSE, Feature.INTEGRATED_DEVICE) == []


@pytest.mark.parametrize(
    ("name", "places"), [("golf", [None, "golf"]), ("zoe", ["golf", "zoe"]), (None, ["golf", None])]
)
def test_a_car_that_moves_leaves_its_old_place(name, places):
    assert [each.vehicle for each in moved(HOUSE, 1, name).loadpoints] == places


def test_the_rules_see_the_limits_of_the_car_and_never_try_to_wake_it():
    car = with_vehicles(seen(0.0, Status.B), HOUSE).loadpoints[0].vehicle
    assert (car.max_current_a, car.min_soc_percent, car.soc_percent) == (10.0, 20, None)
    assert Feature.WAKEUP_DISABLED in car.features
    assert with_vehicles(seen(0.0, Status.B), HOUSE).loadpoints[1].vehicle is None


@pytest.mark.parametrize(("name", "capacity"), [("golf", 52.0), ("small", 17.0), (None, 52.0)])
def test_a_persons_word_gives_the_capacity_where_the_configuration_gives_none(name, capacity):
    cars = {"golf": GOLF, "small": VehicleSettings(Vehicle("small", capacity_kwh=17.0))}
    told = ManualSoc(40.0, datetime(2026, 6, 1, tzinfo=UTC), 52.0)
    house = Settings(vehicles=cars, loadpoints=(LoadpointSettings(vehicle=name, manual_soc=told),))
    assert with_vehicles(seen(0.0, Status.B), house).loadpoints[0].vehicle.capacity_kwh == capacity


def test_a_car_that_the_configuration_no_longer_has_is_a_guest():
    gone = replace(HOUSE, vehicles={})
    assert with_vehicles(seen(0.0, Status.B), gone).loadpoints[0].vehicle is None
