"""What is wrong at one device stays at that device."""

import pytest

from evcc_flask import construction

HOUSE = """
interval: 1s
meters:
- {name: grid, type: custom, power: {source: const, value: 100}}
- {name: roof, type: custom, power: {source: const, value: 200}}
chargers:
- name: box
  type: custom
  status: {source: const, value: A}
  enabled: {source: const, value: false}
  enable: {source: error, error: ErrNotAvailable}
  maxcurrent: {source: error, error: ErrNotAvailable}
site: {meters: {grid: grid, pv: roof}}
loadpoints: [{charger: box}]
"""


@pytest.mark.parametrize(
    "fault", [ZeroDivisionError("division by zero"), ExceptionGroup("many", [ZeroDivisionError("division by zero")])]
)
def test_a_fault_of_a_driver_is_an_issue_and_the_house_runs(serve, monkeypatch, fault):
    build = construction.build_meter

    def faulty(name, *arguments, **named):
        if name == "roof":
            raise fault
        return build(name, *arguments, **named)

    monkeypatch.setattr(construction, "build_meter", faulty)
    served = serve(HOUSE)
    state = served.shown(lambda state: state["cycle"])
    (issue,) = [issue for issue in state["issues"] if issue["fatal"]]
    assert (issue["class"], issue["device"], issue["line"]) == ("meter", "roof", 5)
    assert "division by zero" in issue["error"]
    assert "fault of this program" in issue["error"]
    assert state["grid"]["power"] == 100
    assert "division by zero" in state["pv"][0]["error"]
    assert served.client.get("/api/state").status_code == 200
