"""Loose typing as in an evcc.yaml: the marshmallow fields and the base schema of sections, devices and plugins.

``"6"`` is 6, ``1`` is true, one value may stand for a list of one, and a list of one-entry maps for a map. Keys arrive
in lower case. An unknown key is an error that names the near miss.
"""

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields

TRUE = {"1", "t", "true"}
FALSE = {"0", "f", "false"}
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration_s(text: str | int | float) -> float:
    """``1h30m`` as seconds; a bare number is nanoseconds, as evcc has it. Raises ValueError."""
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        return float(text) * 1e-9
    word = str(text).strip()
    sign = -1.0 if word.startswith("-") else 1.0
    word = word.lstrip("+-")
    if re.fullmatch(r"\d+(\.\d+)?", word):
        return sign * float(word) * 1e-9
    if not word or _DURATION.sub("", word):
        raise ValueError(f"{text!r} is no duration; write 30s, 5m or 1h30m")
    return sign * sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(word))


class Text(fields.Field):
    """A string; numbers and flags are taken as they were written."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (str, int, float)):
            return str(value)
        raise ValidationError(f"needs a text, not {_kind(value)}")


class Number(fields.Field):
    """A float in W, A, V …; ``"6"`` counts."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if isinstance(value, bool):
            return float(value)
        try:
            number = float(value.replace("_", "")) if isinstance(value, str) else float(value)
        except (TypeError, ValueError, OverflowError):
            raise ValidationError(f"needs a number, not {_shown(value)}") from None
        if not math.isfinite(number):
            raise ValidationError(f"needs a finite number, not {_shown(value)}")
        return number


class Whole(fields.Field):
    """An int; hexadecimal text counts."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        try:
            if isinstance(value, str):
                return int(value.replace("_", ""), 0) if value.lower().startswith("0x") else int(value.replace("_", ""))
            if isinstance(value, float) and not value.is_integer():
                raise ValueError
            return int(value)
        except (TypeError, ValueError, OverflowError):
            raise ValidationError(f"needs a whole number, not {_shown(value)}") from None


class Flag(fields.Field):
    """A bool; 1, t, true, on, yes and their opposites in any case."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        word = str(value).lower()
        if word in TRUE | {"on", "yes"} or word in FALSE | {"off", "no"}:
            return word in TRUE | {"on", "yes"}
        raise ValidationError(f"needs true or false, not {_shown(value)}")


class Duration(fields.Field):
    """Seconds, from ``30s`` or ``1h30m``."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        try:
            return parse_duration_s(value)
        except ValueError as error:
            raise ValidationError(str(error)) from None


class Timeout(Duration):
    """Seconds to wait for an answer; a bare number would be nanoseconds, in which nothing ever answers."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        seconds = super()._deserialize(value, attr, data, **kwargs)
        if 0 < seconds < 1e-3 and not str(value).strip().endswith("s"):
            raise ValidationError(f"{value} without a unit is nanoseconds. Write {value}s")
        return seconds


class Many(fields.List):
    """A list; one value stands for a list of one, nothing for an empty one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        return super()._deserialize(as_list(value), attr, data, **kwargs)


class Tree(fields.Field):
    """A map that another schema checks later (a plugin, a device); a list of one-entry maps counts as one map."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any]:
        merged = as_map(value)
        if merged is None:
            raise ValidationError(f"needs a map of settings, not {_kind(value)}")
        return merged


class Loose(Schema):
    """The base of all: unknown keys are errors and name the near miss; an empty value counts as not set."""

    class Meta:
        unknown = RAISE

    def handle_error(self, error: ValidationError, data: Any, *, many: bool, **kwargs: Any) -> None:
        """Replace marshmallow's words by ours."""
        if isinstance(error.messages, dict):
            for key, messages in error.messages.items():
                if messages == ["Unknown field."]:
                    error.messages[key] = [unknown_key(str(key), self._names())]
                elif messages == ["Missing data for required field."]:
                    error.messages[key] = ["is missing"]

    def _names(self) -> list[str]:
        return [field.data_key or name for name, field in self.load_fields.items()]

    def required(self) -> list[str]:
        """What must be there."""
        return [name for name, field in self.load_fields.items() if field.required]

    def load_loose(self, data: Any, partial: Sequence[str] = ()) -> dict[str, Any]:
        """Validate a map with lower-case keys; None values are dropped. Raises marshmallow.ValidationError.

        ``partial``: what may be missing though it must be there.
        """
        tree = as_map(data)
        if tree is None:
            raise ValidationError(f"needs a map of settings, not {_kind(data)}")
        return dict(self.load({key: value for key, value in tree.items() if value is not None}, partial=partial))


def as_list(value: Any) -> list[Any]:
    """One value as a list of one, None as an empty list."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def as_map(value: Any) -> dict[str, Any] | None:
    """A map, or a list of one-entry maps as one; None where it is neither."""
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, list) and value and all(isinstance(item, Mapping) and len(item) == 1 for item in value):
        return {key: item[key] for item in value for key in item}
    return None


def unknown_key(key: str, known: list[str]) -> str:
    """``is not a known setting. Did you mean 'host'?``"""
    turned = [word for word in known if sorted(word.lower()) == sorted(key.lower())]
    near = turned or difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.6)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known here: {', '.join(sorted(known))}."
    return f"is not a known setting. {hint}"


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, (str, int, float)) else _kind(value)


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a map"
    return "a list" if isinstance(value, list) else repr(value)
