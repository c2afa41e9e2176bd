"""The grid meter is silent, or tells what cannot be."""

import pytest

from evcc_flask.simulation.wire.station import Fault
from tests.e2e.world import GRID, WebMeter, World, codes, eventually


def test_off_is_obeyed_at_once_though_the_grid_meter_is_gone(world):
    server = world.serve(world.config("now", "now"))
    server.until(lambda state: all(each["charging"] for each in state["loadpoints"]), 20, "both cars charge")
    world.line.station(GRID).fault = Fault.SILENT
    server.cycles(2)
    server.post("/api/loadpoints/2/mode/off")
    assert eventually(lambda: not world.house.boxes[1].enabled, 5, "the go-e is off") < 1.5
    server.post("/api/loadpoints/1/mode/off")
    eventually(lambda: not world.house.boxes[0].enabled, 5, "the Heidelberg on the same line is off")


def test_off_is_obeyed_though_the_grid_meter_never_answered(world):
    world.goe_box.set("frc", "2")
    world.line.station(GRID).fault = Fault.SILENT
    server = world.serve(world.config("now", "now"))
    server.until(lambda state: state["loadpoints"][1]["charging"], 20, "fast charging needs no grid meter")
    server.post("/api/loadpoints/2/mode/off")
    eventually(lambda: not world.house.boxes[1].enabled, 5, "the go-e is off")


def test_a_silent_grid_meter_stands_for_a_minute_then_there_is_no_surplus(hurrying):
    world = hurrying(20.0)
    server = world.serve(world.config("pv", "minpv", interval="10s"))
    server.until(lambda state: all(each["charging"] for each in state["loadpoints"]), 40, "both cars charge")
    world.line.station(GRID).fault = Fault.SILENT
    gone_s = world.clock.monotonic_s()
    eventually(lambda: not world.house.boxes[0].enabled, 20, "solar mode stops")
    waited_s = world.clock.monotonic_s() - gone_s
    assert 50 < waited_s < 120, "house seconds; a cycle lasts 10 of them"
    eventually(lambda: world.house.boxes[1].offered_a == 6, 5, "min and sun falls to the minimum")
    state = server.cycles(1)
    assert "grid_missing" in codes(state["reasons"]) | codes(state["loadpoints"][0]["reasons"])
    assert state["loadpoints"][1]["charging"]
    server.post("/api/loadpoints/2/mode/now")
    eventually(lambda: world.house.boxes[1].offered_a == 16, 5, "fast charges on")
    status, body = server.ask("GET", "/api/health")
    assert (status, b"grid" in body) == (500, True), body
    server.post("/api/loadpoints/2/mode/minpv")
    world.faultless()
    server.until(lambda state: state["loadpoints"][0]["charging"], 30, "the sun charges again")


@pytest.fixture(scope="module")
def told_by_web(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("web"), 20.0)
    world.sun_w(6000.0)
    meter = WebMeter(world.live)
    config = world.config("minpv", interval="10s")
    config["meters"][0] = meter.config("grid")
    yield world, world.serve(config), meter
    world.close()
    meter.close()


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (200, '{"power": 1e308}', "too large to be true"),
        (200, '{"power": -99999999}', "implausible_value"),
        (200, '{"power": NaN}', "NaN"),
        (200, '{"power": null}', "null"),
        (200, '{"power": "offline"}', "no number"),
        (200, "<html><body>Please log in</body></html>", "web page"),
        (500, "internal error", "500"),
    ],
)
def test_what_a_grid_meter_cannot_mean_is_a_missing_value(told_by_web, status, body, why):
    world, server, meter = told_by_web
    server.until(lambda state: state["loadpoints"][0]["chargePower"] > 5000, 15, "7 A of the sun's 5500 W")
    meter.status, meter.body = status, body
    state = server.cycles(2)
    assert world.power_w(0) > 4500, "the last believable value stands"
    assert why in str(state["grid"].get("error")) + str(state["reasons"]), "why is said at once"
    state = server.until(lambda state: is_missing(state), 10, "after a minute it is missing")
    assert state["gridPower"] is None or abs(state["gridPower"]) < 300_000
    eventually(lambda: world.house.boxes[0].offered_a == 6, 5, "the minimum, as without sun")
    meter.status, meter.body = 200, None
    server.until(lambda state: not is_missing(state), 20, "it is believed again")


def is_missing(state):
    return {"grid_missing", "meter_silent"} & codes(state["reasons"] + state["loadpoints"][0]["reasons"])
