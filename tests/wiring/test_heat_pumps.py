"""A heat pump at a loadpoint: its temperature is shown where others show a SoC, and the sun makes it boost."""

HOUSE = """
interval: 1s
site: {title: Home, meters: {grid: grid}}
meters:
  - {name: grid, type: custom, power: {source: const, value: -6000}}
chargers:
  - name: pump
    type: sgready
    setmode: {source: js, script: "told = mode", vm: pump}
    getmode: {source: js, script: "typeof told === 'undefined' ? 2 : told", vm: pump}
    power: {source: const, value: 800}
    temp: {source: const, value: 47.5}
    limittemp: {source: const, value: 60}
loadpoints:
  - {title: Cellar, charger: pump, mode: pv, enable: {delay: 1s}}
"""


def test_a_heat_pump_is_shown_by_its_temperature_and_boosts_with_the_sun(serve):
    served = serve(HOUSE)
    pump = served.shown(lambda state: state["loadpoints"][0]["charging"], 20)["loadpoints"][0]
    assert (pump["vehicleSoc"], pump["vehicleLimitSoc"], pump["chargerIcon"]) == (47.5, 60, "heatpump")
    assert pump["chargerFeatureHeating"]
    assert pump["chargerFeatureIntegratedDevice"]
    served.client.post("/api/loadpoints/1/mode/off")
    assert served.shown(lambda state: not state["loadpoints"][0]["charging"])
