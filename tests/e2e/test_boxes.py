"""Wallboxes that refuse, act by themselves, talk nonsense, are dead at the start, or hang."""

import pytest

from evcc_flask.simulation.wire.heidelberg import CURRENT
from evcc_flask.simulation.wire.station import Fault
from tests.e2e.world import BOX, World, codes, eventually, link


def test_a_write_that_is_refused_is_said_and_tried_again_within_15_s(world):
    server = world.serve(world.config("now", "now"))
    server.until(lambda state: all(each["charging"] for each in state["loadpoints"]), 20, "both cars charge")
    world.line.station(BOX).fault = world.goe.fault = Fault.REFUSE_WRITE
    server.post("/api/loadpoints/1/maxcurrent/10")
    server.post("/api/loadpoints/2/maxcurrent/10")
    for index in (0, 1):
        server.until(
            lambda state, at=index: "command_failed" in codes(state["loadpoints"][at]["reasons"]),
            5,
            "the failure is said",
        )
    world.line.station(BOX).fault = world.goe.fault = Fault.NONE
    eventually(lambda: [box.offered_a for box in world.house.boxes] == [10, 10], 15, "the command is tried again")


def test_a_box_that_somebody_switches_on_while_off_is_stopped_in_the_first_cycle(world):
    server = world.serve(world.config("off", "off"))
    server.cycles(3)
    world.goe_box.set("frc", "2")
    world.box.write(CURRENT, [160])
    eventually(lambda: world.box.currents_a()[-1] == 0, 3, "the Heidelberg is stopped")
    eventually(lambda: world.goe_box.heard[-1][1:] == ("frc", "1"), 3, "the go-e is stopped")


def test_a_charge_that_somebody_else_starts_later_is_stopped_and_said(hurrying):
    world = hurrying(10.0)
    server = world.serve(world.config("off", "off", interval="10s"))
    since_s = world.clock.monotonic_s()
    eventually(lambda: world.clock.monotonic_s() - since_s > 30, 10, "the house is calm")
    world.goe_box.set("frc", "2")
    server.until(lambda state: "somebody_else" in codes(state["loadpoints"][1]["reasons"]), 5, "it is said")
    eventually(lambda: world.goe_box.heard[-1][1:] == ("frc", "1"), 3, "the go-e is stopped")


def test_a_current_that_somebody_else_raised_is_taken_back(hurrying):
    world = hurrying(10.0)
    server = world.serve(world.config("now", interval="10s"))
    server.post("/api/loadpoints/1/maxcurrent/8")
    server.until(lambda state: 5000 < state["loadpoints"][0]["chargePower"] < 6000, 20, "8 A on three phases")
    server.cycles(2)
    world.box.write(CURRENT, [160])
    eventually(lambda: world.box.currents_a()[-1] == 8.0, 3, "8 A again")


def test_a_box_that_reboots_and_charges_by_its_default_though_off_is_stopped_at_once(world):
    server = world.serve(world.config("off", "off"))
    server.cycles(3)
    world.goe.fault = Fault.RESET
    server.cycles(1)
    world.goe_box.set("frc", "0")
    world.goe_box.heard.clear()
    world.goe.fault = Fault.NONE
    eventually(lambda: ("frc", "1") in [each[1:] for each in world.goe_box.heard], 6, "stopped when it is seen again")


@pytest.fixture(scope="module")
def charging(tmp_path_factory):
    """Two cars charge; a minute of the house takes three seconds."""
    world = World(tmp_path_factory.mktemp("boxes"), 20.0)
    yield world, world.serve(world.config("now", "now", interval="10s"))
    world.close()


@pytest.mark.parametrize(
    ("fault", "altered", "says"),
    [
        (Fault.NONE, {"car": 77}, "77"),
        (Fault.GARBAGE, {}, "web page"),
        (Fault.WRONG_CRC, {}, "JSON"),
        (Fault.SERVER_ERROR, {}, "500"),
    ],
)
def test_nonsense_instead_of_a_status_leaves_the_box_as_it_is_and_is_said(charging, fault, altered, says):
    world, server = charging
    server.until(lambda state: all(each["charging"] for each in state["loadpoints"]), 20, "both cars charge")
    world.goe.fault, world.goe.altered = fault, altered
    state = server.until(lambda state: "charger_silent" in codes(state["loadpoints"][1]["reasons"]), 12, "it is said")
    (reason,) = [each for each in state["loadpoints"][1]["reasons"] if each["code"] == "charger_silent"]
    assert says in reason["error"]
    assert state["loadpoints"][0]["charging"]
    assert world.power_w(1) > 10_000
    world.goe.fault, world.goe.altered = Fault.NONE, {}
    server.until(
        lambda state: "charger_silent" not in codes(state["loadpoints"][1]["reasons"]), 15, "all is well again"
    )


def test_a_wallbox_that_is_dead_at_the_start_joins_when_it_comes_and_charges(world):
    world.line.station(BOX).fault = world.goe.fault = Fault.SILENT
    config = world.config("now", "now")
    config["chargers"].append({"name": "third", "type": "template", "template": "go-e-v3", "host": "127.0.0.1:9"})
    config["loadpoints"].append({"title": "Third", "charger": "third", "mode": "now"})
    server = world.serve(config)
    state = server.until(lambda state: (state["gridPower"] or 0) < -9000, 5, "all others run")
    assert "waits_for_reading" in codes(state["loadpoints"][0]["reasons"])
    world.faultless()
    server.until(lambda state: all(each["charging"] for each in state["loadpoints"][:2]), 30, "both joined and charge")


def test_a_wallbox_that_hangs_does_not_delay_the_other_one(world):
    server = world.serve(world.config("now", "now"))
    server.until(lambda state: all(each["charging"] for each in state["loadpoints"]), 20, "both cars charge")
    world.goe.fault = Fault.HANG
    server.cycles(2)
    for ampere in (10, 12):
        spoken_s = server.post(f"/api/loadpoints/1/maxcurrent/{ampere}")
        took_s = eventually(lambda a=ampere, t=spoken_s: float(a) in world.box.currents_a(t), 5, f"{ampere} A")
        assert took_s < 2.0
    world.goe.fault, world.line.station(BOX).fault = Fault.NONE, Fault.SILENT
    server.until(lambda state: link(state, "rs485")["state"] == "lost", 15)
    server.post("/api/loadpoints/2/maxcurrent/7")
    took_s = eventually(lambda: world.house.boxes[1].offered_a == 7, 5, "7 A at the go-e")
    assert took_s < 5.0
