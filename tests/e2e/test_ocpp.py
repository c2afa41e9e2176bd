"""A car at a charge point that calls by OCPP, charged by the real server with the sun of a simulated house."""

from typing import Any

import pytest

from tests.chargepoint import ChargePoint
from tests.e2e.world import World, codes, eventually, free_port

GARAGE = 1
"""The box of the house that the charge point is."""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def point(world: World, port: int):
    class Held:
        """The box under the house's lock."""

        def __enter__(self) -> Any:
            self.live = world.live.now()
            return self.live.__enter__().boxes[GARAGE]

        def __exit__(self, *error: Any) -> None:
            self.live.__exit__(*error)

    made = ChargePoint(port, "WB-1", box=Held)
    yield made
    made.hang_up()


def config(world: World, port: int, mode: str) -> dict[str, Any]:
    config = world.config(mode)
    config["chargers"] = [{"name": "garage", "type": "ocpp", "stationid": "WB-1"}]
    config["loadpoints"][0] |= {"charger": "garage", "title": "Garage"}
    return config | {"ocpp": {"port": port}}


def test_a_car_is_charged_with_the_surplus_and_stopped_by_a_word(world, port, point):
    server = world.serve(config(world, port, "pv"))
    server.until(lambda state: state["loadpoints"][0]["charging"], 40, "the car charges")
    eventually(lambda: 8500 < world.power_w(GARAGE) < 9700, 30, "it takes what 10 kW of sun leave")
    server.until(lambda state: 8000 < state["loadpoints"][0]["chargePower"] < 10000, 20, "its power is shown")
    world.sun_w(6000.0)
    eventually(lambda: 4200 < world.power_w(GARAGE) < 5600, 30, "it follows the sun")
    server.post("/api/loadpoints/1/mode/off")
    eventually(lambda: world.power_w(GARAGE) == 0, 20, "it is stopped")
    assert point.limits()[-1] == 0


def test_a_cut_line_is_told_and_the_charge_goes_on_after_it(world, port, point):
    server = world.serve(config(world, port, "now"))
    eventually(lambda: world.power_w(GARAGE) > 10_000, 40, "it charges with all it can")
    point.hang_up()
    told = server.until(lambda state: state["links"][-1]["state"] == "lost", 20, "the cut line is told")
    assert "has hung up" in told["links"][-1]["error"]
    assert world.power_w(GARAGE) > 10_000


def test_an_order_stops_the_box_that_can_be_told_while_the_one_of_the_cut_line_charges_on(world, port, point, tmp_path):
    contact = tmp_path / "contact"
    contact.write_text("false")
    both = world.config("now", "now")
    both["chargers"] = [both["chargers"][0], {"name": "garage", "type": "ocpp", "stationid": "WB-1"}]
    both["loadpoints"][GARAGE] |= {"charger": "garage", "title": "Garage"}
    limit = {"source": "script", "cmd": f"cat {contact}", "timeout": "2s"}
    hems = {"type": "relay", "maxPower": 4200, "limit": limit}
    world.sun_w(0.0)
    server = world.serve(both | {"ocpp": {"port": port}, "hems": hems})
    eventually(lambda: world.power_w(0) > 10_000 and world.power_w(GARAGE) > 10_000, 60, "both cars charge")
    point.hang_up()
    server.until(lambda state: state["links"][-1]["state"] == "lost", 20, "the cut line is told")
    contact.write_text("true")
    eventually(lambda: world.power_w(0) == 0, 40, "the box that can be told is stopped")
    state = server.until(lambda state: state["hems"]["limited"] and state["hems"]["drawnPower"] > 10_000, 10)
    assert world.power_w(GARAGE) > 10_000
    assert "dimmed" in codes(state["loadpoints"][0]["reasons"])
    assert server.get("/api/gridsessions")[0]["obeyedAfter"] is None
