"""What is told on the wire and in the log when a house is not as its file says, or as its boxes were told."""

import re

from evcc_flask.simulation.wire.heidelberg import CURRENT
from evcc_flask.simulation.wire.station import Fault
from tests.e2e.world import BOX, WebMeter, codes, eventually

V = 230.0


def test_a_box_that_is_said_to_have_one_phase_and_draws_on_three_starts_once_and_is_named(world):
    server = world.serve(world.config("off"))
    server.post("/api/loadpoints/1/phases/1")
    world.sun_w(2700.0)
    server.until(lambda state: -2500 < (state["sitePower"] or 0) < -2000, 20, "the sun is seen")
    server.post("/api/loadpoints/1/mode/pv")
    state = server.until(
        lambda state: "more_phases" in codes(state["loadpoints"][0]["reasons"]), 20, "three phases are seen"
    )
    assert state["loadpoints"][0]["phasesActive"] == 3
    eventually(lambda: world.power_w(0) == 0, 20, "2.2 kW are too little for three phases")
    heard = len(world.box.heard)
    server.cycles(20)
    assert not [word for _, place, word in world.box.heard[heard:] if place == CURRENT and word], "and stay so"
    world.sun_w(8000.0)
    eventually(lambda: world.power_w(0) > 4000, 20, "enough for three")
    eventually(lambda: "loadpoint 1: the car draws on 3 phases" in server.text(), 10, "the log names it")


def test_what_is_shown_follows_the_end_of_an_overload_long_before_the_interval_ends(world):
    world.sun_w(0.0)
    config = world.config("now", interval="10m")
    config["circuits"] = [{"name": "main", "title": "House", "meter": "grid", "maxCurrent": 32}]
    config["loadpoints"][0]["circuit"] = config["site"]["circuit"] = "main"
    server = world.serve(config)
    eventually(lambda: world.power_w(0) > 10_000, 20, "the car charges with 16 A")
    world.load_w((24 * V, 0.0, 0.0))
    server.until(lambda state: state["circuits"]["main"]["overloaded"], 20, "it is shown")
    server.until(
        lambda state: not state["circuits"]["main"]["overloaded"] and state["circuits"]["main"]["currents"][0] < 33,
        20,
        "its end, too",
    )
    eventually(lambda: "circuit 'main': overload is over" in server.text(), 10, "both are in the log")
    assert re.search(r"circuit 'main': overload: [34]\d\.\d A of 32 A; cut loadpoint 1 to [5-8] A", server.text())


def test_an_error_of_the_box_is_told_in_off_and_in_the_log(world):
    box = WebMeter(world.live)
    try:
        config = world.config()
        asked = {"source": "http", "uri": box.uri}
        sink = {"source": "js", "script": "0"}
        status = asked | {"jq": ".status"}
        config["chargers"] = [
            {"name": "own", "type": "custom", "status": status, "enable": sink, "maxcurrent": sink}
            | {"enabled": {"source": "const", "value": "false"}}
        ]
        config["loadpoints"] = [{"title": "Carport", "charger": "own", "mode": "off"}]
        box.body = '{"status": "B"}'
        server = world.serve(config)
        server.until(lambda state: state["loadpoints"][0]["connected"], 20, "the car is seen")
        box.body = '{"status": "F"}'
        state = server.until(
            lambda state: "charger_silent" in codes(state["loadpoints"][0]["reasons"]), 20, "the error is a reason"
        )
        assert "mode_off" in codes(state["loadpoints"][0]["reasons"])
        assert "(state F)" in state["issues"][0]["message"]
        eventually(lambda: "charger 'own' is lost: the box reports an error (state F)" in server.text(), 10, "logged")
        box.body = '{"status": "B"}'
        eventually(lambda: "charger 'own' is back" in server.text(), 20, "its end is logged")
    finally:
        box.close()


def test_a_box_that_keeps_refusing_a_lower_maximum_is_named_with_what_it_keeps(hurrying):
    world = hurrying(10.0)
    server = world.serve(world.config("now", interval="10s"))
    server.until(lambda state: state["loadpoints"][0]["chargePower"] > 10_000, 20, "16 A")
    world.line.station(BOX).fault = Fault.REFUSE_WRITE
    server.post("/api/loadpoints/1/maxcurrent/10")
    state = server.until(lambda state: "does_not_obey" in codes(state["loadpoints"][0]["reasons"]), 30, "it is named")
    said = next(each for each in state["loadpoints"][0]["reasons"] if each["code"] == "does_not_obey")
    assert (said["reported_a"], said["told_a"]) == (16, 10)
    assert world.power_w(0) > 10_000, "a person's maximum stops nothing"
    world.faultless()
    eventually(lambda: world.power_w(0) < 7000, 30, "10 A at last")
    server.until(lambda state: "does_not_obey" not in codes(state["loadpoints"][0]["reasons"]), 20, "it is over")
    eventually(
        lambda: "loadpoint 1: no longer: the wallbox does not do what it is told" in server.text(), 10, "and logged"
    )


def test_observing_shows_the_battery_as_it_is(world):
    server = world.serve(world.config("now", battery=True), "--observe")
    server.post("/api/batterymode/hold")
    server.cycles(4)
    state = server.state()
    assert state["batteryMode"] == "unknown"
    assert "battery_external" in codes(state["batteryReasons"])
    assert (state["loadpoints"][0]["enabled"], state["loadpoints"][0]["offeredCurrent"]) == (False, 0)
