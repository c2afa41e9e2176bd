"""A car and its account on the wire: found, counted on, kept when the plug is pulled, and never rung up too often."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.e2e.world import codes, eventually

HOUSE = 40.0
"""The house's clock runs so much faster."""


class Account:
    """A maker's account on HTTP: what it says, with which status, and how often it was asked."""

    def __init__(self) -> None:
        self.says = {"soc": 40, "status": "B", "range": 160, "odometer": 12345.6}
        self.status, self.calls = 200, 0
        account = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                account.calls += 1
                body = json.dumps(account.says).encode()
                self.send_response(account.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def vehicle(self, name: str) -> dict[str, object]:
        """The car in an evcc.yaml."""
        uri = f"http://127.0.0.1:{self._server.server_port}/car"
        getters = {key: {"source": "http", "uri": uri, "jq": f".{key}"} for key in self.says}
        return {"name": name, "type": "custom", "title": name.title(), "capacity": 50, "cache": "15m", **getters}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def account() -> Iterator[Account]:
    account = Account()
    yield account
    account.close()


def loadpoint(state):
    return state["loadpoints"][0]


def test_a_car_is_found_by_its_account_counted_on_and_kept_over_a_power_cut(hurrying, account):
    world = hurrying(HOUSE)
    config = world.config("now", interval="10s") | {"vehicles": [account.vehicle("golf")]}
    server = world.serve(config)
    found = server.until(lambda state: loadpoint(state)["vehicleSocSource"] is not None, 20, "its SoC")
    assert loadpoint(found)["vehicleName"] == "golf"
    assert not loadpoint(found)["vehicleDetectionActive"]
    assert (loadpoint(found)["vehicleRange"], loadpoint(found)["vehicleOdometer"]) == (160, 12345.6)
    counted = server.until(lambda state: loadpoint(state)["vehicleSoc"] >= 41, 60, "what is charged is counted on")
    assert loadpoint(counted)["vehicleSocSource"] == "estimate"
    assert loadpoint(counted)["vehicleSoc"] <= 40 + loadpoint(counted)["sessionEnergy"] / 1000 / 50 * 100
    assert account.calls <= 10
    account.status = 500
    server.kill()
    server = world.serve(config)
    again = server.until(lambda state: loadpoint(state)["vehicleSocSource"] == "estimate", 20, "it is known again")
    assert loadpoint(again)["vehicleName"] == "golf"
    assert loadpoint(again)["vehicleSoc"] >= 40.5
    server.until(lambda state: "vehicle_silent" in codes(loadpoint(state)["reasons"]), 60, "the account is gone")
    assert server.state()["vehicles"]["golf"]["contact"] == "gone"
    before, began_s = account.calls, world.clock.monotonic_s()
    world.passes(180.0)
    assert account.calls - before <= 8 * (1 + (world.clock.monotonic_s() - began_s) / 60)


def test_a_limit_ends_the_charge_by_a_persons_word_until_the_car_leaves(hurrying, account):
    world = hurrying(HOUSE)
    server = world.serve(
        world.config("now", interval="10s") | {"vehicles": [account.vehicle("golf") | {"identifiers": ["*"]}]}
    )
    server.until(lambda state: loadpoint(state)["vehicleSocSource"] is not None, 20, "its SoC")
    server.until(lambda state: loadpoint(state)["charging"], 20, "it charges")
    server.post("/api/vehicles/golf/limitsoc/60")
    server.post("/api/vehicles/golf/soc/70")
    shown = server.state()
    assert (loadpoint(shown)["vehicleSoc"], loadpoint(shown)["vehicleSocSource"]) == (70, "manual")
    server.until(
        lambda state: not loadpoint(state)["charging"] and "soc_limit" in codes(loadpoint(state)["reasons"]), 20
    )
    with world.live.now() as house:
        car = house.boxes[0].car
        house.boxes[0].unplug()
    server.until(lambda state: not loadpoint(state)["connected"] and loadpoint(state)["vehicleName"] == "", 20, "gone")
    with world.live.now() as house:
        house.boxes[0].plug(car)
    back = server.until(lambda state: loadpoint(state)["vehicleSocSource"] in ("car", "estimate"), 20, "its own word")
    assert loadpoint(back)["vehicleSoc"] < 60
    eventually(lambda: world.power_w(0) > 4000, 20, "it charges again")
