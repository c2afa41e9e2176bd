"""The list of charging sessions, and what it can be asked for."""

from datetime import datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_dump, validate, validates_schema

from .results import Figure, Result
from .strict import Text

OPEN = "0001-01-01T00:00:00Z"
"""How a time that is not there yet is spelled; clients parse the field as a time."""


class Instant(fields.AwareDateTime):
    """RFC 3339, to the second."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str:
        return OPEN if value is None else value.isoformat(timespec="seconds")


class SessionsQuery(Schema):
    format = fields.String(validate=validate.OneOf(["csv"]), metadata={"description": "Response format"})
    lang = fields.String(metadata={"description": "Language (defaults to accept header)", "example": "de"})
    month = fields.Integer(validate=validate.Range(1, 12), metadata={"description": "Month filter, needs a year"})
    year = fields.Integer(metadata={"description": "Year filter, local time", "example": 2025})


class SessionNames(Schema):
    """What a person may change of a session."""

    class Meta:
        unknown = EXCLUDE

    vehicle = Text(validate=validate.Length(1, 200))
    loadpoint = Text(validate=validate.Length(max=200))

    @validates_schema
    def says_something(self, names: dict[str, str], **kwargs: Any) -> None:
        if not names:
            raise ValidationError("neither vehicle nor loadpoint is given")


class Session(Schema):
    id = fields.Integer(metadata={"minimum": 1})
    created = Instant()
    finished = Instant()
    loadpoint = fields.String()
    identifier = fields.String()
    vehicle = fields.String(metadata={"minLength": 1, "description": "The title"})
    odometer = Figure(allow_none=True, metadata={"description": "km"})
    meterStart = Figure(allow_none=True, metadata={"description": "kWh"})  # noqa: N815 — the contract's name
    meterStop = Figure(allow_none=True, metadata={"description": "kWh"})  # noqa: N815
    chargedEnergy = Figure(metadata={"description": "kWh"})  # noqa: N815
    chargeDuration = Figure(allow_none=True, metadata={"description": "Nanoseconds"})  # noqa: N815
    solarPercentage = Figure(allow_none=True)  # noqa: N815
    price = Figure(allow_none=True)
    pricePerKWh = Figure(allow_none=True)  # noqa: N815
    co2PerKWh = Figure(allow_none=True, metadata={"description": "g"})  # noqa: N815

    @post_dump
    def without_empty_vehicle(self, session: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """The contract wants a vehicle's name to have a letter at least."""
        return {name: value for name, value in session.items() if name != "vehicle" or value}


class SessionsResult(Result):
    result = fields.List(fields.Nested(Session))
