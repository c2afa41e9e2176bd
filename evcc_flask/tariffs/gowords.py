"""What the words of a formula do: Go's operators, its ``math``, and the parts of a time."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime

Value = float | bool
WHOLE_LIMIT = 2**63
"""Whole numbers of Go have 64 bits; ours must not grow without end."""

OF_TIME: Mapping[str, Callable[[datetime], int]] = {
    "ts.Hour": lambda ts: ts.hour,
    "ts.Minute": lambda ts: ts.minute,
    "ts.Second": lambda ts: ts.second,
    "ts.Day": lambda ts: ts.day,
    "ts.Month": lambda ts: ts.month,
    "ts.Year": lambda ts: ts.year,
    "ts.YearDay": lambda ts: ts.timetuple().tm_yday,
    "ts.Weekday": lambda ts: ts.isoweekday() % 7,
    "ts.Unix": lambda ts: int(ts.timestamp()),
}
MATH: Mapping[str, tuple[int, Callable[..., float]]] = {
    "math.Abs": (1, abs),
    "math.Ceil": (1, lambda x: float(math.ceil(x))),
    "math.Floor": (1, lambda x: float(math.floor(x))),
    "math.Trunc": (1, lambda x: float(math.trunc(x))),
    "math.Round": (1, lambda x: math.copysign(math.floor(abs(x) + 0.5), x)),
    "math.RoundToEven": (1, lambda x: float(round(x))),
    "math.Sqrt": (1, math.sqrt),
    "math.Exp": (1, math.exp),
    "math.Log": (1, math.log),
    "math.Log10": (1, math.log10),
    "math.Sin": (1, math.sin),
    "math.Cos": (1, math.cos),
    "math.Max": (2, max),
    "math.Min": (2, min),
    "math.Mod": (2, math.fmod),
    "math.Pow": (2, math.pow),
    "float64": (1, float),
    "int": (1, int),
}
CONSTANTS: Mapping[str, float | bool] = {
    "true": True,
    "false": False,
    "math.Pi": math.pi,
    "math.E": math.e,
    **{f"time.{day}": at for at, day in enumerate(("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday"))},
    "time.Saturday": 6,
    **{
        f"time.{month}": at
        for at, month in enumerate(
            ("January", "February", "March", "April", "May", "June", "July", "August", "September"), 1
        )
    },
    "time.October": 10,
    "time.November": 11,
    "time.December": 12,
}


def truth(value: Value) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value:g} is neither true nor false")
    return value


def number(value: Value) -> float:
    if isinstance(value, bool):
        raise TypeError("true and false are no numbers")
    return value


def _quotient(a: float, b: float) -> float:
    """Whole numbers are divided as Go does: towards zero."""
    if isinstance(a, int) and isinstance(b, int):
        whole = abs(a) // abs(b)
        return whole if (a < 0) == (b < 0) else -whole
    return a / b


def _within(value: float) -> float:
    if isinstance(value, int) and abs(value) >= WHOLE_LIMIT:
        raise OverflowError("a whole number is too large")
    return value


ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": lambda a, b: _within(a + b),
    "-": lambda a, b: _within(a - b),
    "*": lambda a, b: _within(a * b),
    "/": _quotient,
    "%": lambda a, b: math.fmod(a, b) if isinstance(a, float) or isinstance(b, float) else int(math.fmod(a, b)),
}
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
