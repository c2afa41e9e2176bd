"""The journal of changes, and what it can be asked for."""

from marshmallow import Schema, fields, validate

from evcc_flask.domain.changes import Who

from .results import Result

MOST = 1000
"""Entries of one answer."""


class ChangesQuery(Schema):
    key = fields.String(metadata={"description": "A whole key, or its beginning up to a dot", "example": "lp1.mode"})
    origin = fields.String(validate=validate.OneOf([who.value for who in Who]))
    since = fields.AwareDateTime(format="iso", metadata={"description": "RFC 3339, inside"})
    until = fields.AwareDateTime(format="iso", metadata={"description": "RFC 3339, outside"})
    before = fields.Integer(validate=validate.Range(1, 2**63 - 1), metadata={"description": "Older than this entry"})
    count = fields.Integer(load_default=100, validate=validate.Range(1, MOST))


class Change(Schema):
    id = fields.Integer()
    time = fields.AwareDateTime(allow_none=True, metadata={"description": "null: the clock was not set yet"})
    key = fields.String()
    old = fields.Raw(allow_none=True)
    new = fields.Raw(allow_none=True)
    origin = fields.String(validate=validate.OneOf([who.value for who in Who]))
    name = fields.String(metadata={"description": "Of the API key, or of the rule"})
    address = fields.String(metadata={"description": "Where the request came from"})


class ChangesResult(Result):
    result = fields.List(fields.Nested(Change))
