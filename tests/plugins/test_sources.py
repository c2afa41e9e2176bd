"""Getters made of getters, setters made of setters, and programs."""

import pytest

from evcc_flask.bus.needs import ErrorKind, ReadError
from evcc_flask.plugins.registry import ELSEWHERE, MODULES, build_sink, build_source
from evcc_flask.plugins.values import Kind


def const(value):
    return {"source": "const", "value": value}


def memo(name="maxcurrent", factor=1):
    """A setter that notes what it is given in the machine ``house``."""
    return {"source": "js", "vm": "house", "script": f"state.log = (state.log || '') + {name} * {factor} + ' '"}


LOG = {"source": "js", "vm": "house", "script": "state.log || ''"}


@pytest.fixture
def log(read):
    return lambda: read(LOG, Kind.TEXT).split()


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"add": [const(1), const(2.5)]}, 3.5),
        ({"add": const(1)}, 1),
        ({"mul": [const(3), const(-2)]}, -6),
        ({"div": [const(9), const(2)]}, 4.5),
        ({"min": [const(3), const(1)]}, 1),
        ({"max": [const(3), const(1)]}, 3),
        ({"abs": const(-3)}, 3),
        ({"sign": const(-3)}, -1),
        ({"sign": const(0)}, 0),
    ],
)
def test_calc_reckons(read, node, value):
    assert read({"source": "calc", **node}) == value


def test_a_division_by_zero_is_an_error(read):
    with pytest.raises(ReadError, match="division by zero"):
        read({"source": "calc", "div": [const(1), const(0)]})


@pytest.mark.parametrize("keys", [{}, {"add": [const(1)], "mul": [const(1)]}, {"add": []}])
def test_calc_wants_one_operation(refused, keys):
    assert "exactly one operation" in refused({"source": "calc", **keys})[0][1]


@pytest.mark.parametrize(("plugged", "charging", "status"), [(0, 0, "A"), (1, 0, "B"), (1, 1, "C")])
@pytest.mark.parametrize("name", ["combined", "openwb"])
def test_two_flags_make_a_status(read, name, plugged, charging, status):
    assert read({"source": name, "plugged": const(plugged), "charging": const(charging)}, Kind.TEXT) == status


def test_map_translates_both_ways(read, put, log):
    assert read({"source": "map", "values": {"5": 1, 6: "2"}, "get": const(6)}, Kind.INT) == 2
    put({"source": "map", "values": {1: 10}, "set": memo()}, 1)
    assert log() == ["10"]


def test_a_number_that_the_map_lacks_is_an_error(read):
    with pytest.raises(ReadError, match="7 is none of 5"):
        read({"source": "map", "values": {5: 1}, "get": const(7)}, Kind.INT)


@pytest.mark.parametrize(
    ("convert", "given", "got"), [("float2int", 6.9, "6"), ("bool2int", True, "1"), ("int2float", 6, "6")]
)
def test_convert_changes_the_type(put, log, convert, given, got):
    put({"source": "convert", "convert": convert, "set": memo()}, given)
    assert log() == [got]


def test_convert_makes_four_bytes_of_a_number(put, slave):
    server = slave({})
    register = {"address": 9, "type": "writemultiple", "encoding": "bytes"}
    sink = {"source": "modbus", "uri": server.uri, "id": 1, "register": register}
    put({"source": "convert", "convert": "int2bytes", "set": sink}, 0x01020304)
    assert server.written == [(16, 9, 0x0102, 0x0304)]


def test_const_writes_its_own_value(put, log):
    put({"source": "const", "value": "6", "set": memo()}, 16)
    assert log() == ["6"]


def test_switch_chooses_by_value_and_true_is_1(put, log):
    node = {"source": "switch", "switch": [{"case": "1", "set": memo(factor=10)}, {"case": 2, "set": memo(factor=20)}]}
    put(node, True)
    put(node, 2)
    put({**node, "default": memo()}, 3)
    assert log() == ["10", "40", "3"]


def test_a_value_without_case_is_not_available(put):
    with pytest.raises(ReadError) as caught:
        put({"source": "switch", "switch": [{"case": 1, "set": memo()}]}, 4)
    assert caught.value.kind is ErrorKind.NOT_AVAILABLE


def test_a_sequence_runs_in_order_and_ends_at_an_error(put, log, slave):
    server = slave({})
    register = {"address": 9, "type": "writesingle", "decode": "uint16"}
    write = {"source": "modbus", "uri": server.uri, "id": 1, "register": register}
    steps = [memo(), write, {"source": "sleep", "duration": "1ms"}, memo(factor=2)]
    put({"source": "sequence", "set": steps}, 8)
    assert (log(), server.written) == (["8", "16"], [(6, 9, 8)])
    with pytest.raises(ReadError):
        put({"source": "sequence", "set": [{"source": "error", "error": "ErrAsleep"}, memo()]}, 9)
    assert log() == ["8", "16"]


