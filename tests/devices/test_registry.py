"""Devices by the names of an evcc.yaml, and what is said when a name or a parameter is wrong."""

from collections.abc import Mapping
from threading import Event
from typing import Any

import pytest

from evcc_flask.bus.bus import Bus
from evcc_flask.clock import SystemClock
from evcc_flask.devices import library, template
from evcc_flask.devices.registry import build_charger, build_meter, describe
from evcc_flask.devices.row import Compiler
from evcc_flask.domain.commands import Ending, OfferCurrent
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.domain.words import BatteryMode, Feature, Status
from evcc_flask.plugins.problems import problems_of
from evcc_flask.plugins.shop import Workshop
from tests.devices.images import NAMES, described, words
from tests.wire.slaves import AsciiSlaves, Image, TcpSlave


def complaints(build: Any, type_: str, params: Mapping[str, Any], workshop: Workshop) -> dict[str, str]:
    """Path to message and remedy of everything that is wrong."""
    with pytest.raises((Misconfigured, ExceptionGroup)) as caught:
        build("it", type_, params, workshop)
    problems = problems_of(caught.value)
    return {".".join(map(str, problem.path)): f"{problem.message} {problem.remedy}".strip() for problem in problems}


TCP = {"host": "192.0.2.1"}
LINE = {"modbus": "rs485serial", "device": "/dev/ttyUSB0"}


@pytest.mark.parametrize(
    ("template", "row"),
    [
        ("eastron", "eastron-sdm630"),
        ("eastron-sdm72v2_630", "eastron-sdm630"),
        ("eastron-sdm220_230", "eastron-sdm220"),
        ("abb-ab", "abb-b-series"),
        ("kostal-plenticore", "kostal-plenticore-gen2"),
        ("huawei-dongle-powersensor", "huawei-sun2000-hybrid"),
    ],
)
def test_a_template_is_found_by_evccs_names_and_aliases(template: str, row: str) -> None:
    assert library.find("meter", template)[0] == row


@pytest.mark.parametrize("usage", ["grid", "pv", "charge", "aux"])
def test_a_meter_takes_every_usage_that_it_declares(workshop: Workshop, usage: str) -> None:
    assert build_meter("it", "template", {"template": "eastron", "usage": usage, **LINE}, workshop)


def test_building_every_row_does_no_input_or_output() -> None:
    for name, row in library.rows().items():
        links = row["link"] if isinstance(row["link"], Mapping) else {}
        where = TCP if {"tcp", "http", "mqtt"} & set(links) else (LINE if links else {})
        where = where | {key: "sensor.x" for key, word in row.get("parameters", {}).items() if word.get("required")}
        if row["kind"] == "charger":
            own = Workshop(Bus(SystemClock()), SystemClock())
            assert build_charger("it", "template", {"template": name, **where}, own)
        for usage in row.get("usages", ()):
            own = Workshop(Bus(SystemClock()), SystemClock())
            assert build_meter("it", "template", {"template": name, "usage": usage, **where}, own)


@pytest.mark.parametrize(
    ("type_", "params"),
    [
        ("heidelberg", {"device": "/dev/ttyUSB0", "baudrate": 19200, "comset": "8E1", "id": 1}),
        ("heidelberg", {"uri": "192.0.2.1:502", "id": 1}),
        ("phoenix-ev-eth", {"uri": "192.0.2.1:502"}),
        ("evsedin", {"uri": "192.0.2.1:23", "rtu": True, "id": 1}),
        ("abl", {"device": "/dev/ttyUSB0", "baudrate": 38400, "comset": "8E1", "id": 1}),
        ("alfen", {"uri": "192.0.2.1"}),
        ("keba-modbus", {"uri": "192.0.2.1:502"}),
        ("go-e", {"uri": "http://192.0.2.1"}),
    ],
)
def test_old_types_carry_their_parameters_directly(workshop: Workshop, type_: str, params: Mapping[str, Any]) -> None:
    assert build_charger("it", type_, params, workshop)


def test_a_wrong_template_names_the_near_miss(workshop: Workshop) -> None:
    told = complaints(build_charger, "template", {"template": "heidelburg", **LINE}, workshop)
    assert told == {
        "template": "'heidelburg' is no template of a charger that this program knows Did you mean 'heidelberg'?"
    }


def test_a_wrong_type_names_the_near_miss(workshop: Workshop) -> None:
    told = complaints(build_meter, "costum", {}, workshop)
    assert told == {"type": "'costum' is no type of a meter that this program knows Did you mean 'custom'?"}


def test_an_unknown_parameter_names_the_near_miss(workshop: Workshop) -> None:
    params = {"template": "eastron", "usage": "grid", **LINE, "boudrate": 9600}
    assert complaints(build_meter, "template", params, workshop) == {
        "boudrate": "is not a known setting. Did you mean 'baudrate'?"
    }


