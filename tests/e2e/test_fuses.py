"""Fuses and contactors: a cut comes at once and calm before the rise, each house phase counts alone, switches cost."""

from dataclasses import replace

import pytest
import yaml

from evcc_flask.commands.check import check
from evcc_flask.simulation.wire.heidelberg import CURRENT
from tests.e2e.world import World, codes, eventually

V = 230.0


def in_circuit(config, **more):
    """Both loadpoints behind one fuse that the grid meter watches."""
    config["circuits"] = [{"name": "main", "title": "House", "meter": "grid", **more}]
    for loadpoint in config["loadpoints"]:
        loadpoint["circuit"] = "main"
    config["site"]["circuit"] = "main"
    return config


def test_an_overload_is_cut_at_once_and_currents_rise_after_15_s_of_calm(hurrying):
    world = hurrying(5.0)
    world.sun_w(0.0)
    server = world.serve(in_circuit(world.config("now", interval="30s"), maxCurrent=32))
    eventually(lambda: world.power_w(0) > 10_000, 20, "the car charges with 16 A")
    server.cycles(1)
    over_s = world.clock.monotonic_s()
    world.load_w((24 * V, 0.0, 0.0))
    eventually(lambda: 60 <= world.box.settings[CURRENT] <= 80, 10, "8 A are left")
    cut_s = world.clock.monotonic_s()
    assert cut_s - over_s < 5.0 + 5.0, "5 s of the house, and a second of this machine; the interval is 30 s"
    world.load_w(500.0)
    eventually(lambda: world.box.settings[CURRENT] == 160, 30, "16 A again")
    assert world.clock.monotonic_s() - cut_s > 13.5, "15 s, less what the command was under way"


def test_a_one_phase_car_on_l1_is_throttled_by_l1_and_not_by_l3(hurrying):
    world = hurrying(10.0)
    world.sun_w(0.0)
    car = world.house.boxes[1].car
    car.description = replace(car.description, phases=1)
    (world.folder / "evcc-flask.yaml").write_text(yaml.safe_dump({"devices": {"goe": {"phaseOrder": "L1 L2 L3"}}}))
    world.load_w((0.0, 0.0, 18 * V))
    server = world.serve(in_circuit(world.config("off", "now", interval="10s"), maxCurrent=20))
    eventually(lambda: world.power_w(1) > 15 * V, 20, "16 A on L1, though L3 has no room")
    world.load_w((10 * V, 0.0, 0.0))
    eventually(lambda: world.power_w(1) < 11 * V, 10, "L1 leaves 10 A")
    server.until(lambda state: state["circuits"]["main"]["currents"][0] <= 20.5, 10, "20 A on L1")
    assert world.house.boxes[1].enabled


@pytest.fixture(scope="module")
def spared(tmp_path_factory):
    """Sun and clouds as a test says, and no delays: only budgets and settling slow us down."""
    world = World(tmp_path_factory.mktemp("spared"), 100.0)
    yield world, world.serve(world.config("off", "off", interval="20s"))
    world.close()


def test_phases_are_switched_six_times_an_hour_and_for_a_person_at_once(spared):
    world, server = spared
    server.post("/api/loadpoints/2/mode/pv")
    eventually(lambda: world.power_w(1) > 6000, 20, "10 kW of sun: three phases")
    world.passes(100.0)
    world.goe_box.heard.clear()
    for power_w in (2800.0, 10_000.0) * 4:
        world.sun_w(power_w)
        world.passes(130.0)
    switches = [text for _, key, text in world.goe_box.heard if key == "psm"]
    assert 5 <= len(switches) <= 6, switches
    server.until(lambda state: "phase_budget" in codes(state["loadpoints"][1]["reasons"]), 10, "the budget is said")
    for phases, psm in (("1", "1"), ("3", "2")):
        server.post(f"/api/loadpoints/2/phases/{phases}")
        eventually(lambda p=psm: [t for _, k, t in world.goe_box.heard if k == "psm"][-1] == p, 5, f"{phases} phases")
    server.post("/api/loadpoints/2/mode/off")


def test_a_box_is_switched_twelve_times_an_hour_and_for_a_person_at_once(spared):
    world, server = spared
    world.sun_w(0.0)
    server.post("/api/loadpoints/1/mode/pv")
    world.passes(120.0)
    changes = []

    def count():
        enabled = world.house.boxes[0].enabled
        if not changes or changes[-1] != enabled:
            changes.append(enabled)
        return False

    for power_w in (10_000.0, 0.0) * 7:
        world.sun_w(power_w)
        until_s = world.clock.monotonic_s() + 120.0
        eventually(lambda u=until_s: count() or world.clock.monotonic_s() > u, 10, "time passes")
    assert 10 <= len(changes) - 1 <= 12, changes
    world.sun_w(10_000.0)
    server.until(lambda state: "switch_budget" in codes(state["loadpoints"][0]["reasons"]), 10, "the budget is said")
    server.post("/api/loadpoints/1/mode/now")
    eventually(lambda: world.house.boxes[0].enabled, 3, "a person's wish is free")
    server.post("/api/loadpoints/1/mode/off")
    eventually(lambda: not world.house.boxes[0].enabled, 3, "a person's wish is free")


def test_a_box_that_charges_on_though_it_was_stopped_is_said_not_to_obey(spared):
    world, server = spared
    server.post("/api/loadpoints/1/mode/now")
    eventually(lambda: world.power_w(0) > 10_000, 10, "the car charges")
    world.passes(90.0)
    world.house.boxes[0].rebels = True
    server.post("/api/loadpoints/1/mode/off")
    server.until(lambda state: "does_not_obey" in codes(state["loadpoints"][0]["reasons"]), 10, "it is said")
    world.house.boxes[0].rebels = False
    server.until(lambda state: "does_not_obey" not in codes(state["loadpoints"][0]["reasons"]), 10, "it obeys")


def test_check_names_the_ampere_that_a_box_without_fail_safe_will_keep_in_its_circuit(world):
    config = in_circuit(world.config("off", "off"), maxCurrent=32)
    (world.folder / "evcc.yaml").write_text(yaml.safe_dump(config), "utf-8")
    told = []
    check(world.folder / "evcc.yaml", {"HOME": str(world.folder)}, told.append)
    said = "\n".join(told)
    (row,) = [line for line in said.splitlines() if line.startswith("charger") and " goe " in line]
    assert row.rstrip().endswith("none"), said
    assert "'goe' has no fail-safe" in said, said
    assert "16 A" in said, said
