"""The library of devices: rows of ``library/*.yaml``, found by name, by evcc's template names, types and models.

What the words of a row mean: :mod:`evcc_flask.devices.row`.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from evcc_flask.domain.issues import Misconfigured

FOLDER = Path(__file__).with_name("library")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Row = Mapping[str, Any]


@cache
def rows() -> Mapping[str, Row]:
    """All rows by their own name, ``like`` resolved."""
    raw: dict[str, dict[str, Any]] = {}
    for file in sorted(FOLDER.glob("*.yaml")):
        for name, row in yaml.load(file.read_text("utf-8"), LOADER).items():
            if name in raw:
                raise ValueError(f"{file.name}: {name} is described twice")
            raw[name] = row
    return {name: _resolved(name, raw) for name in raw}


def find(kind: str, template: str) -> tuple[str, Row]:
    """The row of a ``template: NAME``. Raises Misconfigured with the near miss."""
    return _named(kind, template, ("covers",), "template")


def native(kind: str, word: str) -> tuple[str, Row] | None:
    """The row of an old ``type: NAME``; None where there is none."""
    index = _index(kind, ("native",))
    return (index[word], rows()[index[word]]) if word in index else None


def model(name: str) -> tuple[str, Row]:
    """The row of an mbmd ``model``. Raises Misconfigured with the near miss."""
    return _named("meter", name.lower(), ("mbmd",), "model")


def names(kind: str) -> list[str]:
    """Every template name and alias of one kind of device."""
    return sorted(_index(kind, ("covers",)))


def _named(kind: str, word: str, keys: Iterable[str], path: str) -> tuple[str, Row]:
    index = _index(kind, tuple(keys))
    if word in index:
        return index[word], rows()[index[word]]
    near = get_close_matches(word, index, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}?" if near else "`evcc-flask devices` lists what is known."
    raise Misconfigured(f"{word!r} is no {path} of a {kind} that this program knows", (path,), hint)


@cache
def _index(kind: str, keys: tuple[str, ...]) -> Mapping[str, str]:
    index: dict[str, str] = {}
    for name, row in rows().items():
        if row["kind"] != kind:
            continue
        own = () if keys in (("native",), ("mbmd",)) else (name,)
        for word in (*own, *(word for key in keys for word in row.get(key, ()))):
            if word in index:
                raise ValueError(f"{word} is claimed by {index[word]} and {name}")
            index[word] = name
    return index


NOT_INHERITED = ("title", "covers", "native", "mbmd", "proof", "like", "notes")


def _resolved(name: str, raw: Mapping[str, dict[str, Any]]) -> Row:
    row = raw[name]
    if "like" not in row:
        return row
    base = {key: value for key, value in _resolved(row["like"], raw).items() if key not in NOT_INHERITED}
    return merged(base, {key: value for key, value in row.items() if key != "like"})


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``over`` laid upon it, map by map; None takes a key away."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(below, Mapping) and key in DEEP:
            result[key] = merged(below, value)
        else:
            result[key] = value
    return result


DEEP = ("points", "control", "parameters", "usages", "link", "grid", "pv", "battery", "charge", "aux")
"""Keys whose maps are merged; any other map (a point, a step) is replaced as a whole."""