def test_a_missing_host_says_what_to_name(workshop: Workshop) -> None:
    told = complaints(build_charger, "template", {"template": "alfen"}, workshop)
    assert told == {"host": "is missing Name the device's address in the network."}


def test_a_usage_that_the_device_has_not_is_told(workshop: Workshop) -> None:
    told = complaints(build_meter, "template", {"template": "sma-inverter-modbus", "usage": "grid", **TCP}, workshop)
    assert told == {"usage": "'grid' is nothing that this device measures Choose one of pv."}


def test_a_serial_port_that_is_missing_is_told(workshop: Workshop) -> None:
    params = {"template": "eastron", "usage": "grid", "modbus": "rs485serial"}
    assert complaints(build_meter, "template", params, workshop) == {
        "device": "is missing Name the serial port, such as /dev/ttyUSB0."
    }


def test_modbus_may_be_left_out_where_there_is_one_choice(workshop: Workshop) -> None:
    assert build_charger("it", "template", {"template": "keba-modbus", "host": "192.0.2.1"}, workshop)


@pytest.mark.parametrize(
    ("params", "link"),
    [
        ({"modbus": "rs485tcpip", "host": "192.0.2.1", "port": 8899}, "192.0.2.1:8899"),
        ({"modbus": "tcpip", "host": "192.0.2.1"}, "192.0.2.1:502"),
        ({"modbus": "udp", "host": "192.0.2.1", "port": "1502"}, "192.0.2.1:1502"),
        ({"device": "/dev/ttyS9"}, "/dev/ttyS9"),
    ],
)
def test_the_link_is_the_one_that_the_parameters_name(workshop: Workshop, params: Mapping[str, Any], link: str) -> None:
    meter = build_meter("it", "template", {"template": "cg-emt3xx", "usage": "grid", **params}, workshop)
    assert {need.link.name for need in meter.needs()} == {link}


def test_two_framings_on_one_endpoint_are_an_error(workshop: Workshop) -> None:
    meter = {"template": "cg-emt3xx", "usage": "grid", "host": "192.0.2.1", "port": 502}
    build_meter("one", "template", {**meter, "modbus": "tcpip"}, workshop)
    assert complaints(build_meter, "template", {**meter, "modbus": "rs485tcpip"}, workshop)


def test_every_row_tells_what_a_list_of_devices_shows() -> None:
    for entry in describe():
        assert entry["title"], entry
        if entry["kind"] == "charger":
            assert entry["failsafe"], entry


def test_a_row_is_as_proven_as_its_fixtures() -> None:
    proofs = {described(name)["device"]: described(name)["proof"] for name in NAMES if "proof" in described(name)}
    assert {name: row["proof"] for name, row in library.rows().items() if "proof" in row} == proofs
    assert set(proofs.values()) <= {"capture", "manual", "test data"}


def test_what_proves_a_row_names_where_it_is_from() -> None:
    for name in NAMES:
        source = described(name)["source"]
        assert ("proof" in described(name)) is ("https://" in source), name


def test_an_inverted_meter_is_turned_round(workshop: Workshop, fetch: Any) -> None:
    fixture = described("eastron-sdm630")
    slave = TcpSlave({1: Image(words(fixture))})
    params = {"template": "eastron", "usage": "grid", "modbus": "tcpip", "host": "127.0.0.1", "port": slave.port}
    meter = build_meter("it", "template", params, workshop, invert=True)
    fetch(meter)
    reading = meter.reading()
    assert reading.power_w == -2345.0
    assert reading.energy_kwh == 789.0
    slave.close()


def test_mbmd_takes_the_measurements_that_are_named(workshop: Workshop, fetch: Any) -> None:
    slave = TcpSlave({3: Image(words(described("eastron-sdm630")))})
    params = {
        "model": "SDM",
        "uri": f"127.0.0.1:{slave.port}",
        "rtu": False,
        "id": 3,
        "power": "-Power",
        "energy": "Export",
        "currents": ["CurrentL1", "CurrentL2", "CurrentL3"],
    }
    meter = build_meter("it", "mbmd", params, workshop)
    fetch(meter)
    reading = meter.reading()
    assert (reading.power_w, reading.energy_kwh, reading.voltages_v) == (-2345.0, 789.0, None)
    assert reading.currents_a == pytest.approx((5.2, 3.1, 2.0))
    slave.close()


def test_mbmd_names_what_a_model_can_measure(workshop: Workshop) -> None:
    params = {"model": "sdm72", "device": "/dev/ttyUSB0", "baudrate": 9600, "comset": "8N1", "energy": "Imports"}
    told = complaints(build_meter, "mbmd", params, workshop)
    assert told == {"energy": "sdm72 has no measurement 'Imports' Known here: power, import, export, sum."}


