"""Answers in the contract's envelope: a handler returns X, the schema makes ``{"result": X}`` of it."""

from typing import Any

from marshmallow import Schema, fields, pre_dump

from evcc_flask.domain.words import Mode


class Figure(fields.Float):
    """A number, whole ones without a point."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return int(value) if value is not None and value == int(value) else value


class Result(Schema):
    """The envelope."""

    @pre_dump
    def wrap(self, value: Any, **kwargs: Any) -> dict[str, Any]:
        return {"result": value}


class NumberResult(Result):
    result = Figure()


class IntegerResult(Result):
    result = fields.Integer()


class NanoSecondsResult(Result):
    result = fields.Integer(metadata={"description": "Nanoseconds"})


class NullResult(Result):
    result = fields.Dict(allow_none=True, metadata={"description": "Always null"})


class BooleanResult(Result):
    result = fields.Boolean()


class ModeResult(Result):
    result = fields.Enum(Mode, by_value=True, metadata={"type": "string"})


class BatteryModeResult(Result):
    result = fields.Integer(
        metadata={"description": "0: unknown, 1: normal, 2: hold, 3: charge", "minimum": 0, "maximum": 3}
    )


class StateResult(Result):
    result = fields.Dict(metadata={"description": "Keys and units: docs/api.rst, state"})
