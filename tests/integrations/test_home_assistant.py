"""Home Assistant finds the house by itself: what is announced, on a real broker, for a whole server."""

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jinja2
import pytest

from evcc_flask.domain.quarters import Charged, Quarter
from tests.broker import Broker, Speaker, eventually
from tests.wiring.conftest import serve  # noqa: F401 - a fixture

from .brokered import retained

HOUSE = """
interval: 1s
site:
  title: Our {{{{ house }}}}
  meters: {{grid: grid, pv: roof, battery: store}}
mqtt: {{broker: "{broker}"}}
tariffs: {{grid: {{type: fixed, price: 0.3}}}}
meters:
  - {{name: grid, type: custom, power: {{source: const, value: -8000}}}}
  - {{name: roof, type: custom, power: {{source: const, value: 9000}}, energy: {{source: const, value: 12345.678}}}}
  - {{name: store, type: custom, power: {{source: const, value: 0}}, soc: {{source: const, value: 55}}, capacity: 10}}
chargers:
  - name: box
    type: custom
    status: {{source: const, value: B}}
    enabled: {{source: const, value: false}}
    enable: {{source: js, script: "enable"}}
    maxcurrent: {{source: js, script: "maxcurrent"}}
vehicles:
  - {{name: blue.car, type: template, template: offline, title: Blue, capacity: 60}}
loadpoints:
{loadpoints}
"""
ONE = "  - {title: Carport, charger: box, mode: pv}"


@pytest.fixture
def house(serve: Callable[..., Any], broker: Broker) -> Callable[..., Any]:  # noqa: F811
    def house(loadpoints: str = ONE, own: str | None = None, more: str = "") -> Any:
        text = HOUSE.replace("vehicles:", f"{more}vehicles:")
        return serve(text.format(broker=broker.address, loadpoints=loadpoints), own)

    return house


def configs(broker: Broker) -> dict[str, dict[str, Any]]:
    """What is announced, by kind and key."""
    kept = retained(broker, "homeassistant/#")
    return {
        f"{topic.split('/')[1]} {topic.split('/')[3]}": json.loads(payload)
        for topic, payload in kept.items()
        if topic.startswith("homeassistant/")
    }


def announced(broker: Broker) -> dict[str, dict[str, Any]]:
    eventually(lambda: "evcc/updated" in retained(broker))
    return configs(broker)


def test_every_value_appears_with_unit_class_and_availability(house, broker):
    house()
    found = announced(broker)
    power = found["sensor site_grid_power"]
    assert power["state_topic"] == "evcc/site/gridPower"
    assert (power["unit_of_measurement"], power["device_class"], power["state_class"]) == ("W", "power", "measurement")
    assert power["availability"][0]["topic"] == "evcc/status"
    assert power["default_entity_id"] == "sensor.evcc_flask_site_grid_power"
    assert "object_id" not in power, "Home Assistant warns of it"
    assert power["device"]["identifiers"] == ["evcc_flask"]
    assert found["sensor site_battery_soc"]["device_class"] == "battery"
    assert found["sensor lp1_charge_power"]["device"]["via_device"] == "evcc_flask"
    assert found["sensor vehicle_blue_car_capacity"]["state_topic"] == "evcc/vehicles/blue.car/capacity"
    assert found["sensor site_tariff_grid"]["unit_of_measurement"] == "EUR/kWh"
    assert len(found) > 90
    ids = [config["unique_id"] for config in found.values()]
    assert len(set(ids)) == len(ids)


def test_every_state_topic_that_is_announced_is_there_or_can_be(house, broker):
    house()
    announced(broker)
    kept = retained(broker)
    asked = {key: config.get("state_topic", "evcc/status") for key, config in configs(broker).items()}
    # Only what is not known may be missing: times, limits, prices and cars that nobody has set or read.
    unknown = ("plan", "price", "limit", "next", "vehicle", "climater", "co2", "avg", "statistics")
    missing = {key for key, topic in asked.items() if topic not in kept}
    assert {key for key in missing if not any(word in key for word in unknown)} == set()


def test_energies_for_the_energy_page_grow_in_kwh(house, broker):
    served = house()
    found = announced(broker)
    for key in ("grid_import", "grid_export", "pv", "battery_charge", "battery_discharge", "home"):
        config = found[f"sensor site_energy_{key}"]
        assert (config["unit_of_measurement"], config["device_class"], config["state_class"]) == (
            *("kWh", "energy", "total_increasing"),
        )
    assert found["sensor lp1_energy"]["state_class"] == "total_increasing"

    def exported() -> float:
        return float(retained(broker)["evcc/energy/gridExport"])

    eventually(lambda: exported() > 0.004)
    before = exported()
    eventually(lambda: exported() > before)
    assert served.state.published.state["gridPower"] == -8000


def test_energies_go_on_after_a_restart(house, broker):
    served = house()
    eventually(lambda: float(retained(broker).get("evcc/energy/pv", 0)) > 0.01)
    before = float(retained(broker)["evcc/energy/pv"])
    served.server.stop()
    house()
    eventually(lambda: "evcc/energy/pv" in retained(broker))
    assert float(retained(broker)["evcc/energy/pv"]) >= math.floor(before * 100) / 100


