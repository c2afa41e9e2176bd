"""Whatever stands in a file, reading it ends in a configuration with issues, never in an exception."""

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evcc_flask.config.house import settings_of
from evcc_flask.config.load import load
from evcc_flask.config.sections import CircuitSection, LoadpointSection, SiteMeters, SiteSection, Top

KEYS = sorted({*Top().fields, *SiteSection().fields, *SiteMeters().fields, *LoadpointSection().fields})
KEYS += [*CircuitSection().fields, "name", "type", "poll", "<<", "Mode", "1"]
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10**20),
    st.floats(),
    st.sampled_from(["", "off", "grid", "wallbox", "L1 L2 L3", "30s", "1e400", "0x0c", "info,site:debug", "ä\u0000"]),
    st.text(max_size=5),
)
trees = st.recursive(
    scalars,
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(st.sampled_from(KEYS), below, max_size=4)),
    max_leaves=12,
)
files = st.one_of(
    st.dictionaries(st.sampled_from(KEYS), trees, max_size=6).map(lambda tree: json.dumps(tree, allow_nan=True)),
    st.text(max_size=60),
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files, files)
def test_any_two_files_make_a_configuration(tmp_path: Path, text: str, own: str):
    (tmp_path / "evcc.yaml").write_text(text, "utf-8", errors="surrogatepass")
    (tmp_path / "evcc-flask.yaml").write_text(own, "utf-8", errors="surrogatepass")
    configuration = load(tmp_path / "evcc.yaml", {"EVCC_SITE_TITLE": "x", "EVCC_NETWORK_PORT": "1"})
    settings_of(configuration)
    for issue in configuration.issues:
        assert issue.message
        assert str(issue)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_make_a_configuration(tmp_path: Path, data: bytes):
    (tmp_path / "evcc.yaml").write_bytes(data)
    load(tmp_path / "evcc.yaml", {})
