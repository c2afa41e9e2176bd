"""Every problem of a device is told at once: its own settings, those of its link, and those of each plugin."""

from evcc_flask.bus.bus import Bus
from evcc_flask.clock import SystemClock
from evcc_flask.devices.registry import build_charger, build_meter
from evcc_flask.plugins.problems import problems_of
from evcc_flask.plugins.shop import Workshop


def wrong(build, type_, params):
    clock = SystemClock()
    try:
        build("x", type_, params, Workshop(Bus(clock), clock))
    except Exception as error:  # noqa: BLE001 # why: either shape is looked into
        return sorted(".".join(map(str, problem.path)) for problem in problems_of(error))
    return []


def test_a_meter_of_the_library_tells_its_link_and_its_usage():
    line = {"modbus": "rs485serial", "baudrate": 9601, "comset": "8X1", "id": 300}
    params = {"template": "eastron-sdm630", "usage": "roof", "foo": 1, **line}
    assert wrong(build_meter, "template", params) == ["baudrate", "comset", "device", "foo", "id", "usage"]


def test_an_unknown_setting_of_a_wallbox_does_not_hide_a_wrong_one():
    params = {"template": "heidelberg", "modbus": "rs485tcpip", "host": "192.0.2.1", "foo": 1, "id": 0}
    assert wrong(build_charger, "template", params) == ["foo", "id"]


def test_a_wrong_value_of_a_custom_meter_does_not_hide_the_others():
    power = {"source": "modbus", "uri": "x:502", "id": 300, "register": {"address": 1, "type": "input"}}
    params = {"power": power, "currents": [1, 2], "soc": {"source": "nothing"}, "foo": 1}
    told = wrong(build_meter, "custom", params)
    assert told == ["currents.0", "currents.1", "foo", "power.id", "power.register.decode", "soc.source"]


def test_an_average_tells_of_itself_and_of_its_meter():
    params = {"decay": 7, "meter": {"type": "custom", "foo": 1}}
    assert wrong(build_meter, "movingaverage", params) == ["decay", "meter.foo", "meter.power"]
