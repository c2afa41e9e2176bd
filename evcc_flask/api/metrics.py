"""``GET /api/metrics``: every number of the state as Prometheus reads it. Beyond the contract; no library is needed.

A metric is named after its key (``evcc_charge_power``) in the units of the state; what lies in an object carries both
names, loadpoints, cars, circuits and the entries of a list are labels. Truth is 1 or 0.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import Response

from .blueprint import Blueprint
from .context import state

blp = Blueprint("metrics", __name__, url_prefix="/api")

CONTENT = "text/plain; version=0.0.4; charset=utf-8"
PASSED_OVER = frozenset({"forecast", "issues", "reasons", "batteryReasons", "network", "repeatingPlans", "plan"})
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_NAME = re.compile(r"[^a-zA-Z0-9_]")

Labels = Mapping[str, str]
Sample = tuple[str, Labels, float]


@blp.get("/metrics")
@blp.response(200, {"type": "string"}, content_type="text/plain")
def get_metrics():
    """Every number of the state in Prometheus' text format."""
    return Response(exposition(state().published.state), content_type=CONTENT)


def exposition(published: Mapping[str, Any]) -> str:
    """All samples, those of one name together."""
    grouped: dict[str, list[str]] = {}
    for name, labels, value in _samples(published):
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        grouped.setdefault(name, []).append(f"{name}{{{inside}}} {value!r}" if inside else f"{name} {value!r}")
    return "".join(f"# TYPE {name} gauge\n" + "\n".join(samples) + "\n" for name, samples in grouped.items())


def _samples(published: Mapping[str, Any]) -> Iterator[Sample]:
    yield "evcc_info", {"version": str(published.get("softwareVersion", "")), "site": published["siteTitle"]}, 1.0
    yield "evcc_issues", {}, float(len(published.get("issues", ())))
    for key, value in published.items():
        match key:
            case "loadpoints":
                for number, loadpoint in enumerate(value, 1):
                    labels = {"loadpoint": str(number), "title": loadpoint.get("title", "")}
                    yield from _below("loadpoint", loadpoint, labels)
            case "vehicles" | "circuits":
                for name, each in value.items():
                    yield from _below(key[:-1], each, {key[:-1]: str(name)})
            case "links":
                for link in value:
                    yield from _below("link", link, {"link": str(link.get("name", ""))})
            case _:
                yield from _of(key, value, {})


def _below(name: str, values: Mapping[str, Any], labels: Labels) -> Iterator[Sample]:
    for key, value in values.items():
        yield from _of(f"{name}_{key}", value, labels, key)


def _of(name: str, value: Any, labels: Labels, key: str = "") -> Iterator[Sample]:
    if (key or name) in PASSED_OVER:
        return
    if isinstance(value, int | float):
        yield _metric(name), labels, float(value)
    elif isinstance(value, Mapping):
        yield from _below(name, value, labels)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        phases = len(value) == 3 and all(isinstance(each, int | float | None) for each in value)
        for number, item in enumerate(value, 1):
            label = {"phase": f"l{number}"} if phases else {"id": str(number)}
            if phases or isinstance(item, Mapping):
                yield from _of(name, item, {**labels, **label})


def _metric(name: str) -> str:
    return "evcc_" + _NO_NAME.sub("_", _CAPITAL.sub("_", name)).lower()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
