"""Each step between an answer and a value, and each way in which an answer is of no use."""

import pytest

from evcc_flask.bus.needs import ErrorKind, ReadError
from evcc_flask.plugins.values import Kind, parse


def const(value, **keys):
    return {"source": "const", "value": value, **keys}


@pytest.mark.parametrize(
    ("node", "kind", "value"),
    [
        (const("5", scale=2), Kind.FLOAT, 10.0),
        (const(5.6), Kind.INT, 6),
        (const("2.5"), Kind.INT, 3),
        (const("-2.5"), Kind.INT, -3),
        (const("C\n"), Kind.TEXT, "C"),
        (const("TRUE"), Kind.BOOL, True),
        (const("f"), Kind.BOOL, False),
        (const(True), Kind.TEXT, "true"),
        (const("power: 42 W", regex=r"(\d+) W"), Kind.FLOAT, 42.0),
        (const("power: 42 W", regex=r"\d+"), Kind.FLOAT, 42.0),
        (const("nothing", regex=r"\d+", default="3"), Kind.FLOAT, 3.0),
        (const('{"a": [1, 2.5]}', jq=".a | add"), Kind.FLOAT, 3.5),
        (const('{"a": true}', jq=".a"), Kind.BOOL, True),
        (const('{"a": {"b": 1}}', jq=".a"), Kind.TEXT, '{"b": 1}'),
        (const("on", jq='. == "on"', quote=True), Kind.BOOL, True),
        (const('<?xml version="1.0"?><m id="7"><p>12</p><p>30</p></m>', jq=".m.p[1]"), Kind.FLOAT, 30.0),
        (const('<m id="7">text</m>', jq=".m.attrid"), Kind.INT, 7),
        (const('<m id="7">text</m>', jq='.m["#content"]'), Kind.TEXT, "text"),
        (const("42f60000", unpack="hex", decode="float32"), Kind.FLOAT, 123.0),
        (const("0x0000fffe", unpack="hex", decode="int32s"), Kind.FLOAT, -131072.0),
        (const("48616c6c6f", unpack="hex"), Kind.TEXT, "Hallo"),
        (const("", allowempty=True), Kind.TEXT, ""),
        (const("", allowempty=True), Kind.FLOAT, 0.0),
    ],
)
def test_an_answer_becomes_the_value_that_is_wanted(read, node, kind, value):
    got = read(node, kind)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("node", "kind", "words"),
    [
        (const("on"), Kind.BOOL, "neither true nor false"),
        (const("yes"), Kind.BOOL, "neither true nor false"),
        (const("abc"), Kind.FLOAT, "'abc' is no number"),
        (const("NaN"), Kind.FLOAT, "nan"),
        (const("inf"), Kind.FLOAT, "inf"),
        (const("1e308"), Kind.FLOAT, "too large"),
        (const("1e20", scale=1000), Kind.INT, "too large"),
        (const(""), Kind.FLOAT, "is no number"),
        (const("<!DOCTYPE html><html></html>"), Kind.FLOAT, "a web page"),
        (const("<html>login</html>", jq=".a"), Kind.FLOAT, "a web page"),
        (const("oops", jq=".a"), Kind.FLOAT, "no JSON"),
        (const('{"a": NaN}', jq=".a"), Kind.FLOAT, "NaN"),
        (const('{"a": null}', jq=".a"), Kind.FLOAT, "null"),
        (const("{}", jq=".a.b"), Kind.TEXT, "null"),
        (const("[1,2]", jq=".[]"), Kind.FLOAT, "2 results"),
        (const("[]", jq=".[]"), Kind.FLOAT, "no results"),
        (const("{}", jq=".a + {}|.[0]"), Kind.FLOAT, "Cannot index"),
        (const("nothing", regex=r"\d+"), Kind.FLOAT, "is nowhere in"),
        (const("xyz", unpack="hex"), Kind.TEXT, "not hexadecimal"),
        (const("00", unpack="hex", decode="float32"), Kind.FLOAT, "bytes"),
        (const("<a><b></a>", jq=".a"), Kind.FLOAT, "no proper XML"),
        (const('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', jq=".a"), Kind.TEXT, "XML"),
    ],
)
def test_a_useless_answer_says_what_is_wrong_with_it(read, node, kind, words):
    with pytest.raises(ReadError, match="(?i)" + words) as caught:
        read(node, kind)
    assert caught.value.kind is ErrorKind.VALUE


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("ErrAsleep", ErrorKind.ASLEEP),
        ("ErrMustRetry\n", ErrorKind.MUST_RETRY),
        ("ErrNotAvailable", ErrorKind.NOT_AVAILABLE),
    ],
)
def test_an_answer_that_names_an_error_is_this_error(read, answer, kind):
    with pytest.raises(ReadError) as caught:
        read(const(answer, jq=".a"))
    assert caught.value.kind is kind


def test_infinity_and_null_of_a_filter_are_no_values():
    for value in (float("nan"), float("inf"), None, 1.7976931348623157e308):
        with pytest.raises(ReadError):
            parse(value, Kind.FLOAT)


def test_all_problems_of_a_node_are_told_at_once(refused):
    node = const("1", qoute=True, regex="(", jq=".[", decode="float33", unpack="zip", scale="much")
    problems = dict(refused(node))
    assert set(problems) == {("qoute",), ("regex",), ("jq",), ("decode",), ("unpack",), ("scale",)}
    assert "Did you mean 'quote'?" in problems["qoute",]
    assert "hex" in problems["unpack",]
