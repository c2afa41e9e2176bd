"""JavaScript: values, variables that last, and limits that hold."""

import pytest

from evcc_flask.bus.needs import ErrorKind, ReadError
from evcc_flask.plugins.problems import problems_of
from evcc_flask.plugins.registry import build_sink, build_source
from evcc_flask.plugins.shop import Workshop
from evcc_flask.plugins.values import Kind


def js(script, **keys):
    return {"source": "js", "script": script, **keys}


@pytest.mark.parametrize(
    ("script", "kind", "value"),
    [
        ("var a = 20; a * 2 + 2", Kind.INT, 42),
        ("1.5", Kind.FLOAT, 1.5),
        ("1 < 2", Kind.BOOL, True),
        ("'C'", Kind.TEXT, "C"),
        ("({a: [1]})", Kind.TEXT, '{"a":[1]}'),
        ("console.log('x', 1); 7", Kind.INT, 7),
        ("state.power", Kind.INT, 7),
        ("_.max([3, 8, 5])", Kind.INT, 8),
    ],
)
def test_the_last_expression_is_the_value(read, script, kind, value):
    assert read(js(script, vm="house" if "state" in script else ""), kind) == value


@pytest.mark.parametrize(
    ("script", "words", "kind"),
    [
        ("while (true) {}", "longer than 1 s", ErrorKind.TIMEOUT),
        ("var b = []; while (1) b.push(new Array(1e5).join('x'))", "more than 32 MiB", ErrorKind.VALUE),
        ("(function f() { return f() })()", "without end", ErrorKind.VALUE),
        ("throw new Error('oops')", "oops", ErrorKind.VALUE),
        ("nothing.x", "nothing", ErrorKind.VALUE),
        ("0 / 0", "nan", ErrorKind.VALUE),
        ("undefined", "null", ErrorKind.VALUE),
        ("'ErrAsleep'", "ErrAsleep", ErrorKind.ASLEEP),
        ("require('fs')", "require", ErrorKind.VALUE),
    ],
)
def test_a_script_that_fails_is_an_error_and_no_more(read, script, words, kind):
    with pytest.raises(ReadError, match=f"(?i){words}") as caught:
        read(js(script))
    assert caught.value.kind is kind


def test_a_machine_that_ran_out_of_memory_is_started_anew(shop, bus, put):
    bomb = "var b = []; while (1) b.push(new Array(1e5).join('x'))"
    with pytest.raises(ReadError):
        put(js(bomb, vm="house"), 1)
    source = build_source(js("state.power", vm="house"), shop)
    bus.refresh(source.needs()).wait(5)
    assert source.value() == 7


def test_named_machines_keep_their_variables_for_all_devices(workshop, bus, put):
    put(js("state.power = maxcurrent * 230", vm="house"), 6)
    source = build_source(js("state.power", vm="house"), workshop.shop("meter grid"))
    bus.refresh(source.needs()).wait(5)
    assert source.value() == 1380


def test_machines_without_a_name_know_nothing_of_each_other(read, put):
    put(js("secret = 1"), 1)
    with pytest.raises(ReadError, match="secret"):
        read(js("secret"))


def test_the_parameter_is_a_variable_in_both_spellings(put, read):
    put(js("state.mode = batteryMode * 10 + batterymode", vm="house"), 2, "batterymode")
    assert read(js("state.mode", vm="house")) == 22


def test_an_empty_script_is_a_setter_that_does_nothing(put):
    put({"source": "js"}, True, "enable")


def test_inputs_are_there_in_the_first_round_already(read, slave):
    server = slave({5: 40})
    register = {"address": 5, "type": "holding", "decode": "uint16"}
    power = {"source": "modbus", "uri": server.uri, "id": 1, "register": register}
    inputs = [
        {"name": "power", "type": "int", "config": power},
        {"name": "word", "type": "string", "config": {"source": "const", "value": "2"}},
    ]
    assert read(js("power + word", **{"in": inputs}), Kind.TEXT) == "402"


def test_outputs_are_given_the_result(put, slave):
    server = slave({})
    register = {"address": 5, "type": "writesingle", "decode": "uint16"}
    sink = {"source": "modbus", "uri": server.uri, "id": 1, "register": register}
    put(js("maxcurrent * 10", out=[{"name": "tenths", "type": "int", "config": sink}]), 6.5)
    assert server.written == [(6, 5, 65)]


def test_problems_of_inputs_and_outputs_are_told_with_their_path(refused):
    bad = {"name": "x", "type": "integer", "config": {"source": "const", "value": 1}}
    worse = {"name": "x", "type": "int", "config": {"source": "htp"}}
    assert [path for path, _ in refused(js("1", **{"in": [bad, worse]}))] == [
        ("in", 0, "type"),
        ("in", 1, "config", "source"),
    ]
    assert [path for path, _ in refused(js("1", out=[worse]), build_sink)] == [("out", 0, "config", "source")]


def test_a_preload_without_script_is_told(bus):
    with pytest.raises(ExceptionGroup) as caught:
        Workshop(bus, bus._clock, [{"vm": "x"}])
    assert [problem.path for problem in problems_of(caught.value)] == [("javascript", 0, "script")]
