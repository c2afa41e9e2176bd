from datetime import UTC, datetime, timedelta

import pytest

LATER = "2026-05-05T06:00:00Z"
PREVIEWS = [
    f"static/preview/soc/80/{LATER}",
    f"static/preview/energy/10/{LATER}",
    f"static/preview/energy/10/{LATER}?precondition=600",
    "repeating/preview/80/1,2/07:30/Europe/Berlin",
    "repeating/preview/80/1,2/07:30/Europe%2FBerlin",
    "repeating/preview/80/1,2/23:59/America/Argentina/Buenos_Aires",
]


def test_an_energy_plan_is_answered_shown_and_kept(client, house):
    answer = client.post(f"/api/loadpoints/1/plan/energy/10.5/{LATER}?precondition=60").json
    assert answer == {"result": {"energy": 10.5, "time": "2026-05-05T06:00:00+00:00", "precondition": 60}}
    shown = house.shown()["loadpoints"][0]
    assert (shown["planEnergy"], shown["planTime"]) == (10.5, "2026-05-05T06:00:00+00:00")
    assert (shown["planPrecondition"], shown["effectivePlanId"]) == (60, 1)
    assert house.after_restart().loadpoints[0].energy_plan == house.loadpoint(1).energy_plan
    assert client.get("/api/loadpoints/1/plan").json["result"]["planId"] == 1


@pytest.mark.parametrize(
    ("method", "path"), [("delete", ""), ("post", f"/0/{LATER}"), ("post", "/0/2020-01-01T00:00:00Z")]
)
def test_it_can_be_removed(client, house, method, path):
    client.post(f"/api/loadpoints/1/plan/energy/10/{LATER}")
    assert getattr(client, method)(f"/api/loadpoints/1/plan/energy{path}").status_code == 200
    shown = house.shown()["loadpoints"][0]
    assert (shown["planEnergy"], shown["planTime"], shown["effectivePlanId"]) == (0, None, 0)
    assert house.after_restart().loadpoints[0].energy_plan is None


@pytest.mark.parametrize(
    "path",
    [
        "10/2026-05-04T12:00:00Z",
        "10/yesterday",
        f"-1/{LATER}",
        f"1e12/{LATER}",
        f"1e999/{LATER}",
        f"10/{LATER}?precondition=-1",
        "10/9999-12-31T23:59:60Z",
    ],
)
def test_a_refused_energy_plan_changes_nothing(client, house, path):
    client.post(f"/api/loadpoints/1/plan/energy/5/{LATER}")
    before = house.state.settings
    answer = client.post(f"/api/loadpoints/1/plan/energy/{path}")
    assert (answer.status_code, list(answer.json)) == (400, ["error"])
    assert house.state.settings == before


def test_without_a_plan_the_time_is_none(client):
    answer = client.get("/api/loadpoints/1/plan").json
    assert answer == {"result": {"planTime": "0001-01-01T00:00:00Z", "duration": 0, "precondition": 0, "plan": None}}


@pytest.mark.parametrize("path", PREVIEWS)
def test_nothing_is_invented_as_long_as_no_plans_are_computed(client, house, path):
    before = house.state.settings
    answer = client.get(f"/api/loadpoints/1/plan/{path}")
    assert answer.status_code == 400
    assert "no preview" in answer.json["error"]
    assert house.state.settings == before


@pytest.mark.parametrize(
    "path",
    [
        "repeating/preview/80/1,1/07:30/Europe/Berlin",
        "repeating/preview/80/7/07:30/Europe/Berlin",
        "repeating/preview/80/11/07:30/Europe/Berlin",
        "repeating/preview/80/1/24:00/Europe/Berlin",
        "repeating/preview/80/1/12:60/Europe/Berlin",
        "repeating/preview/80/1/07:30/Europe/Nowhere",
        "repeating/preview/80/1/07:30/%2E%2E/etc/passwd",
        "repeating/preview/101/1/07:30/Europe/Berlin",
        "static/preview/soc/80/soon",
        f"static/preview/soc/101/{LATER}",
        f"static/preview/energy/-1/{LATER}",
    ],
)
def test_a_preview_of_nonsense_says_so(client, path):
    answer = client.get(f"/api/loadpoints/1/plan/{path}")
    assert answer.status_code == 400
    assert "no preview" not in answer.json["error"]


@pytest.mark.parametrize(
    "path",
    [
        "repeating/preview/80//07:30/Europe/Berlin",
        "repeating/preview/80/,/07:30/Europe/Berlin",
        "repeating/preview/80/1/noon/Europe/Berlin",
        "repeating/preview/80/1/07:30/Europe/Berlin%0A",
        "repeating/preview/80/1/07:30/",
        f"static/preview/energy/many/{LATER}",
    ],
)
def test_a_malformed_preview_is_no_path(client, path):
    assert client.get(f"/api/loadpoints/1/plan/{path}").status_code == 404


@pytest.mark.parametrize("path", ["plan", f"plan/static/preview/soc/80/{LATER}"])
def test_a_loadpoint_that_is_not_there_has_no_plan(client, path):
    assert client.get(f"/api/loadpoints/9/{path}").status_code == 404


@pytest.mark.parametrize("usage", ["grid", "feedin", "co2", "planner", "solar", "weather"])
def test_a_tariff_that_is_not_configured_is_not_found(client, usage):
    answer = client.get(f"/api/tariff/{usage}")
    assert (answer.status_code, answer.json) == (404, {"error": "tariff not available"})


def test_rates_are_answered_as_they_are(house):
    from evcc_flask.api.context import KEY
    from evcc_flask.domain.rates import Rate

    app = house.app()
    start = datetime(2026, 5, 4, 12, tzinfo=UTC)
    rate = Rate(start, start + timedelta(minutes=15), -0.05)
    object.__setattr__(app.extensions[KEY], "rates", lambda usage: [rate] if usage == "grid" else None)
    answer = app.test_client().get("/api/tariff/grid").json["result"]
    assert answer == {
        "rates": [{"start": "2026-05-04T12:00:00+00:00", "end": "2026-05-04T12:15:00+00:00", "value": -0.05}]
    }
    assert app.test_client().get("/api/tariff/solar").status_code == 404
