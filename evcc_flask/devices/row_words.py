"""The words of a row that mean the same everywhere: tables, encodings, what is a flag and what a text."""

from collections.abc import Mapping
from typing import Any

from evcc_flask.plugins.fields import parse_duration_s
from evcc_flask.plugins.values import Kind

from .parts import Repeat

TABLES = ("input", "holding", "coil", "discrete")
WRITES = {"multiple": "writemultiple", "single": "writesingle", "setcoil": "writecoil"}
FLAGS = {"enabled"}
TEXTS = {"status", "identifier"}
FORM = "application/x-www-form-urlencoded"
SELDOM = "60s"
"""Phase values are needed at the grid and at a charging car; of generation they are only shown."""


def phases_of(expression: Any) -> list[Any]:
    """Three expressions out of one that names three addresses; or the three as they are."""
    if isinstance(expression, list):
        return expression
    word = next(word for word in (*TABLES, "sunspec", "jq", "const") if isinstance(expression.get(word), list))
    return [{**expression, word: value} for value in expression[word]]


def kind_of(name: str, expression: Mapping[str, Any]) -> Kind:
    if expression.get("as") == "string":
        return Kind.TEXT
    if any(word in expression for word in ("map", "is", "is_not")):
        return Kind.TEXT if any(word in expression for word in ("jq", "http")) else Kind.FLOAT
    if name in FLAGS or expression.get("as") == "bool8":
        return Kind.BOOL
    return Kind.TEXT if name in TEXTS else Kind.FLOAT


def repeat_of(control: Mapping[str, Any]) -> Repeat | None:
    words = control.get("repeat")
    if words is None:
        return None
    modes = {"normal": 1, "hold": 2, "charge": 3, "holdcharge": 4}
    lapse_s = parse_duration_s(words["lapse"]) if "lapse" in words else 0.0
    return Repeat(parse_duration_s(words["every"]), frozenset(modes[word] for word in words["modes"]), lapse_s)
