import json
import logging

import pytest

from evcc_flask.logs.ring import Line
from evcc_flask.realtime.frames import changed, event, flat, frame

STATE = {"homePower": 512, "vehicles": {"golf": {}}, "loadpoints": [{"mode": "pv"}, {"mode": "off", "title": "Säule"}]}


def test_keys_are_flat_and_loadpoints_count_from_zero():
    assert flat(STATE) == {
        "homePower": 512,
        "vehicles": {"golf": {}},
        "loadpoints.0.mode": "pv",
        "loadpoints.1.mode": "off",
        "loadpoints.1.title": "Säule",
    }


def test_only_what_changed_is_told_lists_and_objects_whole_and_what_is_gone_as_null():
    old = {"a": 1, "list": [1, 2], "gone": 3, "same": {"x": [1]}}
    new = {"a": 2, "list": [1, 3], "same": {"x": [1]}, "new": None}
    assert changed(old, new) == {"a": 2, "list": [1, 3], "gone": None, "new": None}
    assert changed(new, new) == {}


@pytest.mark.parametrize("size", [1, 111, 112, 113, 65_000, 65_536, 70_000])
def test_a_frame_is_what_the_protocol_says(size):
    from wsproto.connection import Connection, ConnectionType
    from wsproto.events import TextMessage

    client = Connection(ConnectionType.CLIENT)
    client.receive_data(frame({"ü": "x" * size}))
    text = "".join(each.data for each in client.events() if isinstance(each, TextMessage))
    assert json.loads(text) == {"ü": "x" * size}


def test_warnings_and_errors_are_told_with_their_loadpoint():
    assert event(Line("site", logging.WARNING, "[site  ] WARN late", "late")) == {"message": "late", "level": "warn"}
    assert event(Line("lp-2", logging.CRITICAL, "…", "gone")) == {"message": "gone", "level": "error", "lp": 2}
    assert event(Line("site", logging.INFO, "…", "fine")) is None