def test_mbmd_reads_sunspec_points(workshop: Workshop, fetch: Any) -> None:
    slave = TcpSlave({1: Image(words(described("sunspec-inverter")))})
    params = {"model": "sunspec", "uri": f"127.0.0.1:{slave.port}", "id": 1, "power": "203:W", "energy": "203:TotWhImp"}
    meter = build_meter("it", "mbmd", params, workshop)
    fetch(meter)
    fetch(meter)
    assert (meter.reading().power_w, meter.reading().energy_kwh) == (-1234.0, 1234.5)
    slave.close()


def test_a_moving_average_follows_slowly(workshop: Workshop, fetch: Any) -> None:
    image = Image({"input": {12: 0x42C8, 13: 0}})
    slave = TcpSlave({1: image})
    inner = {"type": "template", "template": "eastron-sdm120", "usage": "grid", "modbus": "tcpip"}
    meter = build_meter(
        "it",
        "movingaverage",
        {"decay": 0.5, "meter": {**inner, "host": "127.0.0.1", "port": slave.port}},
        workshop,
    )
    fetch(meter)
    assert meter.reading().power_w == 100.0
    image.tables["input"][12] = 0x4348
    fetch(meter)
    assert meter.reading().power_w == 150.0
    assert meter.reading().power_w == 150.0
    slave.close()


def test_a_wrong_meter_inside_a_moving_average_is_told_with_its_path(workshop: Workshop) -> None:
    told = complaints(build_meter, "movingaverage", {"meter": {"type": "template", "template": "nothing"}}, workshop)
    assert list(told) == ["meter.template"]


def test_the_demo_devices_have_fixed_values(workshop: Workshop) -> None:
    grid = {"template": "demo-meter", "usage": "grid", "power": "-500", "currentl1": 1, "currentl2": 2, "currentl3": 3}
    reading = build_meter("grid", "template", grid, workshop).reading()
    assert (reading.power_w, reading.currents_a, reading.energy_kwh) == (-500.0, (1.0, 2.0, 3.0), None)
    battery = build_meter("b", "template", {"template": "demo-battery", "power": 100, "soc": 55}, workshop)
    assert (battery.battery_reading().soc_percent, battery.battery_reading().controllable) == (55.0, False)
    charger = build_charger("c", "template", {"template": "demo-charger", "status": "C", "power": 2300}, workshop)
    told = charger.reading()
    assert (told.status, told.enabled, told.power_w) == (Status.C, False, 2300.0)
    assert not told.traits.switches_phases


@pytest.mark.parametrize("role", ["grid", "pv"])
def test_a_meter_without_usage_is_what_the_house_uses_it_for(workshop: Workshop, role: str) -> None:
    assert build_meter("it", "template", {"template": "demo-meter", "power": 70}, workshop, role=role)
    told = complaints(build_meter, "template", {"template": "demo-meter", "power": 70}, workshop)
    assert list(told) == ["usage"]


def test_a_demo_battery_can_be_controllable(workshop: Workshop) -> None:
    params = {"template": "demo-battery", "power": 0, "soc": 50, "controllable": True}
    battery = build_meter("b", "template", params, workshop)
    outcomes: list[tuple[Ending, str]] = []
    battery.set_battery_mode(BatteryMode.HOLD, lambda ending, error: outcomes.append((ending, error)))
    assert battery.battery_reading().controllable


def test_a_switch_declares_itself(workshop: Workshop) -> None:
    charger = build_charger("c", "template", {"template": "tasmota", "host": "192.0.2.1"}, workshop)
    assert charger.reading().traits.features == {Feature.SWITCH_DEVICE, Feature.INTEGRATED_DEVICE}


ROW = """kind title covers native mbmd usages link points control status parameters offset keepalive failsafe volatile
    steps_a most_a features icon physical_phases proof notes turned vehicle custom timeout"""
POINTS = """power_w powers_w currents_a voltages_v energy_kwh return_energy_kwh max_ac_w soc_percent capacity_kwh
    energy_sum_kwh min_soc_percent max_soc_percent max_charge_w max_discharge_w mode enabled offered_a phases identifier
    min_current_a max_current_a"""
EXPRESSION = """input holding coil discrete sunspec jq http body const sum first least as registers block scale bits
    every map is is_not above for when only_if absent cases otherwise mqtt within"""
CONTROL = "prepare current enable disable phases wakeup battery_mode"
STEP = (
    "publish retained choose only_if multiple single setcoil sunspec get post form accepted as value scale wait after"
)


