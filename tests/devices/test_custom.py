"""Custom meters and wallboxes out of plugins, and everything that can be wrong with them said at once."""

from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest

from evcc_flask.devices.charger import SourceCharger
from evcc_flask.devices.meter import SourceMeter
from evcc_flask.devices.registry import build_charger, build_meter
from evcc_flask.domain.commands import ChargerCommand, Disable, Enable, Ending, OfferCurrent, SwitchPhases
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.domain.words import BatteryMode, Feature, Status
from evcc_flask.plugins.problems import problems_of
from evcc_flask.plugins.shop import Workshop
from tests.wire.slaves import Image, TcpSlave
from tests.wire.web import WebDevice


def const(value: Any) -> dict[str, Any]:
    return {"source": "const", "value": value}


@pytest.fixture
def web() -> Iterator[WebDevice]:
    page = {"power": -1234.5, "soc": 61.5, "status": "C", "on": True, "i": [10, 0, 0]}
    device = WebDevice({"/": page})
    yield device
    device.close()


def send(charger: SourceCharger, command: ChargerCommand) -> tuple[Ending, str]:
    ended, outcome = Event(), []

    def done(ending: Ending, error: str) -> None:
        outcome.append((ending, error))
        ended.set()

    charger.send(command, done)
    assert ended.wait(5)
    return outcome[0]


def set_mode(meter: SourceMeter, mode: BatteryMode) -> tuple[Ending, str]:
    ended, outcome = Event(), []

    def done(ending: Ending, error: str) -> None:
        outcome.append((ending, error))
        ended.set()

    meter.set_battery_mode(mode, done)
    assert ended.wait(5)
    return outcome[0]


def test_a_custom_meter_is_read_by_its_plugins(workshop: Workshop, fetch: Any, web: WebDevice) -> None:
    def page(jq: str) -> dict[str, Any]:
        return {"source": "http", "uri": f"http://127.0.0.1:{web.port}/", "jq": jq}

    node = {"power": page(".power"), "currents": [page(".i[0]"), page(".i[1]"), page(".i[2]")], "energy": const("4.5")}
    meter = build_meter("it", "custom", node, workshop)
    fetch(meter)
    reading = meter.reading()
    assert (reading.power_w, reading.currents_a, reading.energy_kwh) == (-1234.5, (10.0, 0.0, 0.0), 4.5)
    assert web.targets == ["/"], "equal requests share one answer"


def test_a_meter_with_soc_is_a_battery_and_has_no_phases(workshop: Workshop) -> None:
    phases = [const(1), const(2), const(3)]
    node = {"power": const(500), "soc": const(63.5), "currents": phases, "capacity": "10.2", "maxacpower": 8000}
    meter = build_meter("it", "custom", node, workshop)
    reading = meter.battery_reading()
    assert (reading.soc_percent, reading.capacity_kwh, reading.meter.currents_a) == (63.5, 10.2, None)
    assert meter.pv_reading().max_ac_w == 8000.0
    assert not reading.controllable


def test_a_soc_limit_stands_for_battery_modes(workshop: Workshop, web: WebDevice) -> None:
    node = {
        "power": const(0),
        "soc": const(63),
        "minsoc": 30,
        "limitsoc": {"source": "http", "uri": f"http://127.0.0.1:{web.port}/limit?soc=${{limitSoc}}"},
    }
    meter = build_meter("it", "custom", node, workshop)
    for mode in (BatteryMode.HOLD, BatteryMode.CHARGE, BatteryMode.NORMAL):
        assert set_mode(meter, mode) == (Ending.TAKEN, "")
    assert web.commands == ["/limit?soc=63", "/limit?soc=95", "/limit?soc=30"]


def test_a_battery_mode_is_written_as_its_number(workshop: Workshop, web: WebDevice) -> None:
    setter = {"source": "http", "uri": f"http://127.0.0.1:{web.port}/mode/${{batterymode}}"}
    meter = build_meter("it", "custom", {"power": const(0), "soc": const(50), "batterymode": setter}, workshop)
    assert set_mode(meter, BatteryMode.HOLD) == (Ending.TAKEN, "")
    assert web.commands == ["/mode/2"]


def test_a_battery_that_cannot_be_controlled_says_so(workshop: Workshop) -> None:
    meter = build_meter("it", "custom", {"power": const(0), "soc": const(50)}, workshop)
    assert set_mode(meter, BatteryMode.HOLD) == (Ending.UNAVAILABLE, "")


def charger_node(port: int, **more: Any) -> dict[str, Any]:
    base = f"http://127.0.0.1:{port}"
    return {
        "status": {"source": "http", "uri": f"{base}/", "jq": ".status"},
        "enabled": {"source": "http", "uri": f"{base}/", "jq": ".on"},
        "enable": {"source": "http", "uri": f"{base}/on/${{enable:%d}}"},
        "maxcurrent": {"source": "http", "uri": f"{base}/amps/${{maxcurrent}}"},
        **more,
    }


def test_a_custom_wallbox_is_read_and_commanded(workshop: Workshop, fetch: Any, web: WebDevice) -> None:
    node = charger_node(web.port, features=["integratedDevice", "heating"], icon="heater")
    charger = build_charger("it", "custom", node, workshop)
    fetch(charger)
    reading = charger.reading()
    assert (reading.status, reading.enabled, reading.error) == (Status.C, True, None)
    assert reading.traits.features == {Feature.INTEGRATED_DEVICE, Feature.HEATING}
    assert (reading.traits.icon, reading.traits.milliampere, reading.traits.failsafe) == ("heater", False, None)
    for command in (OfferCurrent(0, 10.9), Enable(0), Disable(0)):
        assert send(charger, command) == (Ending.TAKEN, "")
    assert web.commands == ["/amps/10", "/on/1", "/on/0"]
    assert send(charger, SwitchPhases(0, 1)) == (Ending.UNAVAILABLE, "")


