"""Rows that are written as a custom device: plugins with ``${name}`` for the parameters of a user."""

import json
import re
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from typing import Any

from evcc_flask.domain.issues import Misconfigured
from evcc_flask.plugins.problems import problems_of

_PARAMETER = re.compile(r"\$\{(\w+)\}")


def filled(node: Any, values: Mapping[str, Any], kept: Set[str] = frozenset()) -> Any:
    """``node`` with its parameters; None for what lacks one. Lists become JSON, for jq.

    ``kept``: names that stand for what is written later.
    """
    if isinstance(node, Mapping):
        below = {key: filled(value, values, kept) for key, value in node.items()}
        if any(value is None for value in below.values()) and "source" in node:
            return None
        return {key: value for key, value in below.items() if value is not None}
    if isinstance(node, list):
        items = [filled(value, values, kept) for value in node]
        return None if any(item is None for item in items) else items
    if not isinstance(node, str):
        return node
    names = set(_PARAMETER.findall(node)) - kept
    if any(values.get(name) in (None, "") for name in names):
        return None
    for name in names:
        value = values[name]
        text = json.dumps(value) if isinstance(value, list) else str(value)
        node = node.replace(f"${{{name}}}", text)
    return node


@contextmanager
def at_template() -> Iterator[None]:
    """What is wrong with a row that was filled in is told at the template's name: nobody wrote its plugins."""
    try:
        yield
    except (Misconfigured, ExceptionGroup) as problem:
        raise ExceptionGroup("this device cannot be read", [_at_row(each) for each in problems_of(problem)]) from None


def _at_row(problem: Misconfigured) -> Misconfigured:
    place = ".".join(str(step) for step in problem.path)
    return Misconfigured(f"{place}: {problem.message}", ("template",), problem.remedy)
