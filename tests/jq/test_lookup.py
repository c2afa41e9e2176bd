"""A filter that only names a place is looked up, and nobody can tell that jq was not asked."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evcc_flask.jq.filters import FilterError, compile_filter
from evcc_flask.jq.lookup import looked_up

STATE = {
    "siteTitle": 'Höme "1" \u2028',
    "loadpoints": [{"mode": "pv", "chargePower": 1200.5, "phases": 3, "limit": None}],
    "result": {"siteTitle": "inner"},
    "resultset": 5,
    "demo": False,
    "tiny": 1e-5,
    "whole": 5.0,
    "vast": 2**60,
    "nothing": None,
}
KEYS = st.sampled_from(
    ["siteTitle", "loadpoints", "mode", "chargePower", "limit", "result", "whole", "if", "and", "x1"]
)
PATHS = st.lists(st.one_of(KEYS.map(".{}".format), st.sampled_from(["[0]", "[1]", "[9999]"])), min_size=1, max_size=4)


def of_jq(text):
    """As the pool has it; the word ``result`` at the beginning is the state."""
    rest = re.sub(r"^\.result(?!\w)", "", text)
    program = text if rest == text else rest if rest.startswith(".") else f".{rest}"
    (result,) = compile_filter(program).all(json.loads(json.dumps(STATE)))
    return json.dumps(result, ensure_ascii=False, separators=(",", ":")).encode()


@given(PATHS.map("".join))
def test_what_is_looked_up_is_what_jq_says(text):
    found = looked_up(text, STATE)
    if found is not None:
        assert found == of_jq(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (".siteTitle", '"Höme \\"1\\" \u2028"'),
        (".result.siteTitle", '"Höme \\"1\\" \u2028"'),
        (".loadpoints[0].chargePower", "1200.5"),
        (".loadpoints[0].phases", "3"),
        (".loadpoints[7].phases", "null"),
        (".nothing.at.all[3]", "null"),
        (".resultset", "5"),
        (".demo", "false"),
        (".tiny", "1e-05"),
    ],
)
def test_one_value_by_its_place_needs_no_jq(text, found):
    assert looked_up(text, STATE) == found.encode() == of_jq(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            ".",
            ".result",
            ".result.result.siteTitle",
            ".result[0]",
            ".siteTitle | .",
            ".siteTitle?",
            ".[0]",
            "..",
            "1",
        ),
        *(".loadpoints[]", ".loadpoints[-1]", '.["siteTitle"]', ".siteTitle.x", ".loadpoints.mode", ".siteTitle[0]"),
        *(".loadpoints", ".loadpoints[0]", ".whole", ".vast", ".größe", ".siteTitle #", ". siteTitle", ".a" * 150),
    ],
)
def test_all_else_is_a_matter_for_jq(text):
    assert looked_up(text, STATE) is None


def test_the_word_for_what_is_wrong_is_left_to_jq():
    assert looked_up(".siteTitle.x", STATE) is None
    with pytest.raises(FilterError, match="Cannot index string"):
        compile_filter(".siteTitle.x").all(STATE)
