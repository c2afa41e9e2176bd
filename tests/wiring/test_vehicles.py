"""Cars of a configuration stand where it says, and go with their limits into what is decided."""

HOUSE = """
interval: 1s
site: {title: Home, meters: {grid: grid}}
meters:
  - {name: grid, type: custom, power: {source: const, value: -5000}}
chargers:
  - name: box
    type: custom
    status: {source: const, value: B}
    enabled: {source: const, value: "true"}
    enable: {source: js, script: ""}
    maxcurrent: {source: js, script: ""}
vehicles:
  - {name: golf, title: blauer e-Golf, capacity: 36, phases: 1, onIdentify: {maxCurrent: 10}, features: [coarsecurrent]}
  - {name: zoe, type: template, template: renault, title: Zoe, capacity: a lot, icon: car}
loadpoints:
  - {title: Carport, charger: box, mode: pv, vehicle: golf}
"""


def test_a_car_is_shown_as_its_file_says_and_what_makes_no_sense_is_left_out(serve):
    cars = serve(HOUSE, control=False).shown()["vehicles"]
    golf = {"title": "blauer e-Golf", "capacity": 36, "phases": 1, "maxCurrent": 10, "repeatingPlans": None}
    assert cars["golf"] == golf | {"features": ["CoarseCurrent", "Offline"]}
    assert cars["zoe"] == {"title": "Zoe", "icon": "car", "features": ["Offline", "Retryable"], "repeatingPlans": None}


def test_the_car_of_a_loadpoint_goes_into_the_decision(serve):
    served = serve(HOUSE)
    shown = served.shown(lambda state: state["cycle"] > 1 and state["loadpoints"][0]["connected"])["loadpoints"][0]
    assert (shown["vehicleName"], shown["vehicleTitle"]) == ("golf", "blauer e-Golf")
    assert (shown["effectiveMaxCurrent"], shown["phasesActive"]) == (10, 1)
    served.client.post("/api/loadpoints/1/vehicle/zoe")
    assert served.shown()["loadpoints"][0]["vehicleTitle"] == "Zoe"
    shown = served.shown(lambda state: state["loadpoints"][0]["effectiveMaxCurrent"] == 16)["loadpoints"][0]
    assert shown["vehicleName"] == "zoe"
