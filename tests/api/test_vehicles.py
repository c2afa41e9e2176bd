import json
from datetime import UTC, datetime

import pytest

LATER = "2026-05-05T06:00:00Z"
PAST = "2026-05-04T11:59:59Z"
MORNING = {"weekdays": [1, 2], "time": "07:30", "tz": "Europe/Berlin", "soc": 80, "precondition": 0, "active": True}


def car(house, name="golf"):
    return house.shown()["vehicles"][name]


def test_the_cars_of_the_house_are_shown_by_their_names(house):
    assert house.shown()["vehicles"] == {
        "golf": {"title": "blauer e-Golf", "capacity": 36, "repeatingPlans": None},
        "bike": {"title": "bike", "features": ["Offline"], "repeatingPlans": None},
    }


@pytest.mark.parametrize(("word", "field"), [("minsoc", "min_soc_percent"), ("limitsoc", "limit_soc_percent")])
def test_a_cars_limits_are_answered_shown_and_kept(client, house, word, field):
    assert client.post(f"/api/vehicles/golf/{word}/79.6").json == {"result": {"soc": 80}}
    assert car(house)[{"minsoc": "minSoc", "limitsoc": "limitSoc"}[word]] == 80
    assert getattr(house.after_restart().vehicles["golf"], field) == 80
    assert client.post(f"/api/vehicles/golf/{word}/0").json == {"result": {"soc": 0}}
    assert getattr(house.after_restart().vehicles["golf"], field) == 0


def test_a_plan_for_a_day_is_answered_shown_and_kept(client, house):
    answer = client.post(f"/api/vehicles/golf/plan/soc/80/{LATER}?precondition=1800").json["result"]
    assert answer == {"soc": 80, "time": "2026-05-05T06:00:00+00:00", "precondition": 1800}
    assert car(house)["plan"] == answer
    kept = house.after_restart().vehicles["golf"].plan
    assert (kept.soc_percent, kept.time, kept.precondition_s) == (80, datetime(2026, 5, 5, 6, tzinfo=UTC), 1800)
    assert client.delete("/api/vehicles/golf/plan/soc").json == {"result": {}}
    assert "plan" not in car(house)
    assert house.after_restart().vehicles["golf"].plan is None


def test_a_plan_to_nothing_removes_the_plan(client, house):
    client.post(f"/api/vehicles/golf/plan/soc/80/{LATER}")
    assert client.post(f"/api/vehicles/golf/plan/soc/0/{LATER}").status_code == 200
    assert "plan" not in car(house)


@pytest.mark.parametrize("bare", [False, True])
def test_repeating_plans_are_answered_in_the_form_in_which_they_came(client, house, bare):
    body = [MORNING] if bare else {"plans": [MORNING]}
    assert client.post("/api/vehicles/golf/plan/repeating", json=body).json == {"result": body}
    assert car(house)["repeatingPlans"] == [MORNING]
    assert house.after_restart().vehicles == house.state.settings.vehicles


def test_no_repeating_plans_are_none(client, house):
    client.post("/api/vehicles/golf/plan/repeating", json=[MORNING])
    assert client.post("/api/vehicles/golf/plan/repeating", json={}).json == {"result": {"plans": []}}
    assert car(house)["repeatingPlans"] is None


def test_a_body_needs_no_type(client):
    answer = client.post("/api/vehicles/golf/plan/repeating", data=json.dumps([MORNING]))
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"weekdays": [7]},
        {"weekdays": []},
        {"tz": "posixrules"},
        {"weekdays": [1, 1]},
        {"weekdays": "1"},
        {"time": "24:00"},
        {"time": "7:30"},
        {"time": "07:30\n"},
        {"tz": "Europe/Nowhere"},
        {"tz": "../../etc/passwd"},
        {"tz": ""},
        {"tz": "Europe"},
        {"tz": "a\x00b"},
        {"soc": 101},
        {"soc": "80"},
        {"soc": True},
        {"precondition": -1},
        {"precondition": 1.5},
        {"precondition": 10**10},
        {"active": "yes"},
        {"active": 1},
    ],
)
def test_a_repeating_plan_that_makes_no_sense_changes_nothing(client, house, wrong):
    client.post("/api/vehicles/golf/plan/repeating", json=[MORNING])
    answer = client.post("/api/vehicles/golf/plan/repeating", json=[MORNING | wrong])
    assert answer.status_code == 400
    assert answer.json["error"].startswith(f"plans.0.{next(iter(wrong))}")
    assert car(house)["repeatingPlans"] == [MORNING]


@pytest.mark.parametrize("name", sorted(MORNING.keys() - {"precondition", "active"}))
def test_a_repeating_plan_lacks_nothing_that_matters(client, name):
    plan = {key: value for key, value in MORNING.items() if key != name}
    assert client.post("/api/vehicles/golf/plan/repeating", json=[plan]).status_code == 400


