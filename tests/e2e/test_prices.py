"""A dynamic price over all wires: cheap charges fast, dear stops, and a host that dies meanwhile changes nothing."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.world import WebMeter, codes

NOON = datetime(2026, 6, 20, 12, 0, tzinfo=UTC)


def loadpoint(state):
    return state["loadpoints"][0]


def quarters(*values):
    span = timedelta(minutes=15)
    return json.dumps(
        [
            {"start": (NOON + n * span).isoformat(), "end": (NOON + (n + 1) * span).isoformat(), "value": value}
            for n, value in enumerate(values)
        ]
    )


def test_what_is_below_the_limit_is_charged_though_program_and_provider_die(hurrying):
    world = hurrying(120.0)
    market = WebMeter(world.live)
    market.body = quarters(0.30, -0.05, -0.05, -0.05, 0.30, 0.30)
    world.sun_w(0.0)
    config = world.config("pv", interval="10s")
    config["tariffs"] = {
        "grid": {"type": "custom", "forecast": {"source": "http", "uri": market.uri}},
        "feedin": {"type": "fixed", "price": 0.08},
    }
    server = world.serve(config)
    server.until(lambda state: state.get("tariffGrid") == 0.3, 20, "the price is known")
    server.post("/api/loadpoints/1/smartcostlimit/0")
    waits = server.until(lambda state: loadpoint(state)["smartCostNextStart"] is not None, 10, "it knows when")
    assert loadpoint(waits)["smartCostNextStart"] == "2026-06-20T12:15:00+00:00"
    assert world.energy_kwh(0) < 0.05
    server.until(
        lambda state: loadpoint(state)["charging"] and "cheap_price" in codes(loadpoint(state)["reasons"]),
        30,
        "it is cheap",
    )
    market.close()
    server.kill()
    server = world.serve(config)
    again = server.until(
        lambda state: loadpoint(state)["smartCostActive"] and loadpoint(state)["charging"], 20, "it goes on"
    )
    assert again["tariffGrid"] == -0.05
    ended = server.until(lambda state: not loadpoint(state)["charging"], 40, "it is dear again")
    assert (ended["tariffGrid"], loadpoint(ended)["smartCostActive"]) == (0.3, False)
    assert 4 < world.energy_kwh(0) < 10
    assert loadpoint(ended)["sessionPricePerKWh"] == pytest.approx(-0.05, abs=0.03)
