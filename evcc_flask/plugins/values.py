"""From the text of an answer to a value of the wanted kind, and from a value to text."""

import math
from enum import Enum
from typing import Any

from evcc_flask.bus.needs import ErrorKind, ReadError

from .fields import FALSE, TRUE
from .ports import Value

ABSURD = 1e21
"""No quantity of a house is larger; an answer beyond it is a fault of the device, as NaN and infinity are."""

ASLEEP = {
    "ErrAsleep": ErrorKind.ASLEEP,
    "ErrMustRetry": ErrorKind.MUST_RETRY,
    "ErrNotAvailable": ErrorKind.NOT_AVAILABLE,
}
"""Answers that are errors, spelled as scripts and gateways for evcc spell them."""


class Kind(Enum):
    """What a getter is asked for."""

    FLOAT = "float"
    INT = "int"
    BOOL = "bool"
    TEXT = "string"


def bad(message: str) -> ReadError:
    """An answer came, and it is of no use."""
    return ReadError(ErrorKind.VALUE, message)


def parse(value: Any, kind: Kind, scale: float = 1.0) -> Value:
    """``value`` (text, bytes, a number, a flag) as ``kind``; numbers times ``scale``. Raises ReadError."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace").replace("\0", "")
    if isinstance(value, str) and value.strip() in ASLEEP:
        raise ReadError(ASLEEP[value.strip()], f"the device answered {value.strip()}")
    if value is None:
        raise bad("the answer is null, not a value")
    if kind is Kind.TEXT:
        return spelled(value).strip()
    if kind is Kind.BOOL:
        return flag(value)
    number = finite(value) * scale
    if not abs(number) < ABSURD:
        raise bad(f"{shown(value)} is too large to be true")
    return _rounded(number) if kind is Kind.INT else number


def _rounded(number: float) -> int:
    """To the nearest whole number, halves away from zero, as evcc rounds."""
    return int(math.copysign(math.floor(abs(number) + 0.5), number))


def finite(value: Any) -> float:
    """A number that can be reckoned with. Raises ReadError for NaN, infinity, and what is no number."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise bad(f"{shown(value)} is no number") from None
    if not math.isfinite(number):
        raise bad(f"the answer is {number}, not a number")
    return number


def flag(value: Any) -> bool:
    """True or False; only 1, t, true, 0, f, false count."""
    word = spelled(value).strip().lower()
    if word in TRUE or word in FALSE:
        return word in TRUE
    raise bad(f"{shown(value)} is neither true nor false (1, t, true, 0, f, false)")


def spelled(value: Any) -> str:
    """A value as text: true and false, whole floats without a point."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < ABSURD else repr(value)
    return value.decode("utf-8", "replace").replace("\0", "") if isinstance(value, bytes) else str(value)


def shown(value: Any) -> str:
    """An answer in an error: its beginning, and what it looks like."""
    text = spelled(value).strip()
    if text[:1] == "<" and "html" in text[:200].lower():
        return f"a web page ({text[:40]!r}…)"
    return repr(text) if len(text) <= 60 else f"{text[:60]!r}…"
