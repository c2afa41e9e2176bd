"""Every problem of a plugin is told at once, whichever stage of its construction would find it."""

import pytest

from evcc_flask.plugins.registry import build_sink

REGISTER = {"address": 70000, "type": "writesinglex", "decode": "uint99"}


@pytest.mark.parametrize(
    ("node", "paths"),
    [
        (
            {"source": "modbus", "uri": "x:502", "id": 300, "foo": 1, "register": REGISTER},
            {("foo",), ("id",), ("register", "type"), ("register", "decode"), ("register", "address")},
        ),
        (
            {"source": "modbus", "device": "/dev/x", "baudrate": 9601, "comset": "8X1", "id": 300},
            {("register",), ("baudrate",), ("comset",), ("id",)},
        ),
        (
            {"source": "http", "jq": "((", "regex": "(", "timeout": "fast"},
            {("uri",), ("jq",), ("regex",), ("timeout",)},
        ),
        ({"source": "mqtt", "foo": 1, "jq": "(("}, {("foo",), ("jq",), ("topic",), ("broker",)}),
        (
            {"source": "map", "foo": 1, "values": {"a": 1}, "get": {"source": "nothing"}},
            {("foo",), ("values", "a"), ("get", "source")},
        ),
        (
            {"source": "js", "foo": 1, "in": [{"type": "word", "config": {"source": "nothing"}}]},
            {("foo",), ("in", 0, "name"), ("in", 0, "type"), ("in", 0, "config", "source")},
        ),
    ],
    ids=lambda value: value.get("source") if isinstance(value, dict) else "",
)
def test_every_problem_of_a_getter_is_told_at_once(refused, node, paths):
    told = [path for path, _ in refused(node)]
    assert set(told) == paths
    assert len(told) == len(paths)


def test_every_problem_of_a_setter_is_told_at_once(refused):
    node = {"source": "watchdog", "timeout": "fast", "set": {"source": "modbus", "foo": 1, "uri": "x:x"}}
    assert {path for path, _ in refused(node, build_sink)} == {
        ("timeout",),
        ("set", "foo"),
        ("set", "uri"),
        ("set", "register"),
    }


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"source": "js", "script": "x("}, "this is no JavaScript: "),
        ({"source": "js", "script": "return 5"}, "this is no JavaScript: "),
        ({"source": "script", "cmd": "nonexisting ${maxcurrent}"}, "there is no program 'nonexisting'"),
        ({"source": "script", "cmd": "/dev/null ${maxcurrent}"}, "there is no program '/dev/null'"),
    ],
)
def test_a_setter_that_cannot_work_is_told_when_it_is_built(refused, node, words):
    ((path, text),) = refused(node, build_sink)
    assert path == ("script" if node["source"] == "js" else "cmd",)
    assert text.startswith(words)


def test_a_script_is_read_and_not_run_when_it_is_built(shop):
    for script in ("while (true) {}", "throw 1", "let a = nothing.at.all; a", ""):
        build_sink({"source": "js", "script": script}, "maxcurrent", shop)
    build_sink({"source": "script", "cmd": "sh -c 'exit 1'"}, "maxcurrent", shop)
