"""A grid meter that is wired wrongly: our own kilowatts are its test, and solar mode ends with the reason."""

from collections import deque

import pytest

from evcc_flask.simulation.wire.meters import Eastron
from evcc_flask.simulation.wire.tcp import ModbusTcpServer
from tests.e2e.world import BOX, GRID, World, codes, eventually
from tests.load import stretched

LATE_S = 33.0
POWER = 0x34


class Liar(Eastron):
    """A grid meter with one register. ``sees``: what it takes for the power at the grid connection, W."""

    def __init__(self, live):
        self.sees = lambda house: house.grid.power_w
        super().__init__(live, lambda house: {POWER: self.sees(house)})


@pytest.fixture(scope="module")
def metered(tmp_path_factory):
    """One car, and wires so quick that the clock may be quick: a cycle takes 5 s of the house at most."""
    world = World(tmp_path_factory.mktemp("contradictions"), max(10.0, 20.0 / stretched(1.0)))
    meter = Liar(world.live)
    wires = ModbusTcpServer({GRID: meter, BOX: world.box})
    config = world.config("off", interval="5s")
    register = {"address": POWER, "type": "input", "decode": "float32"}
    power = {"source": "modbus", "uri": f"127.0.0.1:{wires.port}", "id": GRID, "register": register}
    config["meters"][0] = {"name": "grid", "type": "custom", "power": power}
    box = {"modbus": "tcpip", "host": "127.0.0.1", "port": wires.port, "id": BOX}
    config["chargers"] = [{"name": "heidelberg", "type": "template", "template": "heidelberg", **box}]
    yield world, world.serve(config), meter
    world.close()
    wires.close()


def reversed_(house):
    return -house.grid.power_w


def blind(house):
    return house.grid.power_w - sum(box.power_w for box in house.boxes)


class Late:
    """What was, so many seconds of the house ago."""

    def __init__(self, world):
        self.clock, self.past = world.clock, deque()

    def __call__(self, house):
        now_s = self.clock.monotonic_s()
        self.past.append((now_s, house.grid.power_w))
        while len(self.past) > 1 and self.past[1][0] <= now_s - LATE_S:
            self.past.popleft()
        return self.past[0][1]


def switches_once(world, server, wish):
    """A person's wish moves eleven kilowatts, and the house has a minute to show it."""
    server.post(f"/api/loadpoints/1/mode/{wish}")
    eventually(lambda: (world.power_w(0) > 10_000) is (wish == "now"), 10, f"the car follows {wish}")
    world.passes(65.0)


def verdict(state):
    return codes(state["reasons"]) & {"grid_reversed", "grid_blind", "grid_late", "grid_stuck"}


def until_it_is_told(world, server, told):
    """Switch until the verdict is ``told``; returns the switches that it took."""
    for count in range(1, 8):
        switches_once(world, server, "now" if count % 2 else "off")
        if verdict(server.state()) == told:
            return count
    raise AssertionError(f"{told} is never told: {server.state()['reasons']}")


@pytest.mark.parametrize("trouble", ["grid_reversed", "grid_blind", "grid_late"])
def test_three_contradictions_end_solar_mode_with_their_reason_and_a_passed_test_begins_it_again(metered, trouble):
    world, server, meter = metered
    meter.sees = {"grid_reversed": reversed_, "grid_blind": blind, "grid_late": Late(world)}[trouble]
    world.passes(2 * LATE_S)
    assert until_it_is_told(world, server, {trouble}) >= 3
    server.post("/api/loadpoints/1/mode/pv")
    eventually(lambda: not world.house.boxes[0].enabled, 10, "solar mode ends, and 10 kW of sun change nothing")
    state = server.cycles(3)
    assert trouble in codes(state["loadpoints"][0]["reasons"])
    (reason,) = [each for each in state["reasons"] if each["code"] == trouble]
    assert abs(reason["caused_w"]) > 9000, "with the numbers of the test"
    meter.sees = lambda house: house.grid.power_w
    world.passes(2 * LATE_S)
    until_it_is_told(world, server, set())
    server.post("/api/loadpoints/1/mode/off")
    eventually(lambda: world.power_w(0) == 0, 10, "the car rests")
