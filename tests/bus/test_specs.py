"""Where a slave is reached: what is refused while the house is built."""

import threading

import pytest

from evcc_flask.bus.bus import Bus
from evcc_flask.bus.specs import LONGEST_SERIAL_TIMEOUT_S, ModbusSpec
from evcc_flask.domain.issues import Misconfigured


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({}, "device"),
        ({"device": "/dev/ttyUSB0", "host": "10.0.0.1"}, "device"),
        ({"device": "/dev/ttyUSB0", "comset": "8X1"}, "comset"),
        ({"device": "/dev/ttyUSB0", "baudrate": 3}, "baudrate"),
        ({"host": "10.0.0.1", "framing": "tls"}, "framing"),
        ({"host": "10.0.0.1", "port": 70000}, "uri"),
        ({"host": "10.0.0.1", "ascii": True}, "framing"),
    ],
)
def test_a_wrong_connection_names_its_key(given, key):
    with pytest.raises(Misconfigured) as caught:
        ModbusSpec(**given)
    assert caught.value.path == (key,)


@pytest.mark.parametrize(("rate", "nearest"), [(9601, 9600), (19201, 19200), (115000, 115200)])
def test_a_baud_rate_that_no_adapter_has_names_the_nearest(rate, nearest):
    with pytest.raises(Misconfigured) as caught:
        ModbusSpec(device="/dev/ttyUSB0", baudrate=rate)
    assert (caught.value.message, caught.value.remedy) == (f"{rate} is no baud rate", f"Did you mean {nearest}?")


@pytest.mark.parametrize("rate", [1200, 9600, 19200, 38400, 57600, 115200])
def test_the_usual_baud_rates_are_taken(rate):
    assert ModbusSpec(device="/dev/ttyUSB0", baudrate=rate).baudrate == rate


def test_a_serial_port_beside_a_network_address_says_never_both():
    with pytest.raises(Misconfigured) as caught:
        ModbusSpec(device="/dev/ttyUSB0", host="10.0.0.1")
    assert "never both" in caught.value.remedy


def test_one_endpoint_is_one_link(bus, tmp_path):
    port, alias = tmp_path / "ttyUSB0", tmp_path / "by-id"
    port.touch()
    alias.symlink_to(port)
    assert bus.modbus(ModbusSpec(device=str(port))) is bus.modbus(ModbusSpec(device=str(alias), unit=3))
    assert bus.modbus(ModbusSpec(host="Box")) is bus.modbus(ModbusSpec(host="box", timeout_s=5))
    assert bus.modbus(ModbusSpec(host="box")) is not bus.modbus(ModbusSpec(host="box", port=503))
    assert bus.calls("one") is not bus.calls("two")


@pytest.mark.parametrize(
    ("one", "other", "key"),
    [
        ({"device": "/dev/x"}, {"device": "/dev/x", "baudrate": 19200}, "baudrate"),
        ({"device": "/dev/x"}, {"device": "/dev/x", "comset": "8E1"}, "comset"),
        ({"device": "/dev/x"}, {"device": "/dev/x", "ascii": True}, "device"),
        ({"host": "box"}, {"host": "box", "framing": "rtu"}, "uri"),
        ({"host": "box"}, {"host": "box", "framing": "udp"}, "uri"),
    ],
)
def test_two_framings_on_one_endpoint_are_refused(bus, one, other, key):
    bus.modbus(ModbusSpec(**one))
    with pytest.raises(Misconfigured) as caught:
        bus.modbus(ModbusSpec(**other))
    assert caught.value.path == (key,)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({"device": "/dev/x"}, 1),
        ({"device": "/dev/x", "timeout_s": 2}, 2),
        ({"device": "/dev/x", "timeout_s": 10}, LONGEST_SERIAL_TIMEOUT_S),
        ({"host": "box"}, 3),
        ({"host": "box", "framing": "rtu"}, 1),
        ({"host": "box", "timeout_s": 15}, 15),
    ],
)
def test_a_shared_line_waits_for_none_longer_than_its_neighbours_can_bear(given, seconds):
    assert ModbusSpec(**given).effective_timeout_s == seconds


def test_building_a_house_starts_no_thread_and_touches_no_port(clock):
    before = threading.active_count()
    bus = Bus(clock)
    bus.modbus(ModbusSpec(device="/dev/does-not-exist"))
    bus.modbus(ModbusSpec(host="no-such-host.invalid"))
    bus.calls("http")
    assert threading.active_count() == before
    assert [report["state"] for report in bus.counters()] == ["up", "up", "up"]
    bus.close()
