from datetime import UTC, datetime

import pytest

from evcc_flask.control.trail import LONGEST, followed
from evcc_flask.domain.decision import Decision, LoadpointDecision, SiteDecision
from evcc_flask.domain.memory import Memory
from evcc_flask.domain.reasons import Code, because

LIMITS = [
    ("smartcostlimit", "smart_cost_limit", "smartCostLimit"),
    ("smartfeedinprioritylimit", "smart_feed_in_limit", "smartFeedInPriorityLimit"),
]
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(("word", "field", "key"), LIMITS)
def test_a_limit_of_one_loadpoint_is_answered_shown_and_kept(client, house, word, field, key):
    assert client.post(f"/api/loadpoints/1/{word}/-0.05").json == {"result": -0.05}
    assert [each[key] for each in house.shown()["loadpoints"]] == [-0.05, None]
    assert getattr(house.after_restart().loadpoints[0], field) == -0.05
    assert client.delete(f"/api/loadpoints/1/{word}").json == {"result": None}
    assert getattr(house.after_restart().loadpoints[0], field) is None


@pytest.mark.parametrize(("word", "field", "key"), LIMITS)
def test_a_limit_for_all_is_that_of_each(client, house, word, field, key):
    assert client.post(f"/api/{word}/0.2").json == {"result": 0.2}
    assert [each[key] for each in house.shown()["loadpoints"]] == [0.2, 0.2]
    assert [getattr(each, field) for each in house.after_restart().loadpoints] == [0.2, 0.2]
    assert client.delete(f"/api/{word}").json == {"result": None}
    assert [getattr(each, field) for each in house.after_restart().loadpoints] == [None, None]


def test_a_limit_for_charging_the_battery_from_the_grid_is_answered_shown_and_kept(client, house):
    assert client.post("/api/batterygridchargelimit/0.1").json == {"result": 0.1}
    assert house.shown()["batteryGridChargeLimit"] == 0.1
    assert house.after_restart().battery_grid_charge_limit == 0.1
    assert client.delete("/api/batterygridchargelimit").json == {"result": None}
    assert house.after_restart().battery_grid_charge_limit is None


@pytest.mark.parametrize("method", ["post", "delete"])
def test_without_a_battery_there_is_no_such_limit(client, house, method):
    house.without_battery()
    answer = getattr(client, method)("/api/batterygridchargelimit" + ("/0.1" if method == "post" else ""))
    assert (answer.status_code, answer.json) == (400, {"error": "battery control not available"})


PATHS = ["loadpoints/1/smartcostlimit", "smartcostlimit", "smartfeedinprioritylimit", "batterygridchargelimit"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("value", "status"), [("1e7", 400), ("1.2.3", 400), ("1e999", 400), ("cheap", 404), ("nan", 404)]
)
def test_a_limit_that_is_none_changes_nothing(client, house, path, value, status):
    before = house.state.settings
    assert client.post(f"/api/{path}/{value}").status_code == status
    assert house.state.settings == before


@pytest.mark.parametrize(
    "path",
    [
        "residualpower/1e6",
        "loadpoints/1/maxcurrent/80.5",
        "loadpoints/1/maxcurrent/1e3",
        "loadpoints/1/enable/threshold/-1e9",
    ],
)
def test_what_no_house_has_is_refused(client, house, path):
    before = house.state.settings
    answer = client.post(f"/api/{path}")
    assert answer.status_code == 400
    assert "too large" in answer.json["error"]
    assert house.state.settings == before


def test_telemetry_is_a_wish_that_is_kept(client, house):
    assert client.get("/api/settings/telemetry").json == {"result": False}
    assert client.post("/api/settings/telemetry/true").json == {"result": True}
    assert client.get("/api/settings/telemetry").json == {"result": True}
    assert house.shown()["telemetry"] is True
    assert house.after_restart().telemetry is True
    assert client.post("/api/settings/telemetry/maybe").status_code == 404
    assert client.post("/api/settings/telemetry/tru").status_code == 400


def test_a_shutdown_is_for_the_owner_only(client):
    answer = client.post("/api/system/shutdown")
    assert (answer.status_code, answer.data) == (401, b"Unauthorized")


def decided(*codes, charging=False):
    shown = LoadpointDecision(charging=charging, reasons=tuple(because(code, missing_w=100) for code in codes))
    return Decision((), Memory(), SiteDecision(), (shown, LoadpointDecision()))


def test_the_reasons_of_the_last_decisions_are_told_newest_first(client, house):
    from dataclasses import replace

    view = house.state.view
    for minute, code in enumerate((Code.WAITS_FOR_SUN, Code.WAITS_FOR_SUN, Code.STARTS_SOON)):
        house.state.show(replace(view, decision=decided(code), decided_at=NOON.replace(minute=minute)))
    first, second = client.get("/api/explain").json["result"]
    assert (first["id"], first["title"], second["id"]) == (1, "Carport", 2)
    assert [entry["count"] for entry in first["decisions"]] == [1, 2]
    assert first["decisions"][1] == {
        "since": "2026-05-04T12:00:00+00:00",
        "until": "2026-05-04T12:01:00+00:00",
        "count": 2,
        "connected": False,
        "charging": False,
        "enabled": False,
        "offeredCurrent": 0,
        "reasons": [{"code": "waits_for_sun", "missing_w": 100}],
    }


def test_nothing_is_told_before_the_first_decision(client):
    assert [each["decisions"] for each in client.get("/api/explain").json["result"]] == [[], []]


def test_old_reasons_are_let_go_and_a_clock_that_is_not_trusted_gives_no_time():
    trail = ()
    for number in range(LONGEST + 50):
        trail = followed(trail, decided(Code.WAITS_FOR_SUN, charging=number % 2 == 0), None)
    assert [len(entries) for entries in trail] == [LONGEST, 1]
    assert trail[0][0].since is None
