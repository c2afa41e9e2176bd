"""A house on a real broker: its meter, its box and its car speak over MQTT."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker import Broker, Speaker, eventually

HOUSE = """
interval: 1s
site: {{title: Home, meters: {{grid: grid}}}}
mqtt: {{broker: "{broker}"}}
meters:
  - {{name: grid, type: custom, power: {{source: mqtt, topic: house/grid}}}}
chargers:
  - name: box
    type: custom
    status: {{source: mqtt, topic: box/status}}
    enabled: {{source: mqtt, topic: box/enabled}}
    enable: {{source: mqtt, topic: box/set/enable}}
    maxcurrent: {{source: mqtt, topic: box/set/current}}
vehicles:
  - {{name: tesla, type: template, template: teslamate, title: Model 3, capacity: 75}}
loadpoints:
  - {{title: Carport, charger: box, mode: pv, vehicle: tesla}}
"""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with Broker(folder) as broker:
        yield broker


def begin(broker: Broker) -> Speaker:
    speaker = Speaker(broker)
    speaker.says("house/grid", "-8000")
    speaker.says("box/status", "B")
    speaker.says("box/enabled", "false")
    speaker.says("teslamate/cars/1/usable_battery_level", "41")
    speaker.says("teslamate/cars/1/rated_battery_range_km", "200.4")
    speaker.listens("box/set/#")
    return speaker


def test_a_house_on_a_broker_is_shown_and_commanded(serve, broker: Broker) -> None:
    speaker = begin(broker)
    served = serve(HOUSE.format(broker=broker.address))
    shown = served.shown(lambda state: state["loadpoints"][0]["connected"] and state["loadpoints"][0]["vehicleSoc"])
    assert shown["grid"]["power"] == -8000
    loadpoint = shown["loadpoints"][0]
    assert (loadpoint["vehicleSoc"], loadpoint["vehicleTitle"]) == (41, "Model 3")
    served.client.post("/api/loadpoints/1/mode/now")
    speaker.hears("box/set/enable", "true")
    speaker.hears("box/set/current", "16")
    links = served.shown()["links"]
    assert [link["name"] for link in links if link["name"].startswith("mqtt")] == [f"mqtt {broker.address}"]
    speaker.close()


def test_a_broker_that_is_gone_delays_no_cycle_and_is_told_by_all_that_hang_on_it(serve, broker: Broker) -> None:
    speaker = begin(broker)
    served = serve(HOUSE.format(broker=broker.address))
    served.shown(lambda state: state["loadpoints"][0]["connected"])
    speaker.close()
    broker.stop()
    shown = served.shown(lambda state: any("closed the connection" in str(each) for each in state["links"]))
    cycle, began_s = shown["cycle"], served.server.clock.wire_s()
    served.shown(lambda state: state["cycle"] >= cycle + 3)
    assert served.server.clock.wire_s() - began_s < 6
    broker.start()
    speaker = Speaker(broker)
    speaker.says("house/grid", "-500")
    assert eventually(lambda: served.shown()["grid"]["power"] == -500)
    speaker.close()


def test_a_broker_that_never_was_costs_the_start_nothing(serve, broker: Broker) -> None:
    broker.stop()
    served = serve(HOUSE.format(broker=broker.address))
    began_s = served.server.clock.wire_s()
    served.shown(lambda state: state.get("cycle", 0) >= 2)
    assert served.server.clock.wire_s() - began_s < 6
