"""The reasons of the last decisions."""

from marshmallow import Schema, fields

from .plans import Instant
from .results import Figure, Result


class Decision(Schema):
    since = Instant(allow_none=True)
    until = Instant(allow_none=True)
    count = fields.Integer(metadata={"description": "Decisions in a row"})
    connected = fields.Boolean()
    charging = fields.Boolean()
    enabled = fields.Boolean()
    offeredCurrent = Figure(attribute="offered_a", metadata={"description": "A per phase"})  # noqa: N815
    reasons = fields.Function(lambda entry: [reason.published() for reason in entry.reasons])


class Explanations(Schema):
    id = fields.Integer()
    title = fields.String()
    decisions = fields.List(fields.Nested(Decision))


class ExplainResult(Result):
    result = fields.List(fields.Nested(Explanations))
