"""Faults of the wires while two cars charge: each costs its own device, and is over when it is over."""

import pytest

from evcc_flask.simulation.wire.station import Fault
from tests.e2e.world import BOX, GRID, World, eventually, link


@pytest.fixture(scope="module")
def charging(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("wires"))
    server = world.serve(world.config("now", "now"))
    server.until(lambda state: all(each["charging"] for each in state["loadpoints"]), 20, "both cars charge")
    yield world, server
    world.close()


@pytest.fixture
def house(charging):
    world, server = charging
    yield world, server
    world.faultless()


def heals(world, server):
    """Once the fault is over, all is read again, and a person's wish arrives at both boxes."""
    world.faultless()
    server.until(lambda state: all(each["state"] == "up" for each in state["links"]), 15, "all links are up again")
    for ampere in (9, 16):
        server.post(f"/api/loadpoints/1/maxcurrent/{ampere}")
        server.post(f"/api/loadpoints/2/maxcurrent/{ampere}")
        eventually(
            lambda a=ampere: all(box.offered_a == a for box in world.house.boxes), 5, f"{ampere} A at both boxes"
        )


def arrives_soon(world, server):
    """A wish for the Heidelberg is on the wire, whatever other links do."""
    spoken_s = server.post("/api/loadpoints/1/maxcurrent/8")
    assert eventually(lambda: 8.0 in world.box.currents_a(spoken_s), 5, "8 A on the line") < 1.5


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault.SILENT, "no answer"),
        (Fault.WRONG_CRC, "garbled"),
        (Fault.HANG, "garbled"),
        (Fault.WRONG_UNIT, "garbled"),
    ],
)
def test_a_wallbox_in_trouble_leaves_its_neighbours_on_the_line_alone(house, fault, says):
    world, server = house
    world.line.station(BOX).fault = fault
    state = server.until(lambda state: link(state, "rs485")["state"] == "lost", 10, "the line is said to be bad")
    assert says in link(state, "rs485")["error"]
    before = world.line.station(GRID).requests
    eventually(lambda: world.line.station(GRID).requests > before + 2, 6, "the grid meter on the same line is read")
    assert world.power_w(0) > 10_000, "a box that is not heard is left as it is"
    heals(world, server)


def test_garbage_between_frames_costs_nothing(house):
    world, server = house
    world.line.station(BOX).fault = Fault.GARBAGE
    for _ in range(3):
        world.line.chatter(b"\x01\x04\x04garbage")
        server.cycles(1)
    state = server.state()
    assert link(state, "rs485")["state"] == "up"
    assert state["loadpoints"][0]["charging"]


def test_an_adapter_that_is_pulled_out_is_used_again_when_it_is_back(house):
    world, server = house
    world.line.unplug()
    state = server.until(lambda state: link(state, "rs485")["state"] == "lost", 10, "the port is said to be gone")
    assert "no such port" in link(state, "rs485")["error"]
    heals(world, server)
    assert "rs485 answers again" in server.text()


@pytest.mark.parametrize(
    ("inverter", "says", "goe"),
    [
        (Fault.HANG, "no answer in time", Fault.HANG),
        (Fault.RESET, "connection", Fault.RESET),
        (Fault.WRONG_UNIT, "an answer for id", Fault.SERVER_ERROR),
        (Fault.GARBAGE, "does not speak Modbus TCP", Fault.NONE),
    ],
)
def test_trouble_in_the_network_costs_the_line_nothing(house, inverter, says, goe):
    world, server = house
    world.tcp.station(1).fault, world.goe.fault = inverter, goe
    name = f"127.0.0.1:{world.tcp.port}"
    state = server.until(lambda state: link(state, name)["state"] == "lost", 15, "the inverter is said to be bad")
    assert says in link(state, name)["error"]
    if goe in (Fault.RESET, Fault.SERVER_ERROR):
        server.until(lambda state: link(state, "goe")["state"] == "lost", 15, "the go-e is said to be bad")
    arrives_soon(world, server)
    heals(world, server)