@pytest.mark.parametrize(
    "body", [b"", b"no json", b"1", b'"plans"', b"null", b'{"plans": {}}', b"[" * 100_000, b"[NaN]"]
)
def test_what_is_no_list_of_plans_is_refused(client, body):
    answer = client.post("/api/vehicles/golf/plan/repeating", data=body)
    assert answer.status_code == 400
    assert answer.json["error"]


def test_more_plans_than_anybody_needs_are_refused(client):
    assert client.post("/api/vehicles/golf/plan/repeating", json=[MORNING] * 101).status_code == 400


REFUSED = [
    "golf/minsoc/101",
    "golf/limitsoc/-1",
    "golf/plan/soc/101/" + LATER,
    "golf/plan/soc/80/" + PAST,
    "golf/plan/soc/80/tomorrow",
    "golf/plan/soc/80/2026-05-05",
    "golf/plan/soc/80/2026-05-05T06:00:00",
    "golf/plan/soc/80/2026-13-05T06:00:00Z",
    f"golf/plan/soc/80/{LATER}?precondition=-1",
    f"golf/plan/soc/80/{LATER}?precondition=x",
    f"golf/plan/soc/80/{LATER}?precondition=1e30",
]


@pytest.mark.parametrize("path", REFUSED)
def test_a_refused_wish_for_a_car_changes_nothing(client, house, path):
    before = house.state.settings
    answer = client.post(f"/api/vehicles/{path}")
    assert (answer.status_code, list(answer.json)) == (400, ["error"])
    assert house.state.settings == before


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "vehicles/polo/minsoc/20"),
        ("post", "vehicles/polo/limitsoc/20"),
        ("post", "vehicles/polo/plan/soc/80/" + LATER),
        ("delete", "vehicles/polo/plan/soc"),
        ("post", "loadpoints/1/vehicle/polo"),
    ],
)
def test_a_car_that_nobody_knows_is_named(client, house, method, path):
    before = house.state.settings
    answer = getattr(client, method)(f"/api/{path}")
    assert (answer.status_code, answer.json) == (404, {"error": "not found: polo"})
    assert house.state.settings == before


def test_a_car_that_nobody_knows_has_no_repeating_plans(client):
    answer = client.post("/api/vehicles/polo/plan/repeating", json=[MORNING])
    assert (answer.status_code, answer.json) == (404, {"error": "not found: polo"})


def test_a_car_stands_at_one_loadpoint_only(client, house):
    assert client.post("/api/loadpoints/1/vehicle/golf").json == {"result": {"vehicle": "blauer e-Golf"}}
    assert house.shown()["loadpoints"][0]["vehicleName"] == "golf"
    assert house.shown()["loadpoints"][0]["vehicleTitle"] == "blauer e-Golf"
    assert house.after_restart().loadpoints[0].vehicle == "golf"
    client.post("/api/loadpoints/2/vehicle/golf")
    assert [each.vehicle for each in house.after_restart().loadpoints] == [None, "golf"]
    assert [each["vehicleName"] for each in house.shown()["loadpoints"]] == ["", "golf"]


@pytest.mark.parametrize("method", ["delete", "patch"])
def test_a_guest_stands_there(client, house, method):
    client.post("/api/loadpoints/1/vehicle/golf")
    assert getattr(client, method)("/api/loadpoints/1/vehicle").json == {"result": {}}
    assert house.shown()["loadpoints"][0]["vehicleName"] == ""
    assert house.after_restart().loadpoints[0].vehicle is None


@pytest.mark.parametrize("method", ["delete", "patch"])
def test_a_loadpoint_that_is_not_there_has_no_car(client, method):
    assert getattr(client, method)("/api/loadpoints/3/vehicle").status_code == 404


def test_the_next_plan_of_the_car_that_stands_there_counts(client, house):
    client.post("/api/loadpoints/1/vehicle/golf")
    client.post(f"/api/vehicles/golf/plan/soc/80/{LATER}?precondition=900")
    shown = house.shown()["loadpoints"][0]
    assert (shown["effectivePlanId"], shown["effectivePlanSoc"]) == (1, 80)
    assert datetime.fromisoformat(shown["effectivePlanTime"]) == datetime(2026, 5, 5, 6, tzinfo=UTC)
    answer = client.get("/api/loadpoints/1/plan").json["result"]
    told = {"planId": 1, "planTime": "2026-05-05T06:00:00+00:00", "precondition": 900, "plan": None}
    assert answer == {**told, "duration": 0, "power": 0}
    # 4 May 2026 is a Monday; at noon UTC its morning is over, the next one is Tuesday's.
    client.post("/api/vehicles/golf/plan/repeating", json=[MORNING | {"active": False}, MORNING])
    answer = client.get("/api/loadpoints/1/plan").json["result"]
    assert (answer["planId"], answer["planTime"]) == (3, "2026-05-05T07:30:00+02:00")
