"""What travels over ``/ws``: evcc's flat keys, in frames that are made once for everybody. Pure.

Site keys stand plainly, those of a loadpoint as ``loadpoints.0.mode`` (0-based, unlike REST). A list or an object that
changed is sent whole. A key that is gone is sent as null.
"""

import json
import logging
import re
from collections.abc import Mapping
from struct import pack
from typing import Any

from evcc_flask.logs.ring import Line

POLICY_VIOLATION, GOING_AWAY, TRY_AGAIN_LATER = 1008, 1001, 1013
"""Codes of RFC 6455, section 7.4, and its registry."""

_TEXT, _CLOSE = 0x81, 0x88
_LOADPOINT = re.compile(r"lp-(\d+)")


def flat(state: Mapping[str, Any]) -> dict[str, Any]:
    """Every key of a state, as the first frame tells it."""
    keys = {key: value for key, value in state.items() if key != "loadpoints"}
    for index, loadpoint in enumerate(state.get("loadpoints", ())):
        keys |= {f"loadpoints.{index}.{key}": value for key, value in loadpoint.items()}
    return keys


def changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Of two flat states: what the new one has otherwise, and null for what it has no more."""
    keys = {key: value for key, value in new.items() if key not in old or old[key] != value}
    return keys | {key: None for key in old if key not in new}


def event(line: Line) -> dict[str, Any] | None:
    """A line of the log as clients take it; None for what is no warning. ``lp`` counts from 1."""
    if line.level < logging.WARNING:
        return None
    told: dict[str, Any] = {"message": line.said, "level": "error" if line.level >= logging.ERROR else "warn"}
    loadpoint = _LOADPOINT.fullmatch(line.area)
    return told | {"lp": int(loadpoint[1])} if loadpoint else told


def frame(keys: Mapping[str, Any]) -> bytes:
    """A whole text frame as a server sends it: unmasked, in one piece, uncompressed, so that it is the same for all."""
    payload = json.dumps(keys, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    size = len(payload)
    if size < 126:
        return bytes((_TEXT, size)) + payload
    return (pack(">BBH", _TEXT, 126, size) if size < 1 << 16 else pack(">BBQ", _TEXT, 127, size)) + payload


def farewell(code: int) -> bytes:
    """A close frame."""
    return pack(">BBH", _CLOSE, 2, code)
