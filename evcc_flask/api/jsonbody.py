"""One way to read JSON that a stranger sent: what is too deep, or no JSON to the letter, is an error like any other."""

import json
import math
from typing import Any, NoReturn

MOST_VALUES = 10_000
"""Ten times what any operation takes; each one costs time to be checked."""


def parsed(body: str | bytes) -> Any:
    """The value. Raises json.JSONDecodeError, also for NaN, 1e999, half characters, endless nesting, a flood."""
    text = _decoded(body)
    if text.count(",") > MOST_VALUES:
        raise json.JSONDecodeError(f"more than {MOST_VALUES} values", "?", 0)
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise json.JSONDecodeError("nested too deeply", "?", 0) from None
    except ValueError as error:  # also a number of too many digits, half a character
        raise json.JSONDecodeError(str(error), "?", 0) from None
    return value


def _decoded(body: str | bytes) -> str:
    if isinstance(body, str):
        return body
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise json.JSONDecodeError(f"no UTF-8: {error.reason}", "?", error.start) from None


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number in JSON")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text[:20]} is too large")
    return value
