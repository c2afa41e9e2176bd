from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evcc_flask.domain.decide import decide
from evcc_flask.domain.memory import Memory
from evcc_flask.domain.moment import Moment
from evcc_flask.domain.rates import Outlook, Rate, Tariff, TariffKind, Usage
from evcc_flask.domain.readings import VehicleReading
from evcc_flask.domain.words import Status

LATER = "2026-05-05T06:00:00Z"


def night(*values, kind=TariffKind.FORECAST):
    """Prices of the hours from the house's noon on."""
    noon = datetime(2026, 5, 4, 12, tzinfo=UTC)
    rates = (Rate(noon + timedelta(hours=h), noon + timedelta(hours=h + 1), value) for h, value in enumerate(values))
    return Outlook(tariffs={Usage.PLANNER: Tariff(kind, tuple(rates))})


@pytest.fixture
def golf(house):
    """At the first loadpoint stands a car of 36 kWh, half full; it is cheap at ten in the evening and at midnight."""
    house.state.assign_vehicle(0, "golf")
    golf = VehicleReading("golf", soc_percent=50.0, capacity_kwh=36.0, at_s=999.0)
    first, second = house.state.view.snapshot.loadpoints
    snapshot = replace(
        house.state.view.snapshot,
        loadpoints=(replace(first, charger=replace(first.charger, status=Status.B, at_s=999.0), vehicle=golf), second),
        outlook=night(*[0.3] * 10, 0.1, 0.3, 0.2, *[0.3] * 10),
    )
    wall, settings = house.clock.now(), house.state.settings
    came = decide(snapshot, settings, Memory(900.0), Moment(990.0, wall))
    known = decide(snapshot, settings, came.memory, Moment(1000.0, wall))
    house.state.show(replace(house.state.view, snapshot=snapshot, decision=known, decided_at=wall))
    return golf


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


def preview(client, path):
    answer = client.get(f"/api/loadpoints/1/plan/{path}")
    assert answer.status_code == 200, answer.json
    return answer.json["result"]


def hours(answer):
    return [(slot["start"][11:16], slot["end"][11:16], slot["value"]) for slot in answer["plan"]]


def test_a_preview_by_soc_tells_hours_duration_and_power_and_keeps_nothing(client, house, golf):
    before = house.state.settings
    answer = preview(client, f"static/preview/soc/76.9/{LATER}")
    assert (answer["planTime"], answer["precondition"]) == ("2026-05-05T06:00:00+00:00", 0)
    assert answer["power"] == 11040
    assert answer["duration"] == round(0.26 * 36 / 0.85 / 11.04 * 3600)
    assert hours(answer) == [("22:00", "22:59", 0.1)]
    assert house.state.settings == before


def test_a_preview_with_preconditioning_reserves_the_end(client, golf):
    answer = preview(client, f"static/preview/soc/77/{LATER}?precondition=1800")
    assert answer["precondition"] == 1800
    assert [(start, end) for start, end, _ in hours(answer)] == [("22:00", "22:32"), ("05:30", "06:00")]


def test_a_preview_of_a_repeating_plan_is_that_of_its_next_day(client, golf):
    answer = preview(client, "repeating/preview/76/1,2/07:30/Europe%2FBerlin")
    assert answer["planTime"] == "2026-05-05T07:30:00+02:00"
    assert hours(answer) == [("22:00", "22:59", 0.1)]


def test_a_preview_in_one_piece_takes_the_cheapest_run(client, golf):
    assert hours(preview(client, f"static/preview/soc/90/{LATER}?continuous=true")) == [
        ("22:00", "23:00", 0.1),
        ("23:00", "23:32", 0.3),
    ]


def test_that_a_plan_is_to_be_in_one_piece_is_kept_and_shown(client, house, golf):
    client.post(f"/api/vehicles/golf/plan/soc/90/{LATER}?continuous=true")
    assert house.after_restart().vehicles["golf"].plan.continuous
    shown = house.shown()
    assert shown["loadpoints"][0]["planStrategy"] == {"continuous": True, "precondition": 0}
    assert shown["vehicles"]["golf"]["plan"]["continuous"] is True
    assert len(hours(client.get("/api/loadpoints/1/plan").json["result"])) == 2


