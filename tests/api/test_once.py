import pytest


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("full", {"until": "full", "remainingEnergy": None, "remainingDuration": None}),
        ("unplugged", {"until": "unplugged", "remainingEnergy": None, "remainingDuration": None}),
        ("20kWh", {"until": "20kwh", "remainingEnergy": 20000, "remainingDuration": None}),
        ("2h", {"until": "2h", "remainingEnergy": None, "remainingDuration": 7200}),
        ("90min", {"until": "90min", "remainingEnergy": None, "remainingDuration": 5400}),
    ],
)
def test_fast_for_once_is_answered_shown_and_kept_and_leaves_the_mode_alone(client, house, said, shown):
    mode = house.loadpoint(1).mode
    assert client.post(f"/api/loadpoints/1/fast/{said}").json == {"result": shown}
    assert house.loadpoint(1).mode is mode
    assert house.after_restart().loadpoints[0].fast_once == house.loadpoint(1).fast_once


def test_kilometres_become_energy_as_most_cars_take_it(client):
    left = client.post("/api/loadpoints/1/fast/100km").json["result"]["remainingEnergy"]
    assert left == pytest.approx(18000 / 0.85, rel=1e-3)


def test_it_can_be_ended(client, house):
    client.post("/api/loadpoints/1/fast/full")
    assert client.delete("/api/loadpoints/1/fast").json == {"result": {}}
    assert house.shown()["loadpoints"][0]["fast"] is None
    assert house.after_restart().loadpoints[0].fast_once is None


def test_any_mode_that_a_person_chooses_ends_it(client, house):
    client.post("/api/loadpoints/1/mode/pv")
    client.post("/api/loadpoints/1/fast/full")
    assert house.shown()["loadpoints"][0]["fast"]["until"] == "full"
    client.post("/api/loadpoints/1/mode/pv")
    assert house.shown()["loadpoints"][0]["fast"] is None


@pytest.mark.parametrize("said", ["", "0kwh", "-1kwh", "20", "kwh", "20kwh%0A", "1e3km", "99999h", "soon", "20 kwh"])
def test_nonsense_is_refused_and_changes_nothing(client, house, said):
    client.post("/api/loadpoints/1/fast/full")
    before = house.state.settings
    assert client.post(f"/api/loadpoints/1/fast/{said}").status_code in (400, 404, 405)
    assert house.state.settings == before


def test_a_loadpoint_that_is_not_there_charges_nothing(client):
    assert client.post("/api/loadpoints/9/fast/full").status_code == 404
