"""The published state as InfluxDB's line protocol: every number of a cycle, by evcc's names. Pure.

A measurement is named after its key; what lies in an object carries both names (``grid.power`` is ``gridPower``), an
entry of a list its number as ``id``, a loadpoint its title and its car's. Three phases are ``l1``, ``l2``, ``l3``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_ESCAPED = re.compile(r"([,= \\])")
_BREAKS = re.compile(r"[\r\n]+")
PASSED_OVER = frozenset({"network", "cycle", "interval", "forecast", "issues", "links", "reasons", "batteryReasons"})

Tags = Mapping[str, str]
Point = tuple[str, tuple[tuple[str, str], ...]]


def lines(state: Mapping[str, Any], at_s: int) -> bytes:
    """All of a state at ``at_s`` (Unix seconds, for ``precision=s``); empty where there is no number."""
    points: dict[Point, dict[str, float]] = {}
    for key, value in state.items():
        if key in ("loadpoints", "vehicles") or key in PASSED_OVER:
            continue
        if key == "circuits":
            for name, circuit in value.items():
                _gather(points, "circuit", circuit, {"circuit": str(name)})
        else:
            _gather(points, key, value, {})
    for loadpoint in state.get("loadpoints", ()):
        tags = {"loadpoint": loadpoint.get("title", ""), "vehicle": loadpoint.get("vehicleTitle", "")}
        for key, value in loadpoint.items():
            if key not in PASSED_OVER:
                _gather(points, key, value, tags)
    return "\n".join(_line(*point, fields, at_s) for point, fields in points.items()).encode()


def _gather(points: dict[Point, dict[str, float]], key: str, value: Any, tags: Tags) -> None:
    if isinstance(value, Mapping):
        for name, item in value.items():
            _gather(points, f"{key}{name[:1].upper()}{name[1:]}", item, tags)
    elif _number(value):
        points.setdefault((key, _tagged(tags)), {})["value"] = float(value)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        if len(value) == 3 and all(_number(each) for each in value):
            points[key, _tagged(tags)] = {f"l{number}": float(each) for number, each in enumerate(value, 1)}
            return
        for number, item in enumerate(value, 1):
            if isinstance(item, Mapping):
                _gather(points, key, item, {**tags, "id": str(number)})


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _tagged(tags: Tags) -> tuple[tuple[str, str], ...]:
    """Sorted, as InfluxDB likes it best. An empty tag is no tag; a backslash at its end would swallow what follows."""
    stripped = ((key, tag.rstrip("\\")) for key, tag in sorted(tags.items()))
    return tuple((key, tag) for key, tag in stripped if tag)


def _line(measurement: str, tags: Sequence[tuple[str, str]], fields: Mapping[str, float], at_s: int) -> str:
    head = ",".join((_escaped(measurement), *(f"{key}={_escaped(tag)}" for key, tag in tags)))
    return f"{head} {','.join(_fields(fields))} {at_s}"


def _fields(fields: Mapping[str, float]) -> Iterator[str]:
    return (f"{key}={value!r}" for key, value in fields.items())


def _escaped(text: str) -> str:
    return _ESCAPED.sub(r"\\\1", _BREAKS.sub(" ", text))