def test_a_preview_beyond_the_last_price_has_no_hours_yet(client, golf):
    assert preview(client, "static/preview/soc/77/2026-05-06T06:00:00Z")["plan"] is None


def test_a_preview_of_what_is_reached_has_no_hours(client, golf):
    answer = preview(client, f"static/preview/soc/50/{LATER}")
    assert (answer["plan"], answer["duration"]) == (None, 0)


def test_a_preview_at_a_constant_price_is_as_late_as_possible(client, house, golf):
    snapshot = replace(house.state.view.snapshot, outlook=night(0.3, kind=TariffKind.STATIC))
    house.state.show(replace(house.state.view, snapshot=snapshot))
    assert hours(preview(client, f"static/preview/soc/77/{LATER}")) == [("04:57", "06:00", 0.3)]


def test_a_preview_by_energy_is_for_who_does_not_tell_a_soc(client, house):
    answer = preview(client, f"static/preview/energy/22.08/{LATER}")
    assert (answer["duration"], hours(answer)) == (7200, [("04:00", "06:00", 0)])


@pytest.mark.parametrize(
    ("car", "path"),
    [
        (True, f"static/preview/energy/10/{LATER}"),
        (True, "static/preview/soc/80/2026-05-04T11:59:59Z"),
        (False, f"static/preview/soc/80/{LATER}"),
        (False, "static/preview/energy/10/2026-05-04T12:00:00Z"),
        (False, "repeating/preview/80/1,2/07:30/Europe%2FBerlin"),
        (False, "repeating/preview/80/1,2/23:59/America/Argentina/Buenos_Aires"),
    ],
)
def test_a_preview_of_the_wrong_kind_or_of_the_past_is_refused(client, house, request, car, path):
    if car:
        request.getfixturevalue("golf")
    answer = client.get(f"/api/loadpoints/1/plan/{path}")
    assert (answer.status_code, list(answer.json)) == (400, ["error"])


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-12:00", "9999-12-31T00:00:00Z"])
def test_a_time_at_the_end_of_all_calendars_breaks_nothing(client, golf, time):
    assert client.get(f"/api/loadpoints/1/plan/static/preview/soc/80/{time}").status_code in (200, 400)
    assert client.post(f"/api/vehicles/golf/plan/soc/80/{time}").status_code in (200, 400)
    assert client.get("/api/loadpoints/1/plan").status_code == 200


def test_the_plan_that_must_begin_first_is_shown_with_its_hours(client, house, golf):
    client.post(f"/api/vehicles/golf/plan/soc/60/{LATER}")
    every_day = {"weekdays": [0, 1, 2, 3, 4, 5, 6], "time": "06:00", "tz": "UTC", "soc": 90, "active": True}
    client.post("/api/vehicles/golf/plan/repeating", json=[every_day])
    answer = client.get("/api/loadpoints/1/plan").json["result"]
    assert (answer["planId"], answer["planTime"]) == (2, "2026-05-05T06:00:00+00:00")
    assert ("22:00", "23:00", 0.1) in hours(answer)
    shown = house.shown()["loadpoints"][0]
    assert (shown["effectivePlanId"], shown["effectivePlanSoc"]) == (2, 90)
    assert (shown["planProjectedStart"], shown["planOverrun"], shown["planActive"]) == (None, 0, False)
    assert shown["planStrategy"] == {"continuous": False, "precondition": 0}


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
    assert (answer.status_code, list(answer.json)) == (400, ["error"])


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


def test_rates_are_answered_as_they_are(client, house):
    snapshot = replace(house.state.view.snapshot, outlook=night(-0.05))
    house.state.show(replace(house.state.view, snapshot=snapshot))
    assert client.get("/api/tariff/planner").json["result"] == {
        "rates": [{"start": "2026-05-04T12:00:00+00:00", "end": "2026-05-04T13:00:00+00:00", "value": -0.05}]
    }
    assert client.get("/api/tariff/solar").status_code == 404
