"""What stands in evcc-flask.yaml takes effect, from the file to the wire and to the web."""

import pytest

HOUSE = """
interval: 0.3s
meters:
- {{name: grid, type: custom, power: {{source: const, value: -9000}}}}
chargers:
- name: Box
  type: custom
  status: {{source: http, uri: "{uri}/status"}}
  enabled: {{source: http, uri: "{uri}/enabled"}}
  enable: {{source: http, uri: "{uri}/write/enable?${{enable}}"}}
  maxcurrent: {{source: http, uri: "{uri}/write/current?${{maxcurrent}}"}}
  power: {{source: http, uri: "{uri}/power"}}
  currents:
  - {{source: http, uri: "{uri}/one"}}
  - {{source: http, uri: "{uri}/zero"}}
  - {{source: http, uri: "{uri}/zero"}}
site: {{meters: {{grid: grid}}}}
loadpoints: [{{charger: Box, mode: now, circuit: main}}]
circuits: [{{name: main, maxCurrent: 63}}]
"""


@pytest.fixture
def house(device):
    device.answers |= {"/status": "C", "/enabled": "true", "/power": "2300", "/one": "10", "/zero": "0"}
    device.answers |= {"/write/enable": "ok", "/write/current": "ok"}
    return HOUSE.format(uri=device.uri)


def written(device):
    return [path for path in device.asked if path.startswith("/write")]


def decided(served, cycles=3):
    return served.shown(lambda state: state["cycle"] >= cycles)


def loaded_phases(state):
    return [current >= 10 for current in state["circuits"]["main"]["currents"]]


def test_without_it_the_box_is_told_and_phases_are_in_order(serve, house, device):
    state = decided(serve(house))
    assert written(device)
    assert state["observe"] is False
    assert state["grid"]["power"] == -9000
    assert loaded_phases(state) == [True, False, False]


def test_observe_writes_nothing_and_explains_all_the_same(serve, house, device):
    state = decided(serve(house, "observe: true"))
    assert written(device) == []
    assert state["observe"] is True
    assert state["loadpoints"][0]["reasons"]


def test_invert_turns_a_meter_round(serve, house):
    state = decided(serve(house, "devices: {grid: {invert: true}}"))
    assert state["grid"]["power"] == 9000


def test_the_phase_order_says_which_fuse_carries_the_car(serve, house):
    state = decided(serve(house, "devices: {box: {phaseOrder: L2 L3 L1}}"))
    assert loaded_phases(state) == [False, True, False]


def test_currents_of_a_phase_count_bound_what_is_offered(serve, house, device):
    device.answers |= {"/zero": "10", "/power": "6900"}
    state = decided(serve(house, "devices: {box: {currents: {1p: {max: 20}, 3p: {min: 8, max: 13}}}}"))
    loadpoint = state["loadpoints"][0]
    assert (loadpoint["effectiveMinCurrent"], loadpoint["effectiveMaxCurrent"]) == (8, 13)
    assert "/write/current?13" in written(device)


def test_currents_of_one_phase_count_for_a_car_on_one(serve, house, device):
    device.answers["/one"] = "20"
    state = decided(serve(house, "devices: {box: {currents: {1p: {max: 12}, 3p: {max: 13}}}}"))
    assert state["loadpoints"][0]["effectiveMaxCurrent"] == 12


@pytest.mark.parametrize(
    ("envelope", "keys"), [("wrapped", {"result"}), ("bare", {"siteTitle"}), ("both", {"result", "siteTitle"})]
)
def test_the_envelope_is_the_one_that_was_chosen(serve, house, envelope, keys):
    client = serve(house, f"api: {{envelope: {envelope}}}", control=False).client
    assert keys <= set(client.get("/api/state").json)
    assert ("result" in client.get("/api/state").json) == (envelope != "bare")
    number = client.post("/api/residualpower/5").json
    assert number == (5 if envelope == "bare" else {"result": 5})
