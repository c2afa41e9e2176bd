"""The loop and the cars' accounts: asked when the core says so, woken, and none of them can stop the house."""

from dataclasses import replace

import pytest

from evcc_flask.domain.commands import Ending
from evcc_flask.domain.readings import CarReading, CarTraits
from evcc_flask.domain.settings import LoadpointSettings, Settings
from evcc_flask.domain.vehicles import Vehicle, VehicleSettings
from evcc_flask.domain.words import Contact, Mode, Status
from tests.control.scene import Scene


class Account:
    """A car's account that notes what it is asked; ``broken``: its driver has a fault."""

    def __init__(self, scene):
        self.name, self.scene, self.heard, self.broken = "golf", scene, [], False
        self.said = CarReading("golf", Contact.UNREAD, traits=CarTraits(has_soc=True, can_wake=True))

    def reading(self):
        return self.said

    def forget(self):
        self.heard.append("forget")

    def poll(self):
        self.heard.append("poll")
        if self.broken:
            raise ZeroDivisionError
        self.said = replace(self.said, contact=Contact.UP, at_s=self.scene.clock.s, soc_percent=55.0)

    def wake(self, done):
        self.heard.append("wake")
        done(Ending.TAKEN, "")


@pytest.fixture
def scene():
    cars = {"golf": VehicleSettings(Vehicle("golf", capacity_kwh=50.0, identifiers=("aa",)))}
    scene = Scene(
        settings=Settings(vehicles=cars, loadpoints=(LoadpointSettings("Carport", Mode.NOW, vehicle="golf"),))
    )
    scene.account = Account(scene)
    scene.house = replace(scene.house, vehicles={"golf": scene.account})
    scene.loop = scene.make(scene.loop.memory)
    return scene


def shown(scene):
    return scene.state.published.state["loadpoints"][0]


def test_a_car_just_plugged_in_is_asked_past_its_cache_and_its_answer_is_shown(scene):
    scene.run(1)
    assert scene.account.heard == ["forget", "poll"]
    scene.run(1)
    assert (shown(scene)["vehicleSoc"], shown(scene)["vehicleSocSource"]) == (55, "car")


def test_what_a_car_said_first_is_on_the_disk_in_that_cycle(scene):
    scene.run(2)
    assert scene.book.values["memory"]["loadpoints"][0]["car"]["anchor"]["percent"] == 55.0


def test_a_fault_in_a_cars_driver_stops_nothing(scene, caplog):
    scene.account.broken = True
    scene.run(3)
    assert scene.box.sent
    assert "the driver failed while it was asked" in caplog.text


def test_a_car_that_takes_nothing_is_woken_by_its_account(scene):
    scene.run(2)
    scene.box.enabled = True
    scene.run(6)
    assert "wake" in scene.account.heard


def test_a_car_without_an_account_cannot_be_woken_and_nobody_is_warned(scene, caplog):
    scene.run(2)
    scene.box.enabled = True
    scene.house.vehicles.clear()
    scene.run(6)
    assert "wake" not in scene.account.heard
    assert "failed" not in caplog.text


def test_while_only_watching_cars_are_asked_and_never_woken(scene):
    scene.loop = scene.make(scene.loop.memory, observe=True)
    scene.box.enabled = True
    scene.run(12)
    assert "poll" in scene.account.heard
    assert "wake" not in scene.account.heard


def test_who_was_found_by_a_card_is_a_wish_that_is_kept(scene):
    scene.state.assign_vehicle(0, None)
    scene.box.status = Status.B
    read = scene.box.reading
    scene.box.reading = lambda: replace(read(), identifier="AA")
    scene.run(2)
    assert shown(scene)["vehicleName"] == "golf"
    assert scene.book.values["lp1.vehicle"] == "golf"