def test_ignore_swallows_the_error_it_names_and_no_other(put):
    failing = {"source": "js", "script": "throw new Error('already done')"}
    put({"source": "ignore", "error": "the script fails: Error: already", "set": failing}, 1)
    with pytest.raises(ReadError):
        put({"source": "ignore", "error": "other", "set": failing}, 1)


def test_ignore_knows_evccs_word_for_a_refusal(put):
    missing = {
        "source": "modbus",
        "uri": "127.0.0.1:1",
        "register": {"address": 1, "type": "writesingle", "decode": "uint16"},
    }
    with pytest.raises(ReadError):
        put({"source": "ignore", "error": "modbus: exception", "set": missing}, 1)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("ErrAsleep", ErrorKind.ASLEEP),
        ("errmustretry", ErrorKind.MUST_RETRY),
        ("ErrNotAvailable", ErrorKind.NOT_AVAILABLE),
    ],
)
def test_error_always_fails_as_told(read, error, kind):
    with pytest.raises(ReadError) as caught:
        read({"source": "error", "error": error})
    assert caught.value.kind is kind


def test_valid_and_ifelse_follow_their_condition(read, put, log):
    assert read({"source": "valid", "valid": const(1), "value": const(5)}) == 5
    with pytest.raises(ReadError) as caught:
        read({"source": "valid", "valid": const(0), "value": const(5)})
    assert caught.value.kind is ErrorKind.NOT_AVAILABLE
    put({"source": "ifelse", "if": memo(factor=10), "else": memo()}, True)
    assert log() == ["10"]


def test_a_script_gives_what_it_prints_and_sees_no_shell(read):
    assert read({"source": "script", "cmd": "printf '%s' \"4 $HOME\"", "regex": r"^4 \$HOME$"}, Kind.TEXT) == "4 $HOME"


def test_a_script_is_given_the_parameter(put, tmp_path):
    put({"source": "script", "cmd": f"touch '{tmp_path}/amp ${{maxcurrent:%d}}'"}, 6.0)
    assert [path.name for path in tmp_path.iterdir()] == ["amp 6"]


@pytest.mark.parametrize(
    ("cmd", "words", "kind"),
    [
        ("false", "status 1", ErrorKind.REFUSED),
        ("/does/not/exist", "cannot be started", ErrorKind.CONNECTION),
        ("sleep 60", "did not end within", ErrorKind.TIMEOUT),
        ("sh -c 'sleep 60 & echo 1; exec >&-; wait'", "did not end within", ErrorKind.TIMEOUT),
        ("cat /dev/zero", "1 MiB", ErrorKind.VALUE),
    ],
)
def test_a_script_that_fails_says_how(read, cmd, words, kind):
    with pytest.raises(ReadError, match=words) as caught:
        read({"source": "script", "cmd": cmd, "timeout": "300ms"})
    assert caught.value.kind is kind


def test_a_script_does_not_see_our_own_settings(read, monkeypatch):
    monkeypatch.setenv("EVCC_DATABASE_DSN", "secret")
    assert "secret" not in read({"source": "script", "cmd": "env"}, Kind.TEXT)


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"source": "htp", "uri": "x"}, "Did you mean 'http'?"),
        ({"source": "qqqq"}, "Known: const, http"),
        ({"source": "go", "script": "1"}, "source: js"),
        ({"source": "aa55udp"}, "not supported here"),
        ({"uri": "x"}, "is missing"),
        ({"source": "sequence"}, "cannot be read"),
        (None, "needs a plugin"),
        ("5", "needs a plugin"),
        ([], "needs a plugin"),
    ],
)
def test_a_plugin_that_is_not_there_is_told_with_a_way_out(refused, node, words):
    assert words in refused(node)[0][1]


def test_a_getter_is_no_setter(refused):
    assert "cannot be written" in refused({"source": "combined"}, build_sink)[0][1]


def test_no_plugin_is_both_here_and_elsewhere():
    assert not set(MODULES) & set(ELSEWHERE)


@pytest.mark.parametrize("source", sorted(MODULES))
def test_every_plugin_tells_an_unknown_setting_by_its_name(refused, source):
    writes_only = ("convert", "switch", "sequence", "ignore", "sleep", "watchdog", "ifelse", "delta", "random")
    build = build_sink if source in writes_only else build_source
    assert ("nonsense",) in [path for path, _ in refused({"source": source, "nonsense": 1}, build)]


def test_a_problem_deep_inside_keeps_its_path(refused):
    node = {"source": "calc", "add": [const(1), {"source": "map", "values": {}, "get": {"source": "const"}}]}
    assert [path for path, _ in refused(node)] == [("add", 1, "values"), ("add", 1, "get", "value")]
