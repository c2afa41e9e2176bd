"""Tariffs in a whole server: told in the state and by the API, kept over a restart, never in anybody's way."""

import json
import socket
from datetime import UTC, datetime, timedelta

from evcc_flask.clock import SystemClock
from tests.load import stretched

HOUSE = """
interval: 0.3s
meters:
- {{name: grid, type: custom, power: {{source: const, value: 100}}}}
site: {{meters: {{grid: grid}}}}
loadpoints: []
tariffs:
  currency: CHF
  grid: {{type: custom, forecast: {{source: http, uri: "{uri}/prices"}}, charges: 0.1}}
  feedin: {{type: fixed, price: 0.08}}
"""


def prices():
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hour = timedelta(hours=1)
    return json.dumps(
        [
            {"start": (start + n * hour).isoformat(), "end": (start + (n + 1) * hour).isoformat(), "value": 0.2}
            for n in range(12)
        ]
    )


def test_prices_are_told_and_outlast_a_restart_while_their_host_is_away(serve, device):
    device.answers["/prices"] = prices()
    house = HOUSE.format(uri=device.uri)
    first = serve(house)
    state = first.shown(lambda state: "tariffGrid" in state)
    assert (state["tariffGrid"], state["tariffFeedIn"], state["currency"]) == (0.3, 0.08, "CHF")
    assert state["smartCostType"] == "priceforecast"
    assert len(state["forecast"]["grid"]) >= 44
    assert "tariff grid" in {link["name"] for link in state["links"]}
    told = first.client.get("/api/tariff/grid").json["result"]["rates"]
    assert {rate["value"] for rate in told} == {0.3}
    assert first.client.get("/api/tariff/co2").status_code == 404
    first.server.stop()
    device.answers.clear()
    asked = list(device.asked)
    second = serve(house)
    assert second.client.get("/api/tariff/grid").json["result"]["rates"] == told
    assert second.shown(lambda state: state["cycle"] > 0)["tariffGrid"] == 0.3
    assert device.asked == asked, "nothing is fetched before its time"


def test_a_provider_that_never_answers_delays_neither_the_start_nor_the_end(serve):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began_s = SystemClock().wire_s()
        served = serve(HOUSE.format(uri=f"http://127.0.0.1:{silent.getsockname()[1]}"))
        state = served.shown(lambda state: state["cycle"] > 1)
        assert SystemClock().wire_s() - began_s < stretched(3)
        assert "tariffGrid" not in state
        assert state["tariffFeedIn"] == 0.08
        began_s = SystemClock().wire_s()
        served.server.stop()
        assert SystemClock().wire_s() - began_s < stretched(2)


def test_a_refusal_is_an_issue_with_its_reason(serve, device):
    served = serve(HOUSE.format(uri=device.uri))
    state = served.shown(lambda state: any(issue["class"] == "tariff" for issue in state["issues"]))
    issue = next(issue for issue in state["issues"] if issue["class"] == "tariff")
    assert (issue["device"], issue["fatal"]) == ("grid", False)
    assert "answered 500" in issue["error"]
    assert "fatal" not in state


def test_of_two_tariffs_in_a_row_the_second_is_told_from_where_the_first_ends(serve, device):
    device.answers["/prices"] = prices()
    merged = """
  grid:
    type: template
    template: merged
    primary: {{type: custom, forecast: {{source: http, uri: "{uri}/prices"}}}}
    secondary: {{type: fixed, price: 0.5}}
"""
    plain = HOUSE.index("  grid: {{type: custom")
    house = HOUSE[:plain] + merged.lstrip("\n") + HOUSE[HOUSE.index("  feedin") :]
    served = serve(house.format(uri=device.uri))
    served.shown(lambda state: state.get("tariffGrid") == 0.2)
    told = served.client.get("/api/tariff/grid").json["result"]["rates"]
    assert [rate["value"] for rate in told[44:52]] == [0.2] * 4 + [0.5] * 4


def test_of_a_tariff_in_a_row_that_lacks_its_second_the_key_is_named(serve):
    house = HOUSE.replace("feedin: {{type: fixed, price: 0.08}}", "feedin: {{type: merged, primary: {{type: fixed}}}}")
    served = serve(house.format(uri="http://127.0.0.1:9"))
    issues = served.shown(lambda state: state.get("issues"))["issues"]
    assert any("tariffs.feedin.secondary" in json.dumps(issue) and "missing" in issue["message"] for issue in issues)
