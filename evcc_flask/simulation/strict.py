"""YAML into dataclasses: a misspelt word in a scenario is an error with a place, not a test that tests nothing.

Words mean what they look like: ``off`` is the mode, not false, and ``10:00`` a time, not 600.
"""

import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, time, timedelta
from difflib import get_close_matches
from enum import Enum, IntEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

T = TypeVar("T")


class Unreadable(ValueError):
    """A scenario says what cannot be understood: file, key, what would be right."""


class _Words(yaml.SafeLoader):
    """YAML 1.2 core words, and no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise Unreadable(f"line {key.start_mark.line + 1}: {key.value} is said twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Words.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|false)$", "tf"),
    ("null", r"^(?:null|~|)$", ["n", "~", ""]),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?)|[-+]?\.inf|\.nan)$", "-+.0123456789"),
):
    _Words.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def load(path: Path) -> object:
    """The plain content of a file. Raises Unreadable."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Words)
    except (yaml.YAMLError, Unreadable) as error:
        raise Unreadable(f"{path}: {error}") from error


def clock_time(text: object, path: str) -> timedelta:
    """``"10:00"`` or ``"10:00:30"`` as time since midnight; hours may exceed 24 for the next day."""
    parts = str(text).split(":")
    if len(parts) not in (2, 3) or not all(part.isdigit() for part in parts):
        raise Unreadable(f"{path}: {text!r} is no time. Write 10:00 or 10:00:30.")
    hours, minutes, *seconds = map(int, parts)
    return timedelta(hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0)


@lru_cache(maxsize=64)
def _hints(cls: type) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {each.name: hints[each.name] for each in fields(cls)}


def build(cls: type[T], node: object, path: str) -> T:
    """A dataclass of a mapping. Raises Unreadable naming the key."""
    values = partial(cls, node, path)
    for each in fields(cls):  # type: ignore[arg-type]
        if each.name not in values and each.default is MISSING and each.default_factory is MISSING:
            raise Unreadable(f"{path}.{each.name} is missing")
    return cls(**values)


def partial(cls: type, node: object, path: str) -> dict[str, Any]:
    """The given fields of a dataclass only, each converted. Raises Unreadable naming the key."""
    hints = _hints(cls)
    if not isinstance(node, Mapping):
        raise Unreadable(f"{path}: a mapping of {', '.join(hints)} was expected, not {node!r}")
    check_words(node, tuple(hints), path)
    return {key: convert(hints[key], value, f"{path}.{key}") for key, value in node.items()}


def check_words(node: Mapping[Any, object], known: Sequence[str], path: str) -> None:
    """Raises Unreadable for the first key that is not known, with the nearest one that is."""
    for key in node:
        if key in known:
            continue
        near = get_close_matches(str(key), known, 1)
        hint = f"Did you mean {near[0]}?" if near else f"Known are {', '.join(known)}."
        raise Unreadable(f"{path}.{key}: unknown word. {hint}")


def convert(hint: Any, value: object, path: str) -> Any:
    """A YAML value as a dataclass's field wants it. Raises Unreadable."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any or hint is object:
        return value
    if origin in (Union, types.UnionType):
        return _one_of(inner, value, path)
    if origin in (tuple, frozenset):
        if not isinstance(value, list):
            raise Unreadable(f"{path}: a list was expected, not {value!r}")
        if origin is tuple and inner[-1] is not Ellipsis and len(value) != len(inner):
            raise Unreadable(f"{path}: {len(inner)} values were expected, not {len(value)}")
        return origin(convert(inner[0], each, f"{path}[{place}]") for place, each in enumerate(value))
    if hint is timedelta:
        return clock_time(value, path)
    if hint is time:
        seconds = int(clock_time(value, path).total_seconds()) % 86400
        return time(seconds // 3600, seconds // 60 % 60, seconds % 60)
    if is_dataclass(hint):
        return build(hint, value, path)  # type: ignore[arg-type]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _word(hint, value, path)
    return _plain(hint, value, path)


def _one_of(hints: Sequence[Any], value: object, path: str) -> Any:
    if value is None and type(None) in hints:
        return None
    errors = []
    for hint in hints:
        if hint is type(None):
            continue
        try:
            return convert(hint, value, path)
        except Unreadable as error:
            errors.append(str(error))
    raise Unreadable(errors[-1])


def _word(hint: type[Enum], value: object, path: str) -> Enum:
    words = {each.name.lower() if issubclass(hint, IntEnum) else str(each.value): each for each in hint}
    if str(value) not in words:
        near = get_close_matches(str(value), list(words), 1)
        hint_text = f"Did you mean {near[0]}?" if near else f"Known are {', '.join(words)}."
        raise Unreadable(f"{path}: {value!r} is unknown. {hint_text}")
    return words[str(value)]


def _plain(hint: Any, value: object, path: str) -> object:
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if hint is date:
        try:
            return date.fromisoformat(str(value))
        except ValueError as error:
            raise Unreadable(f"{path}: {error}. Write 2026-06-21.") from error
    if isinstance(value, hint) and (hint is bool or not isinstance(value, bool)):
        return value
    raise Unreadable(f"{path}: {value!r} is no {hint.__name__}")