def test_a_new_title_takes_nothing_from_what_a_loadpoint_charged_and_two_of_one_title_are_two(house, broker):
    served = house()
    long_ago = Quarter(1_900_000, points={"Carport": Charged(5.0)})
    assert served.server.database.save_sessions((), {}, {long_ago.number: long_ago}).wait(5.0) is None
    served.server.stop()
    box = HOUSE.split("chargers:\n")[1].split("vehicles:")[0].replace("name: box", "name: other")
    house("  - {title: Roof, charger: box}\n  - {title: Roof, charger: other}", more=box)
    told = "evcc/energy/loadpoints"
    eventually(lambda: f"{told}/2" in retained(broker))
    found = retained(broker)
    assert (float(found[f"{told}/1"]), float(found[f"{told}/2"])) == (5.0, 0.0)


def test_what_home_assistant_writes_is_taken(house, broker: Broker, speaker: Speaker):
    served = house()
    found = announced(broker)
    mode, current = found["select lp1_mode"], found["number lp1_min_current"]
    assert mode["options"] == ["off", "pv", "minpv", "now"]
    speaker.says(mode["command_topic"], "now", retain=False)
    speaker.says(current["command_topic"], "8", retain=False)
    phases = found["select lp1_phases_configured"]
    assert rendered(phases["command_template"], "auto") == "0"
    speaker.says(phases["command_topic"], rendered(phases["command_template"], "3"), retain=False)
    speaker.says(found["switch site_battery_discharge_control"]["command_topic"], "true", retain=False)
    eventually(lambda: served.state.settings.loadpoints[0].mode.value == "now")
    eventually(lambda: served.state.settings.loadpoints[0].min_current_a == 8)
    eventually(lambda: served.state.settings.loadpoints[0].phases == 3)
    eventually(lambda: retained(broker)[mode["state_topic"]] == "now")
    speaker.says(found["number lp1_smart_cost_limit"]["command_topic"], "0.2", retain=False)
    eventually(lambda: served.state.settings.loadpoints[0].smart_cost_limit == 0.2)
    end = found["button lp1_no_smart_cost_limit"]
    speaker.says(end["command_topic"], end["payload_press"], retain=False)
    eventually(lambda: served.state.settings.loadpoints[0].smart_cost_limit is None)


def test_a_loadpoint_that_is_gone_disappears_and_ids_are_no_titles(house, broker):
    garage = '\n  - {title: "Garage ä/+", charger: box, mode: off}'
    served = house(ONE + garage)
    before = announced(broker)
    assert before["select lp2_mode"]["device"]["name"] == "Garage ä/+"
    served.server.stop()
    assert configs(broker) == before, "a house that is off keeps its entities"
    house("  - {title: Renamed, charger: box, mode: pv}")
    eventually(lambda: "select lp2_mode" not in configs(broker))
    after = configs(broker)
    assert after["select lp1_mode"]["unique_id"] == before["select lp1_mode"]["unique_id"] == "evcc_flask_lp1_mode"
    eventually(lambda: configs(broker)["select lp1_mode"]["device"]["name"] == "Renamed")


def test_the_order_of_the_grid_operator_is_an_entity(house, broker):
    served = house()
    announced(broker)
    assert "binary_sensor site_hems_limited" not in configs(broker)
    served.server.stop()
    house(f"{ONE}\nhems: {{type: relay, maxPower: 4200, limit: {{source: const, value: true}}}}")
    eventually(lambda: retained(broker).get("evcc/site/hems/limited") == "true")
    limited = eventually(lambda: configs(broker).get("binary_sensor site_hems_limited"))
    assert limited["state_topic"] == "evcc/site/hems/limited"
    assert configs(broker)["sensor site_hems_limit_power"]["state_topic"] == "evcc/site/hems/limitPower"
    assert retained(broker)["evcc/site/hems/limitPower"] == "4200"


def test_it_can_be_switched_off_and_then_takes_all_back(house, broker):
    served = house()
    assert announced(broker)
    served.server.stop()
    house(own="homeassistant: {discovery: false}")
    eventually(lambda: "evcc/updated" in retained(broker))
    assert not configs(broker)


def rendered(template: str, value: str) -> str:
    """As Home Assistant does, as far as our templates need it."""
    environment = jinja2.Environment(autoescape=False)
    environment.filters["as_datetime"] = lambda second: datetime.fromtimestamp(second, UTC)
    return environment.from_string(template).render(value=value)


def test_templates_make_unknown_of_nothing_and_times_of_seconds(house, broker):
    house()
    found = announced(broker)
    assert rendered(found["sensor lp1_effective_plan_time"]["value_template"], "") == "None"
    moment = rendered(found["sensor lp1_effective_plan_time"]["value_template"], "1777953600")
    assert datetime.fromisoformat(moment) == datetime(2026, 5, 5, 4, tzinfo=UTC)
    assert rendered(found["sensor site_grid_power"]["value_template"], "0") == "0"
    assert rendered(found["sensor site_green_share_home"]["value_template"], "0.25") == "25.0"
    assert rendered(found["sensor lp1_vehicle_soc"]["value_template"], "0") == "None", "a car that nobody has read"
    assert rendered(found["sensor lp1_charge_power"]["value_template"], "0") == "0"
    assert rendered(found["select lp1_vehicle_name"]["value_template"], "") == "-"
    assert rendered(found["number vehicle_blue_car_min_soc"]["value_template"], "") == "0"