def test_milliamperes_and_phases_have_setters_of_their_own(workshop: Workshop, web: WebDevice) -> None:
    base = f"http://127.0.0.1:{web.port}"
    fine = {"source": "http", "uri": f"{base}/ma/${{maxcurrentmillis:%.1f}}"}
    phases = {"source": "http", "uri": f"{base}/phases/${{phases}}"}
    node = charger_node(web.port, maxcurrentmillis=fine, phases1p3p=phases, tos=True)
    charger = build_charger("it", "custom", node, workshop)
    assert send(charger, OfferCurrent(0, 10.9)) == (Ending.TAKEN, "")
    assert send(charger, SwitchPhases(0, 3)) == (Ending.TAKEN, "")
    assert web.commands == ["/ma/10.9", "/phases/3"]


def test_a_custom_wallbox_by_modbus_writes_what_its_node_says(workshop: Workshop) -> None:
    image = Image({"input": {5: 3}, "holding": {261: 0}})
    slave = TcpSlave({1: image})
    link = {"source": "modbus", "uri": f"127.0.0.1:{slave.port}", "id": 1}
    register = {"address": 261, "type": "writemultiple", "encoding": "uint16"}
    node = charger_node(1) | {"maxcurrent": {**link, "register": register, "scale": 10}}
    charger = build_charger("it", "custom", node, workshop)
    assert send(charger, OfferCurrent(0, 16.0)) == (Ending.TAKEN, "")
    assert image.writes == ["10010500010200a0"]
    slave.close()


def test_a_switch_socket_charges_above_its_standby_power(workshop: Workshop) -> None:
    node = {"enabled": const("true"), "enable": {"source": "js", "script": ""}, "power": const(20)}
    above = build_charger("it", "switchsocket", {**node, "standbypower": 15}, workshop).reading()
    below = build_charger("it", "switchsocket", {**node, "standbypower": 25}, workshop).reading()
    fixed = build_charger("it", "switchsocket", {**node, "standbypower": -300}, workshop).reading()
    assert (above.status, below.status) == (Status.C, Status.B)
    assert (fixed.status, fixed.power_w) == (Status.C, 300.0)


def complaints(build: Any, params: dict[str, Any], workshop: Workshop) -> dict[str, str]:
    with pytest.raises((Misconfigured, ExceptionGroup)) as caught:
        build("it", "custom", params, workshop)
    return {".".join(map(str, problem.path)): problem.message for problem in problems_of(caught.value)}


def test_all_problems_of_a_meter_are_told_at_once(workshop: Workshop) -> None:
    node = {
        "power": {"source": "htp", "uri": "http://192.0.2.1/"},
        "energy": {"source": "http"},
        "currents": [const(1), const(2)],
        "dim": {"source": "js", "script": ""},
    }
    told = complaints(build_meter, node, workshop)
    assert set(told) == {"power.source", "energy.uri", "currents", "dimmed"}
    assert told["currents"] == "needs three values, one per phase, not 2"


def test_an_unknown_key_is_told(workshop: Workshop) -> None:
    told = complaints(build_meter, {"power": const(1), "enrgy": const(1)}, workshop)
    assert told == {"enrgy": "is not a known setting. Did you mean 'energy'?"}


def test_a_meter_needs_its_power(workshop: Workshop) -> None:
    assert complaints(build_meter, {"soc": const(1)}, workshop) == {"power": "is missing"}


def test_phase_switching_needs_a_confirmation(workshop: Workshop) -> None:
    node = charger_node(1, phases1p3p={"source": "js", "script": ""}, features=["hot"])
    told = complaints(build_charger, node, workshop)
    assert set(told) == {"phases1p3p", "features.0"}


def test_home_assistants_entities_are_a_meter(workshop: Workshop, fetch: Any) -> None:
    states = {"sensor.w": ("1.2", "kW"), "sensor.e": ("55000", "Wh"), "sensor.soc": ("61", "%")}
    answers = {
        f"/api/states/{entity}": {"state": state, "attributes": {"unit_of_measurement": unit}}
        for entity, (state, unit) in states.items()
    }
    web = WebDevice(answers)
    where = {"template": "homeassistant", "uri": f"http://127.0.0.1:{web.port}", "token": "t", "power": "sensor.w"}
    params = {**where, "energy": "sensor.e", "soc": "sensor.soc", "capacity": 10}
    battery = build_meter("b", "template", params, workshop, role="battery")
    fetch(battery)
    reading = battery.battery_reading()
    assert (reading.meter.power_w, reading.meter.energy_kwh) == (1200, 55)
    assert (reading.soc_percent, reading.capacity_kwh) == (61, 10)
    assert reading.meter.notes == ()
    web.close()


def test_what_is_wrong_with_a_filled_row_is_told_at_its_template(workshop: Workshop) -> None:
    params = {"template": "homeassistant", "uri": "http://192.0.2.1", "token": "t", "power": "power", "usage": "grid"}
    with pytest.raises(ExceptionGroup) as caught:
        build_meter("it", "template", params, workshop)
    (problem,) = problems_of(caught.value)
    assert (problem.path, problem.message) == (("template",), "power.entity: 'power' is no entity")
