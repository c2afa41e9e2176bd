"""What is wanted fast, just this once."""

from marshmallow import Schema, fields

from .results import Figure, Result


class Fast(Schema):
    until = fields.String(metadata={"description": "As it was said, 20kwh"})
    remainingEnergy = Figure(allow_none=True, metadata={"minimum": 0, "description": "Wh"})  # noqa: N815
    remainingDuration = fields.Integer(allow_none=True, metadata={"minimum": 0, "description": "s"})  # noqa: N815


class FastResult(Result):
    result = fields.Nested(Fast)
