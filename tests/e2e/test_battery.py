"""The home battery and the money, over all wires.

Orders are read back, survive a kill, and leave alone what is not ours; session, history and grid agree.
"""

import csv
import io

import pytest

from evcc_flask.simulation.wire.sunspec import AUTOMATIC
from tests.e2e.world import codes, eventually

HELD = {"StorCtl_Mod": 2, "OutWRte": 0}


def control(world):
    return {name: world.hybrid.storage[name] for name in HELD}


def fast(world, server):
    """Discharge control is on and the first car charges fast."""
    server.until(lambda state: state.get("batterySoc", 0) > 90, 20, "the battery is read")
    server.post("/api/batterydischargecontrol/true")
    server.post("/api/loadpoints/1/mode/now")
    return server.until(
        lambda state: state["battery"][0].get("mode") == "hold" and state["batteryMode"] == "hold", 20, "it is held"
    )


def test_a_held_battery_that_somebody_else_lets_go_is_named_and_held_again(hurrying):
    world = hurrying(6.0)
    server = world.serve(world.config("off", interval="2s", battery=True))
    state = fast(world, server)
    assert codes(state["batteryReasons"]) == {"battery_held_for_car"}
    world.hybrid.storage |= AUTOMATIC
    named = server.until(lambda state: "battery_does_not_obey" in codes(state["batteryReasons"]), 20, "it is named")
    (reason,) = (each for each in named["batteryReasons"] if each["code"] == "battery_does_not_obey")
    assert (reason["told"], reason["shows"]) == ("hold", "normal")
    eventually(lambda: control(world) == HELD, 20, "it is held again")
    server.until(lambda state: codes(state["batteryReasons"]) == {"battery_held_for_car"}, 20, "it obeys")


def test_kill_9_while_the_battery_is_held_gives_it_back_in_the_first_cycle(world):
    config = world.config("off", battery=True)
    server = world.serve(config)
    fast(world, server)
    server.kill()
    assert control(world) == HELD
    with world.live.now() as house:
        house.boxes[0].unplug()
    server = world.serve(config)
    eventually(lambda: world.hybrid.storage["StorCtl_Mod"] == 0, 5, "it is given back")


def test_a_battery_that_somebody_else_holds_is_left_alone_from_the_start_to_the_end(world):
    world.hybrid.storage |= HELD
    server = world.serve(world.config("off", battery=True))
    server.until(lambda state: state["battery"] and state["battery"][0].get("mode") == "hold", 20, "it is read")
    server.cycles(3)
    assert server.state()["batteryMode"] == "unknown"
    server.terminate()
    assert control(world) == HELD


def test_a_mode_ordered_from_outside_lapses_after_a_minute_and_is_shown_no_longer(hurrying):
    world = hurrying(20.0)
    server = world.serve(world.config("off", interval="5s", battery=True))
    server.until(lambda state: state.get("batterySoc", 0) > 90, 20, "the battery is read")
    server.post("/api/batterymode/hold")
    held = server.until(lambda state: state["batteryMode"] == "hold", 20, "it is held")
    assert held["batteryModeExternal"] == "hold"
    server.until(lambda state: state["batteryModeExternal"] == "unknown", 20, "it lapses")
    eventually(lambda: world.hybrid.storage["StorCtl_Mod"] == 0, 20, "it is given back")


def test_cheap_hours_charge_the_battery_from_the_grid_and_dear_ones_let_it_go(hurrying):
    world = hurrying(6.0)
    with world.live.now() as house:
        house.batteries[0].soc_percent = 60.0
    config = world.config("off", interval="2s", battery=True)
    config["tariffs"] = {
        "grid": {"type": "fixed", "price": 0.05, "zones": [{"price": 0.4, "hours": "17-21", "days": "Mon-Sun"}]}
    }
    server = world.serve(config)
    server.until(lambda state: state.get("batterySoc", 0) > 50 and state.get("tariffGrid") == 0.05, 20, "it is cheap")
    server.post("/api/batterygridchargelimit/0.1")
    charged = server.until(lambda state: state["battery"][0].get("mode") == "charge", 20, "it charges")
    assert charged["batteryGridChargeActive"] is True
    assert codes(charged["batteryReasons"]) == {"battery_grid_charge"}
    assert world.hybrid.storage["ChaGriSet"] == 1
    server.post("/api/batterygridchargelimit/0.01")
    eventually(lambda: world.hybrid.storage["StorCtl_Mod"] == 0, 20, "it is given back")
    server.until(lambda state: not state["batteryGridChargeActive"], 20, "the state says so")


def test_energy_and_cost_of_session_history_and_grid_agree(hurrying):
    world = hurrying(40.0)
    world.sun_w(0.0)
    world.load_w(1000.0)
    config = world.config("now", interval="10s")
    config["tariffs"] = {
        "currency": "EUR",
        "grid": {"type": "fixed", "price": 0.3},
        "feedin": {"type": "fixed", "price": 0.08},
    }
    server = world.serve(config)
    with world.live.now() as house:
        before_kwh = house.grid.import_kwh
    priced = server.until(lambda state: (state["loadpoints"][0]["sessionPrice"] or 0) > 1.5, 60, "5 kWh are paid")
    point = priced["loadpoints"][0]
    assert point["sessionPricePerKWh"] == pytest.approx(0.3)
    assert point["sessionPrice"] == pytest.approx(0.3 * point["sessionEnergy"] / 1000, rel=0.01)
    assert (priced["tariffPriceHome"], priced["tariffPriceLoadpoints"]) == (0.3, 0.3)
    server.post("/api/loadpoints/1/mode/off")
    server.until(lambda state: not state["loadpoints"][0]["charging"], 20, "it stops")
    server.cycles(3)
    with world.live.now() as house:
        imported_kwh = house.grid.import_kwh - before_kwh
    server.terminate()
    server = world.serve(config)
    history = server.get("/api/history?resolution=year")
    (span,) = history["spans"]
    assert span["gridImport"] == pytest.approx(imported_kwh, rel=0.03)
    assert span["importCost"] == pytest.approx(0.3 * span["gridImport"], rel=0.001)
    (charge,) = span["loadpoints"]
    # The wallbox's counter is read once a minute: 0.18 kWh; what it shifts is settled over a quarter of an hour.
    assert charge["energy"] + span["home"] == pytest.approx(span["gridImport"], abs=0.2)
    (session,) = server.get("/api/sessions")
    assert charge["energy"] == pytest.approx(session["chargedEnergy"], rel=0.01)
    assert charge["cost"] == pytest.approx(session["price"], rel=0.01)
    _, body = server.ask("GET", "/api/sessions?format=csv&lang=en")
    (row,) = csv.DictReader(io.StringIO(body.decode("utf-8-sig")))
    assert float(row["Price"]) == pytest.approx(session["price"], abs=0.001)
    assert float(row["Price/kWh"]) == pytest.approx(0.3)
    statistics = server.state()["statistics"]["30d"]
    assert statistics["avgPrice"] == pytest.approx(0.3)
    assert statistics["chargedKWh"] == pytest.approx(session["chargedEnergy"], rel=0.01)
