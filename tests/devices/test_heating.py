"""Heat pumps as wallboxes: boost is the charge, the temperature the SoC."""

from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest

from evcc_flask.devices.charger import SourceCharger
from evcc_flask.devices.registry import build_charger, build_meter
from evcc_flask.domain.commands import ChargerCommand, Disable, Enable, Ending, OfferCurrent
from evcc_flask.domain.readings import ChargerReading
from evcc_flask.domain.words import Feature, Status
from evcc_flask.plugins.problems import problems_of
from evcc_flask.plugins.shop import Workshop
from tests.wire.slaves import Image, TcpSlave

HEATS = {Feature.INTEGRATED_DEVICE, Feature.HEATING, Feature.CONTINUOUS}


def const(value: Any) -> dict[str, Any]:
    return {"source": "const", "value": value}


@pytest.fixture
def pump() -> Any:
    """A pump's registers: 10 its mode, 20 its power limit in W, 30 its temperature in tenths of a degree."""
    image = Image({"holding": {10: 2, 20: 0, 30: 475}})
    slave = TcpSlave({1: image})
    yield image, slave
    slave.close()


def register(slave: TcpSlave, address: int, use: str = "holding", **more: Any) -> dict[str, Any]:
    uri = f"127.0.0.1:{slave.port}"
    return {
        "source": "modbus",
        "uri": uri,
        "id": 1,
        "register": {"address": address, "type": use, "decode": "uint16"},
        **more,
    }


def send(charger: SourceCharger, command: ChargerCommand) -> None:
    ended, outcome = Event(), []

    def done(ending: Ending, error: str) -> None:
        outcome.append((ending, error))
        ended.set()

    charger.send(command, done)
    assert ended.wait(5)
    assert outcome == [(Ending.TAKEN, "")]


def test_sg_ready_boosts_while_it_is_enabled(workshop: Workshop, fetch: Any, pump: Any) -> None:
    image, slave = pump
    node = {
        "setmode": register(slave, 10, "writesingle"),
        "getmode": register(slave, 10),
        "temp": register(slave, 30, scale=0.1),
        "limittemp": const(60),
        "power": const(900),
    }
    charger = build_charger("pump", "sgready", node, workshop)

    def reading() -> ChargerReading:
        fetch(charger)
        return charger.reading()

    first = reading()
    assert (first.status, first.enabled, first.soc_percent, first.limit_soc_percent) == (Status.B, False, 47.5, 60)
    assert first.traits.features == HEATS | {Feature.SWITCH_DEVICE}
    assert first.traits.icon == "heatpump"
    send(charger, OfferCurrent(0, 6))
    send(charger, Enable(0))
    assert (reading().status, reading().enabled, image.tables["holding"][10]) == (Status.C, True, 3)
    send(charger, Disable(0))
    assert (reading().status, reading().enabled, image.tables["holding"][10]) == (Status.B, False, 2)


def test_sg_ready_that_does_not_tell_its_mode_is_what_it_was_told(workshop: Workshop) -> None:
    charger = build_charger("pump", "sgready", {"setmode": {"source": "js", "script": ""}}, workshop)
    assert (charger.reading().status, charger.reading().enabled) == (Status.B, False)
    send(charger, Enable(0))
    assert (charger.reading().status, charger.reading().enabled) == (Status.C, True)


def test_a_heat_pump_gets_the_power_of_its_current_while_it_is_enabled(
    workshop: Workshop, fetch: Any, pump: Any
) -> None:
    image, slave = pump
    node = {"setmaxpower": register(slave, 20, "writesingle"), "getmaxpower": register(slave, 20), "phases": 1}
    charger = build_charger("pump", "heatpump", node, workshop)
    send(charger, OfferCurrent(0, 8))
    assert image.tables["holding"][20] == 0, "not before it is enabled"
    send(charger, Enable(0))
    assert image.tables["holding"][20] == 1840
    fetch(charger)
    reading = charger.reading()
    assert (reading.status, reading.enabled, reading.traits.physical_phases) == (Status.C, True, 1)
    assert reading.traits.features == HEATS
    send(charger, OfferCurrent(0, 6.5))
    assert image.tables["holding"][20] == 1495
    send(charger, Disable(0))
    assert image.tables["holding"][20] == 0


def test_relays_are_chargers_of_their_own(workshop: Workshop) -> None:
    relay = {
        "type": "switchsocket",
        "enabled": {"source": "js", "vm": "relay", "script": "typeof on === 'undefined' ? false : on"},
        "enable": {"source": "js", "vm": "relay", "script": "on = enable"},
        "standbypower": -100,
    }
    charger = build_charger("pump", "sgready-relay", {"boost": relay, "temp": const(40)}, workshop)
    send(charger, Enable(0))
    needs = list(charger.needs())
    assert workshop._bus.refresh(needs).wait(5)  # type: ignore[attr-defined]
    assert (charger.reading().status, charger.reading().enabled, charger.reading().soc_percent) == (Status.C, True, 40)


def test_a_relay_without_type_is_told(workshop: Workshop) -> None:
    with pytest.raises(ExceptionGroup) as group:
        build_charger("pump", "sgready-relay", {"boost": {"uri": "x"}}, workshop)
    assert [problem.path for problem in problems_of(group.value)] == [("boost", "type")]


def test_a_custom_box_tells_its_limit_and_when_it_ends(workshop: Workshop) -> None:
    setter = {"source": "js", "script": ""}
    node = {"status": const("C"), "enabled": const("true"), "enable": setter, "maxcurrent": setter}
    more = {"soc": const(40), "limitsoc": const(80), "finishtime": const("45m")}
    reading = build_charger("box", "custom", {**node, **more}, workshop).reading()
    assert (reading.soc_percent, reading.limit_soc_percent) == (40, 80)
    assert reading.finish_time is not None
    assert abs(reading.finish_time - datetime.now().astimezone() - timedelta(minutes=45)) < timedelta(seconds=30)
    heater = build_charger("box", "custom", {**node, "temp": const(55), "limittemp": const(65)}, workshop).reading()
    assert (heater.soc_percent, heater.limit_soc_percent) == (55, 65)
    assert Feature.HEATING in heater.traits.features


def test_a_value_of_another_device_is_read_where_it_is_described(workshop: Workshop, fetch: Any, pump: Any) -> None:
    _, slave = pump
    other = {"type": "custom", "power": register(slave, 30), "energy": const(12)}
    node = {
        "power": {"source": "meter", "config": other, "method": "power", "scale": -1},
        "energy": {"source": "meter", "config": other, "method": "energy"},
    }
    meter = build_meter("battery", "custom", node, workshop)
    fetch(meter)
    assert (meter.reading().power_w, meter.reading().energy_kwh) == (-475, 12)


def test_what_another_device_does_not_tell_is_said(workshop: Workshop) -> None:
    other = {"type": "custom", "power": const(1)}
    node = {"power": {"source": "meter", "config": other, "method": "soc"}}
    with pytest.raises(ExceptionGroup) as group:
        build_meter("battery", "custom", node, workshop)
    (problem,) = problems_of(group.value)
    assert (problem.path, problem.message) == (("power", "config"), "this meter tells no soc")


@pytest.mark.parametrize(
    ("kind", "key", "parameter"), [("sgready", "setmode", "mode"), ("heatpump", "setmaxpower", "maxpower")]
)
def test_what_a_heat_pump_is_told_has_the_name_that_evcc_gives_it(kind, key, parameter, workshop):
    setter = {"source": "http", "uri": f"http://127.0.0.1:9/set?to=${{{parameter}}}"}
    build_charger("pump", kind, {key: setter}, workshop)
