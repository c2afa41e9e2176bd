"""Whatever a person writes: it is built, or refused as a Misconfigured with a path; nothing else happens."""

import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evcc_flask.bus.bus import Bus
from evcc_flask.clock import SystemClock
from evcc_flask.plugins.problems import problems_of
from evcc_flask.plugins.registry import KNOWN, build_sink, build_source
from evcc_flask.plugins.shop import Shop, Workshop
from evcc_flask.plugins.values import Kind

KEYS = re.findall(
    r"\w+",
    """
    source value uri method headers body auth timeout cache scale regex jq decode unpack quote register block
    id device baudrate comset rtu add mul abs plugged charging values get set switch default case convert
    error duration reset defer script vm in out name type config cmd valid if else address bitmask delay
    subdevice allowempty
    """,
)
WORDS = ["", "1", "-3", "1.5", "on", "30s", "http", "holding", "writesingle", "uint16", "103:W", "8N1", "/dev/ttyX"]
WORDS += [
    "127.0.0.1:1",
    "${maxcurrent}",
    "${maxcurrent:%d}",
    "{{ .maxcurrent }}",
    "{{",
    "${x}",
    "(",
    ".a",
    "[::1",
    "a b'",
]
SCALARS = (
    st.none() | st.booleans() | st.integers(-9, 99999) | st.floats() | st.sampled_from(WORDS) | st.text(max_size=5)
)


def nodes() -> st.SearchStrategy[Any]:
    def grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        node = st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
        plugin = st.builds(lambda name, keys: {**keys, "source": name}, st.sampled_from(KNOWN), node)
        return node | plugin | st.lists(inner, max_size=3)

    return st.recursive(SCALARS, grown, max_leaves=20)


def shop() -> Shop:
    return Workshop(Bus(SystemClock()), SystemClock()).shop("x")


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(KNOWN), st.dictionaries(st.sampled_from(KEYS), nodes(), max_size=6), st.sampled_from(list(Kind)))
def test_any_node_is_built_or_refused(name: str, node: dict[str, Any], kind: Kind) -> None:
    for build in (
        lambda: list(build_source({**node, "source": name}, shop(), kind).needs()),
        lambda: build_sink({**node, "source": name}, "maxcurrent", shop()).link(),
    ):
        try:
            build()
        except Exception as error:  # noqa: BLE001 # why: problems_of raises again what is no Misconfigured
            problems_of(error)  # type: ignore[arg-type]
