"""Plans, and a fast charge for once, over all wires: done in time, and kept when the plug is pulled."""

import json
from datetime import timedelta

from tests.e2e.world import codes


def loadpoint(state):
    return state["loadpoints"][0]


def test_a_plan_is_done_within_ten_minutes_before_its_time_though_the_program_is_killed_meanwhile(hurrying):
    world = hurrying(40.0)
    world.sun_w(0.0)
    config = world.config("pv", interval="10s")
    server = world.serve(config)
    done_at = (world.clock.now() + timedelta(minutes=18)).replace(microsecond=0)
    server.post(f"/api/loadpoints/1/plan/energy/1/{done_at.isoformat().replace('+', '%2B')}")
    waits = server.until(lambda state: "plan_starts" in codes(loadpoint(state)["reasons"]), 10, "it waits")
    assert loadpoint(waits)["planProjectedEnd"] is not None
    assert world.energy_kwh(0) < 0.05
    server.until(lambda state: loadpoint(state)["planActive"] and loadpoint(state)["charging"], 40, "it charges")
    server.kill()
    server = world.serve(config)
    server.until(lambda state: loadpoint(state)["planActive"] and loadpoint(state)["charging"], 40, "it goes on")
    server.until(lambda state: loadpoint(state)["planEnergy"] == 0 and not loadpoint(state)["charging"], 60, "it ends")
    assert timedelta(0) <= done_at - world.clock.now() <= timedelta(minutes=10)
    assert 1.0 <= world.energy_kwh(0) < 1.6


def test_fast_for_once_outlives_a_power_cut_and_ends_with_the_mode_that_a_person_chooses(world):
    world.sun_w(0.0)
    config = world.config("off")
    server = world.serve(config)
    server.post("/api/loadpoints/1/fast/unplugged")
    server.until(lambda state: loadpoint(state)["charging"] and "fast_once" in codes(loadpoint(state)["reasons"]), 20)
    server.kill()
    server = world.serve(config)
    again = server.until(lambda state: loadpoint(state)["charging"] and loadpoint(state)["fast"] is not None, 20)
    assert (loadpoint(again)["mode"], loadpoint(again)["fast"]["until"]) == ("off", "unplugged")
    server.post("/api/loadpoints/1/mode/off")
    stopped = server.until(lambda state: not loadpoint(state)["charging"], 20, "it stops")
    assert loadpoint(stopped)["fast"] is None


def test_a_fast_charge_for_once_of_so_much_energy_gives_so_much(hurrying):
    world = hurrying(30.0)
    world.sun_w(0.0)
    server = world.serve(world.config("pv", interval="5s"))
    status, body = server.ask("POST", "/api/loadpoints/1/fast/1kwh")
    assert (status, json.loads(body)["result"]["remainingEnergy"]) == (200, 1000)
    server.until(lambda state: loadpoint(state)["charging"], 20, "it charges")
    server.until(lambda state: loadpoint(state)["fast"] is None and not loadpoint(state)["charging"], 60, "it ends")
    assert 1.0 <= world.energy_kwh(0) < 1.5
