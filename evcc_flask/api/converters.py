"""Values in paths. What is no number, flag or word at all is no path of ours (404); a wrong one is refused (400).

Each converter says its schema, so that the served OpenAPI document states what is checked.
"""

import math
import re
from datetime import UTC, datetime, time
from typing import Any, ClassVar

from flask import Flask
from flask_smorest import Api
from marshmallow import ValidationError as MarshmallowError
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.routing import BaseConverter, Map, ValidationError

from evcc_flask.domain.once import WORDS
from evcc_flask.domain.words import BatteryMode, Mode

from .context import state
from .schemas.plans import CLOCK, zone

INT64 = 2**63 - 1


class Value(BaseConverter):
    """One path segment that looks right; ``parsed`` says what it means."""

    def to_python(self, value: str) -> Any:
        # The router lets a line feed at the end pass.
        if not re.fullmatch(self.regex, value):
            raise ValidationError
        return self.parsed(value)

    def parsed(self, text: str) -> Any:
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        raise NotImplementedError


class Number(Value):
    """A finite number, within bounds where they are given."""

    regex = r"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?"

    def __init__(self, map: Map, min: float | None = None, max: float | None = None) -> None:
        super().__init__(map)
        self.min, self.max = min, max

    def parsed(self, text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            raise BadRequest(f"{text} is no number") from None
        if not math.isfinite(number):
            raise BadRequest(f"{text} is too large a number")
        self.check(text, number)
        return number

    def check(self, text: str, number: float) -> None:
        """Raises BadRequest outside the bounds."""
        if self.min is not None and number < self.min:
            raise BadRequest(f"{text} is below {self.min:g}")
        if self.max is not None and number > self.max:
            raise BadRequest(f"{text} is above {self.max:g}")

    def schema(self) -> dict[str, Any]:
        bounds = {"minimum": self.min, "maximum": self.max}
        return {"type": "number"} | {name: bound for name, bound in bounds.items() if bound is not None}


class Whole(Number):
    """A whole number that fits 64 bits, however it is spelled."""

    def parsed(self, text: str) -> int:
        digits = re.fullmatch(r"\+?[0-9]+", text)
        number = int(text) if digits else super().parsed(text)
        if number != int(number):
            raise BadRequest(f"{text} is no whole number")
        if abs(number) > INT64:
            raise BadRequest(f"{text} is too large a number")
        self.check(text, number)
        return int(number)

    def schema(self) -> dict[str, Any]:
        return super().schema() | {"type": "integer"}


class Loadpoint(Value):
    """1-based in the path, 0-based in the program; a loadpoint that does not exist has no path."""

    regex = r"[1-9][0-9]{0,5}"

    def parsed(self, text: str) -> int:
        index = int(text) - 1
        if index >= len(state().settings.loadpoints):
            # Of a path with several methods the router would take another refusal for a wrong method.
            raise NotFound
        return index

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": 1}


class Flag(Value):
    """True or false in evcc's spellings."""

    regex = r"[01truefals]+"
    words: ClassVar = {"1": True, "t": True, "true": True, "0": False, "f": False, "false": False}

    def parsed(self, text: str) -> bool:
        if text not in self.words:
            raise BadRequest(f"{text} is neither true nor false")
        return bool(self.words[text])

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": ["true", "false", "1", "0"]}


class ModeWord(Value):
    """A charge mode."""

    regex = r"[a-z]+"

    def parsed(self, text: str) -> Mode:
        try:
            return Mode(text)
        except ValueError:
            raise BadRequest(f"invalid value: {text}") from None

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": [mode.value for mode in Mode]}


class BatteryModeWord(Value):
    """A mode of the home battery."""

    regex = r"[a-z]+"

    def parsed(self, text: str) -> BatteryMode:
        modes = {mode.word: mode for mode in BatteryMode}
        if text not in modes:
            raise BadRequest(f"{text} does not belong to BatteryMode values")
        return modes[text]

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": [mode.word for mode in BatteryMode]}


class Phases(Value):
    """0 (automatic), 1 or 3; whether this wallbox can do it is for the house to say."""

    regex = r"[0-9]+"

    def parsed(self, text: str) -> int:
        if text not in ("0", "1", "3"):
            raise BadRequest(f"invalid number of phases: {text}")
        return int(text)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": ["0", "1", "3"]}


class VehicleName(Value):
    """Any text; whether there is such a car is for the house to say."""

    regex = r"[^/]+"

    def parsed(self, text: str) -> str:
        return text

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "pattern": "[a-zA-Z0-9_.:-]+"}


class Timestamp(Value):
    """A moment as RFC 3339 spells it."""

    regex = r"[^/]+"
    spelling = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)

    def parsed(self, text: str) -> datetime:
        try:
            if not self.spelling.fullmatch(text):
                raise ValueError
            moment = datetime.fromisoformat(text.upper())
            moment.astimezone(UTC)
            return moment
        except (ValueError, OverflowError):
            raise BadRequest(f"{text} is no time like 2026-07-19T12:30:00Z") from None

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


class ClockTime(Value):
    """A time of day."""

    regex = r"[0-9]+:[0-9]+"

    def parsed(self, text: str) -> time:
        if not re.fullmatch(CLOCK, text):
            raise BadRequest(f"{text} is no time of day like 07:30")
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 — a time of day

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "HH:MM", "pattern": CLOCK}


class Weekdays(Value):
    """``1,2,5``; 0 is Sunday."""

    regex = r"[0-9]+(?:,[0-9]+)*"

    def parsed(self, text: str) -> tuple[int, ...]:
        days = tuple(int(day) for day in text.split(",") if len(day) == 1)
        if len(set(days)) < text.count(",") + 1 or max(days) > 6:
            raise BadRequest(f"{text} are no weekdays from 0 (Sunday) to 6, each once")
        return days

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "uniqueItems": True, "items": {"type": "integer", "minimum": 0, "maximum": 6}}


class Once(Value):
    """What a fast charge is wanted for, for once."""

    regex = r"[^/]+"

    def parsed(self, text: str) -> str:
        said = text.lower()
        if not re.fullmatch(WORDS, said, re.ASCII):
            raise BadRequest(f"{text} is none of full, unplugged, 20kwh, 100km, 2h, 90min")
        return said

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^({WORDS})$"}


class Zone(Value):
    """A name of the time zone database; its slashes are part of it."""

    part_isolating = False
    regex = r".+"

    def parsed(self, text: str) -> str:
        try:
            zone(text)
        except MarshmallowError as problem:
            raise BadRequest(str(problem.messages[0])) from None
        return text

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}


class TariffUsage(Value):
    """What a tariff is for; a word that is no usage has no tariff."""

    regex = r"[a-z0-9]+"
    usages: ClassVar = ("grid", "feedin", "co2", "planner", "solar")

    def parsed(self, text: str) -> str:
        return text

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.usages)}


CONVERTERS: dict[str, type[Value]] = {
    "number": Number,
    "whole": Whole,
    "loadpoint": Loadpoint,
    "flag": Flag,
    "mode": ModeWord,
    "batterymode": BatteryModeWord,
    "phases": Phases,
    "vehicle": VehicleName,
    "timestamp": Timestamp,
    "clock": ClockTime,
    "weekdays": Weekdays,
    "zone": Zone,
    "once": Once,
    "tariff": TariffUsage,
}


def register(app: Flask, api: Api) -> None:
    """Make the converters known to the router and to the OpenAPI document."""
    app.url_map.converters.update(CONVERTERS)
    for converter in CONVERTERS.values():
        api.register_converter(converter, converter.schema)
