"""A circuit's own limits, read like a device, count instead of the static ones."""

import pytest

HOUSE = """
interval: 0.3s
meters:
- {{name: grid, type: custom, power: {{source: const, value: 100}}}}
chargers:
- name: box
  type: custom
  status: {{source: const, value: C}}
  enabled: {{source: const, value: true}}
  enable: {{source: const, value: 0, set: {{source: sleep, duration: 0s}}}}
  maxcurrent: {{source: const, value: 0, set: {{source: sleep, duration: 0s}}}}
site: {{meters: {{grid: grid}}}}
loadpoints: [{{charger: box, circuit: main, mode: now}}]
circuits:
- name: main
  {static}
  getMaxCurrent: {{source: http, uri: "{uri}/limit"}}
"""


def circuit(state):
    return state["circuits"]["main"]


def reasons(state):
    return [reason["code"] for reason in state["loadpoints"][0]["reasons"]]


def test_what_the_source_says_counts_instead_of_the_static_limit(serve, device):
    device.answers["/limit"] = "9"
    served = serve(HOUSE.format(static="maxCurrent: 20", uri=device.uri))
    state = served.shown(lambda state: state["cycle"] and circuit(state).get("maxCurrent") == 9)
    assert state["loadpoints"][0]["offeredCurrent"] <= 9
    device.answers["/limit"] = "12"
    served.shown(lambda state: circuit(state)["maxCurrent"] == 12)


@pytest.mark.parametrize("answer", [None, "nonsense", "0", "-5", "1e308"])
def test_where_it_says_nothing_that_makes_sense_the_static_limit_stands(serve, device, answer):
    if answer is not None:
        device.answers["/limit"] = answer
    served = serve(HOUSE.format(static="maxCurrent: 7", uri=device.uri))
    state = served.shown(lambda state: state["cycle"] >= 2)
    assert circuit(state)["maxCurrent"] == 7
    assert state["loadpoints"][0]["offeredCurrent"] <= 7


def test_without_a_static_limit_nothing_is_offered_until_the_source_was_read(serve, device):
    served = serve(HOUSE.format(static="title: Main", uri=device.uri))
    state = served.shown(lambda state: state["cycle"] and "circuit_limit_missing" in reasons(state))
    assert state["loadpoints"][0]["offeredCurrent"] == 0
    device.answers["/limit"] = "10"
    served.shown(lambda state: circuit(state).get("maxCurrent") == 10 and state["loadpoints"][0]["offeredCurrent"])


def test_a_mistake_in_the_source_is_an_issue_and_its_loadpoints_stand_still(serve, device):
    house = HOUSE.format(static="maxCurrent: 20", uri=device.uri).replace("source: http, uri", "source: http, url")
    state = serve(house).shown(lambda state: state["cycle"])
    assert any("getMaxCurrent" in issue["error"] and issue["class"] == "circuit" for issue in state["issues"])
    assert state["loadpoints"][0]["offeredCurrent"] == 0


@pytest.mark.parametrize(
    ("limit", "tells", "wrong"),
    [
        ("maxCurrent: 20", "", True),
        ("getMaxCurrent: {source: const, value: 20}", "", True),
        ("maxPower: 20000", "", False),
        (
            "maxCurrent: 20",
            ", currents: [{source: const, value: 1}, {source: const, value: 1}, {source: const, value: 1}]",
            False,
        ),
        (
            "maxCurrent: 20",
            ", powers: [{source: const, value: 1}, {source: const, value: 1}, {source: const, value: 1}]",
            False,
        ),
    ],
)
def test_a_limit_in_ampere_needs_a_meter_that_tells_the_phases(serve, limit, tells, wrong):
    house = HOUSE.format(static=limit, uri="").replace("value: 100}", "value: 100}" + tells)
    house = "\n".join(line for line in house.splitlines() if "http" not in line) + "\n  meter: grid\n"
    state = serve(house).shown(lambda state: state["cycle"] > 2)
    issues = [issue for issue in state["issues"] if issue["class"] == "circuit"]
    assert [(issue["device"], issue["line"]) for issue in issues] == ([("main", 16)] if wrong else [])
    assert (reasons(state)[0] == "circuit_meter_missing") == wrong
    assert bool(state["loadpoints"][0]["offeredCurrent"]) != wrong