def test_no_row_uses_a_word_that_the_compiler_does_not_know() -> None:
    for name, row in library.rows().items():
        assert set(row) <= set(ROW.split()), name
        usages = row.get("usages", {})
        for part in (row, *(usages.values() if isinstance(usages, Mapping) else ())):
            assert set(part.get("points", {})) <= set(POINTS.split()), name
            assert set(part.get("control", {})) <= set(CONTROL.split()), name
            for expression in (*part.get("points", {}).values(), part.get("status", {})):
                check_expression(name, expression)
            for steps in part.get("control", {}).values():
                check_steps(name, steps)


def check_expression(name: str, expression: Any) -> None:
    if isinstance(expression, list):
        for each in expression:
            check_expression(name, each)
    if not isinstance(expression, Mapping):
        return
    assert set(expression) <= set(EXPRESSION.split()), (name, expression)
    below = [expression.get(word, ()) for word in ("sum", "first", "least", "only_if")]
    for each in (*below, *(case for cases in expression.get("cases", ()) for case in cases.values())):
        check_expression(name, each)


def check_steps(name: str, steps: Any) -> None:
    if isinstance(steps, list):
        for step in steps:
            check_steps(name, step)
    elif isinstance(steps, Mapping) and set(steps) & {1, 3, "normal"}:
        for key, below in steps.items():
            assert key in {1, 3, "when", "normal", "hold", "charge", "holdcharge", "repeat", "only_if"}, (name, key)
            check_steps(name, below if key not in ("when", "repeat", "only_if") else "nothing")
    elif isinstance(steps, Mapping):
        assert set(steps) <= set(STEP.split()), (name, steps)
        check_expression(name, steps.get("value"))


def test_a_box_that_counts_hundredths_is_read_and_written_in_hundredths(workshop: Workshop, fetch: Any) -> None:
    image = Image({"holding": {1000: 1600, 1002: 2, 2005: 0x81}})
    slave = TcpSlave({1: image})
    params = {"template": "evse-din", "modbus": "tcpip", "host": "127.0.0.1", "port": slave.port, "delay": "1ms"}
    charger = build_charger("it", "template", params, workshop)
    fetch(charger)
    assert charger.reading().offered_a == 16.0
    ended = Event()
    charger.send(OfferCurrent(0, 10.0), lambda ending, error: ended.set())
    assert ended.wait(5)
    assert image.writes == ["1003e800010203e8"]
    slave.close()


def test_a_box_without_the_part_that_switches_phases_does_not_offer_to(workshop: Workshop, fetch: Any) -> None:
    tables = words(described("keba-modbus"))
    tables["holding"][1551] = 0
    slave = TcpSlave({255: Image(tables)})
    params = {"template": "keba-modbus", "host": "127.0.0.1", "port": slave.port}
    charger = build_charger("it", "template", params, workshop)
    fetch(charger)
    assert not charger.reading().traits.switches_phases
    slave.close()


def test_a_box_that_takes_one_value_at_a_time_is_asked_for_one_value_at_a_time(workshop: Workshop, fetch: Any) -> None:
    image = Image(words(described("keba-modbus")))
    slave = TcpSlave({255: image})
    params = {"template": "keba-modbus", "host": "127.0.0.1", "port": slave.port}
    fetch(build_charger("it", "template", params, workshop))
    assert {count for _, _, count in image.reads} == {2}
    slave.close()


def test_what_a_user_states_goes_before_what_the_device_says(workshop: Workshop, fetch: Any) -> None:
    slave = TcpSlave({1: Image(words(described("huawei-sun2000-hybrid")))})
    params = {"template": "huawei-sun2000-hybrid", "usage": "battery", "host": "127.0.0.1", "port": slave.port}
    battery = build_meter("it", "template", {**params, "capacity": 15, "connectdelay": "1ms"}, workshop)
    fetch(battery)
    assert battery.battery_reading().capacity_kwh == 15.0
    slave.close()


def test_the_first_frame_wakes_a_box_that_sleeps_and_the_second_is_answered(workshop: Workshop, fetch: Any) -> None:
    image = Image(words(described("abl")))
    slaves = AsciiSlaves({1: image})
    charger = build_charger(
        "it", "template", {"template": "abl", "device": str(slaves.path), "timeout": "1s"}, workshop
    )
    image.sleeps = 1
    fetch(charger)
    assert (charger.reading().status, charger.reading().error) == (Status.C, None)
    slaves.close()


def test_a_row_can_say_that_its_current_is_kept_in_flash(workshop: Workshop) -> None:
    _, row = library.find("charger", "alfen")
    shop = workshop.shop("charger it")
    parameters = template.read(row, TCP)
    assert not Compiler(row, parameters, None, shop).charger().persistent
    assert Compiler({**row, "volatile": False}, parameters, None, shop).charger().persistent
