"""One set of tests for both engines: pyjq below Python 3.12, the package jq from there on."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evcc_flask.jq.filters import FilterError, compile_filter
from evcc_flask.jq.spelling import respelled


@pytest.mark.parametrize(
    ("text", "value", "result"),
    [
        (".", {"a": [1, 2.5, "x", None, True]}, {"a": [1, 2.5, "x", None, True]}),
        ("", 3, 3),
        (". # a comment", 3, 3),
        (".a // 5", {}, 5),
        ('[.[] | select(.id == "x")][0].v', [{"id": "x", "v": 4}], 4),
        ("map(select(.a > 1)) | length", [{"a": 1}, {"a": 2}], 1),
        ("transpose", [[1, 2], [3]], [[1, 3], [2, None]]),
        ('strptime("%H:%M") | .[3] * 60 + .[4]', "10:30", 630),
        ("def f: . + 1; f | f", 1, 3),
        ("round", -2.5, -3),
        ("map(round)", [0.5, 1.4, -0.4], [1, 1, 0]),
        ("ceil", 2.1, 3),
        ("trunc", -2.7, -2),
        ("abs", -3.5, 3.5),
        ("significand", 10, 1.25),
        ("exp10", 2, 100),
        ("pow(.; 2) | log2", 4, 4),
        ('walk(if type == "number" then . + 1 else . end)', [1, {"a": [2]}], [2, {"a": [3]}]),
        ("pick(.a.b)", {"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}),
        ("toarray", 1, [1]),
        ("trim", " a b\n", "a b"),
        ("trim", "  ", ""),
        ("ltrim", " a ", "a "),
        ("rtrim", " a ", " a"),
        ('trimstr("x")', "xax", "a"),
        ('ltrimstr("a") | rtrimstr("c")', "abc", "b"),
        ("[limit(0; 1, 2)]", None, []),
        ("[limit(2; 1, 2, 3)]", None, [1, 2]),
        ("[skip(1; 1, 2, 3)]", None, [2, 3]),
        ("first(.[])", [4, 5], 4),
        ("isempty(empty)", None, True),
        ("isempty(1, 2)", None, False),
        ('join(",")', [1, None, "a", True], "1,,a,true"),
        ('[splits(", *")]', "a,  b", ["a", "b"]),
        ('[scan("A"; "i")]', "aba", ["a", "a"]),
        ("add(.[])", [1, 2], 3),
        ("IN(1, 2)", 2, True),
        ("INDEX(.id)", [{"id": 1}], {"1": {"id": 1}}),
        ("ascii", 65, "A"),
        ("todate", 0, "1970-01-01T00:00:00Z"),
        ("fromdate", "2015-03-05T23:51:47Z", 1425599507),
        ("have_literal_numbers", None, True),
        ("min_by(.a)", [{"a": 2}, {"a": 1}], {"a": 1}),
        ('getpath(["a", "b"])', {"a": {"b": 2}}, 2),
        ("@base64d", "w6TigqzwnZSe", "ä€𝔞"[:2] + "\U0001d51e"),
        ("@base64d", "", ""),
        ("@base64", "ä", "w6Q="),
        ('"x\\(@base64d)y"', "YWJj", "xabcy"),
        ('. as $x | "\\(if $x then "a" end)"', True, "a"),
        ('if . == 1 then "a" elif . == 2 then "b" end', 3, 3),
        ('if . == 1 then if true then "in" end else "out" end', 1, "in"),
        ("{if: 1, end: .}", 2, {"if": 1, "end": 2}),
        (".end", {"end": 3}, 3),
        ('"if end @base64d"', None, "if end @base64d"),
        ("env | length", None, 0),
        ("$ENV | length", None, 0),
        ("debug", 1, 1),
        ('debug("x")', 1, 1),
        ("stderr", 1, 1),
    ],
)
def test_a_filter_gives_the_same_on_every_engine(text, value, result):
    assert compile_filter(text).one(value) == result


@pytest.mark.parametrize("text", ["input", "inputs", "[limit(1; inputs)]", "halt", "halt_error", "modulemeta"])
def test_what_would_end_or_read_the_process_is_refused(text):
    with pytest.raises(FilterError, match="not available"):
        compile_filter(text).one("x")


@pytest.mark.parametrize(
    "text", [".[", "nosuch", 'import "a" as a; 1', 'include "a"; 1', "if", '"open', "\0", "." * 70000]
)
def test_what_is_no_filter_is_refused_when_it_is_compiled(text):
    with pytest.raises(FilterError):
        compile_filter(text)


def test_an_error_names_its_reason_and_not_the_prelude():
    with pytest.raises(FilterError) as caught:
        compile_filter("nosuch")
    assert str(caught.value) == "nosuch/0 is not defined"


@pytest.mark.parametrize(("text", "words"), [("empty", "no results"), (".[]", "2 results"), ('error("oops")', "oops")])
def test_one_result_is_wanted_and_nothing_else(text, words):
    with pytest.raises(FilterError, match=words):
        compile_filter(text).one([1, 2])


def test_json_text_is_taken_too_and_bad_json_is_an_error():
    assert compile_filter(".a").one_of_text('{"a": 1}') == 1
    with pytest.raises(FilterError, match="JSON"):
        compile_filter(".a").one_of_text("<html>")


def test_a_filter_is_compiled_once():
    assert compile_filter(".only.once") is compile_filter(".only.once")


def test_one_filter_serves_many_threads():
    program = compile_filter("[.[] | . * 2] | add")
    with ThreadPoolExecutor(4) as pool:
        sums = list(pool.map(lambda n: program.one(list(range(n))), range(200)))
    assert sums == [n * (n - 1) if n else None for n in range(200)]


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=40))
def test_base64_comes_back_as_it_was(text):
    assert compile_filter("@base64d").one(base64.b64encode(text.encode()).decode()) == text


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-1000, 1000) | st.text("abc", max_size=3),
        lambda s: st.lists(s) | st.dictionaries(st.text("abc", max_size=2), s),
    )
)
def test_values_pass_unchanged(value):
    assert compile_filter(".").one(json.loads(json.dumps(value))) == value


@given(st.text(st.sampled_from(list('if else end.@base64d"\\()[]{}|,:;#$x1 \n')), max_size=40))
def test_respelling_never_fails_and_keeps_plain_text(text):
    respelled(text)
    assert respelled(json.dumps(text)) == json.dumps(text) or "\\(" in json.dumps(text)


@pytest.mark.parametrize(
    ("text", "value", "sentence"),
    [
        ("ascii", {"a": 1}, "implode needs a list of code points"),
        ("implode", [55296], "implode needs a list of code points"),
        ("error", {"a": None}, '{"a": null}'),
    ],
)
def test_what_jq_stumbles_over_is_a_plain_sentence(text, value, sentence):
    with pytest.raises(FilterError) as error:
        compile_filter(text).all(value)
    assert sentence in str(error.value)


def test_a_mistake_in_a_filter_speaks_of_no_shell():
    with pytest.raises(FilterError) as error:
        compile_filter("{")
    assert "shell" not in str(error.value)


def test_a_list_of_code_points_becomes_a_text():
    assert compile_filter("[[228, 97], []] | map(implode)").one(None) == ["äa", ""]
