"""API keys, as their owner sees them."""

from marshmallow import Schema, fields

from .results import Result
from .strict import Text, Truth


class KeyWish(Schema):
    """A key that shall be."""

    name = Text(required=True, metadata={"description": "Up to 40 letters, digits, dots and dashes"})
    readOnly = Truth(  # noqa: N815 — as in the rest of the API
        load_default=False, metadata={"description": "It changes nothing"}
    )


class ApiKey(Schema):
    name = fields.String()
    readOnly = fields.Boolean()  # noqa: N815
    created = fields.String(metadata={"description": "RFC 3339"})


class NewKey(ApiKey):
    key = fields.String(metadata={"description": "Told this once"})


class KeysResult(Result):
    result = fields.List(fields.Nested(ApiKey))


class NewKeyResult(Result):
    result = fields.Nested(NewKey)
