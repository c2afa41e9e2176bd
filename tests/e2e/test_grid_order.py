"""An order of the grid operator at the real server: cars are dimmed within seconds, and it is written down."""

import csv
import io

import pytest

from tests.e2e.world import World, codes, eventually


@pytest.fixture
def contact(tmp_path):
    path = tmp_path / "contact"
    path.write_text("false")
    return path


def config(world: World, contact, *modes: str):
    limit = {"source": "script", "cmd": f"cat {contact}", "timeout": "2s"}
    return world.config(*modes) | {"hems": {"type": "relay", "limit": limit}}


def drawn_w(world):
    return world.power_w(0) + world.power_w(1)


def test_an_order_dims_both_cars_within_seconds_and_is_recorded(world, contact):
    world.sun_w(0.0)
    server = world.serve(config(world, contact, "now", "now"))
    eventually(lambda: drawn_w(world) > 20_000, 40, "both cars charge with all they can")
    assert server.state()["hems"]["minimumPower"] == 7560
    contact.write_text("true")
    took_s = eventually(lambda: 0 < drawn_w(world) <= 7700, 20, "both are dimmed")
    assert took_s < 15
    state = server.until(lambda state: state["hems"]["limited"], 5)
    assert state["hems"]["limitPower"] == 7560
    assert "dimmed" in codes(state["reasons"])
    assert any("dimmed" in codes(each["reasons"]) for each in state["loadpoints"])
    server.until(lambda _: server.get("/api/gridsessions")[0]["obeyedAfter"] is not None, 15, "it is obeyed")
    contact.write_text("false")
    eventually(lambda: drawn_w(world) > 20_000, 60, "they are free again")
    server.until(lambda _: server.get("/api/gridsessions")[0]["finished"], 15, "its end is recorded")
    (order,) = server.get("/api/gridsessions")
    assert (order["limitPower"], order["cause"], order["belowMinimum"]) == (7560, "order", False)
    assert order["clockTrusted"] in (True, False)
    status, text = server.ask("GET", "/api/gridsessions?format=csv")
    assert status == 200
    assert [row["step"] for row in csv.DictReader(io.StringIO(text.decode()))] == ["received", "obeyed", "released"]


def test_a_test_proves_it_to_the_electrician(world, contact):
    server = world.serve(config(world, contact, "now"))
    eventually(lambda: world.power_w(0) > 10_000, 40, "the car charges with all it can")
    world.sun_w(0.0)
    status, body = server.ask("POST", "/api/gridsessions/test")
    assert (status, b"4200" in body) == (200, True)
    eventually(lambda: world.power_w(0) <= 4300, 20, "it is dimmed")
    assert server.until(lambda state: state["hems"]["limited"], 5)["hems"]["cause"] == "test"
    assert server.ask("DELETE", "/api/gridsessions/test")[0] == 200
    server.until(lambda state: not state["hems"]["limited"], 10, "it is over")


def test_without_hems_there_is_nothing_to_test(world):
    server = world.serve(world.config("off"))
    assert server.ask("POST", "/api/gridsessions/test")[0] == 400
    assert server.get("/api/gridsessions") == []
    assert "hems" not in server.state()
