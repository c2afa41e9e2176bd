"""The requests of ioBroker's adapter evcc 0.2.8, in its order: bodies that mean nothing, values as it spells them."""

import json

import pytest

STRAY = json.dumps({"timeout": 9500})
"""The adapter hands its settings to the place of the body."""


def stray(reader, path):
    return reader.ask("POST", path, STRAY, Content_Type="application/json", Accept="application/json, text/plain, */*")


@pytest.mark.parametrize(
    ("path", "answer", "key", "value"),
    [
        ("loadpoints/1/mode/minpv", "minpv", "mode", "minpv"),
        ("loadpoints/1/mincurrent/8", 8, "minCurrent", 8),
        ("loadpoints/1/maxcurrent/14", 14, "maxCurrent", 14),
        ("loadpoints/1/phases/1", 1, "phasesConfigured", 1),
        ("loadpoints/1/disable/threshold/-200", -200, "disableThreshold", -200),
        ("loadpoints/1/enable/threshold/-1400", -1400, "enableThreshold", -1400),
        ("loadpoints/1/limitsoc/80", 80, "limitSoc", 80),
        ("loadpoints/1/vehicle/golf", {"vehicle": "blauer e-Golf"}, "vehicleName", "golf"),
    ],
)
def test_a_button_of_a_loadpoint(reader, path, answer, key, value):
    said = stray(reader, f"/api/{path}")
    assert (said.status, json.loads(said.text)) == (200, {"result": answer})
    assert reader.state()["loadpoints"][0][key] == value


@pytest.mark.parametrize(
    ("paths", "key", "value"),
    [
        (["buffersoc/80"], "bufferSoc", 80),
        (["buffersoc/80", "bufferstartsoc/90"], "bufferStartSoc", 90),
        (["prioritysoc/40"], "prioritySoc", 40),
        (["batterygridchargelimit/0.1"], "batteryGridChargeLimit", 0.1),
    ],
)
def test_a_button_of_the_house(reader, paths, key, value):
    assert [stray(reader, f"/api/{path}").status for path in paths] == [200] * len(paths)
    assert reader.state()[key] == value


def test_the_buttons_of_a_car(reader):
    for path in ("minsoc/20", "limitsoc/90", "plan/soc/100/2026-05-05T12:00:00.542Z"):
        assert stray(reader, f"/api/vehicles/golf/{path}").status == 200
    car = reader.state()["vehicles"]["golf"]
    assert (car["minSoc"], car["limitSoc"], car["plan"]["soc"]) == (20, 90, 100)
    assert reader.ask("DELETE", "/api/vehicles/golf/plan/soc").status == 200
    assert reader.ask("DELETE", "/api/loadpoints/1/vehicle").status == 200
    assert "plan" not in reader.state()["vehicles"]["golf"]


def test_what_it_removes_by_zero_is_refused_as_by_evcc_and_changes_nothing(reader):
    """It leaves the value out and posts."""
    stray(reader, "/api/loadpoints/1/smartcostlimit/0.2")
    for path in ("loadpoints/1/smartcostlimit", "smartcostlimit", "batterygridchargelimit"):
        assert stray(reader, f"/api/{path}").status in (404, 405)
    assert reader.state()["loadpoints"][0]["smartCostLimit"] == 0.2


def test_its_poll_finds_what_it_makes_objects_of(reader):
    state = reader.state()
    assert {"siteTitle", "vehicles", "loadpoints", "prioritySoc", "bufferSoc"} <= state.keys()
    assert {"mode", "minCurrent", "maxCurrent", "phasesConfigured", "limitSoc", "chargePower"} <= set(
        state["loadpoints"][0]
    )
