"""What the log can be asked for."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate

from evcc_flask.logs.setup import LEVELS

from .results import Result

WORDS = [word.upper() for word in LEVELS]


class Level(fields.String):
    """A level's word, in letters of any size; becomes the number of Python's logging."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:  # type: ignore[override]
        word = super()._deserialize(value, attr, data, **kwargs)
        if word.upper() not in WORDS:
            raise ValidationError(f"{word[:20]} is no level; one of {', '.join(WORDS)} is.")
        return LEVELS[word.lower()]


class LogQuery(Schema):
    """``areas`` may be repeated and hold commas; ``area``, evcc's own name for it, is taken, too."""

    areas = fields.List(fields.String(), load_default=[], metadata={"description": "Comma-separated; all by default"})
    level = Level(required=True, metadata={"description": "And whatever is worse", "enum": WORDS})
    count = fields.Integer(validate=validate.Range(min=1), metadata={"description": "So many of the last lines"})
    format = fields.String(validate=validate.OneOf(["txt"]), metadata={"description": "A file to download"})

    @pre_load
    def by_both_names(self, query: Any, **kwargs: Any) -> dict[str, Any]:
        areas = [*query.getlist("areas"), *query.getlist("area")]
        return {**query, "areas": [area for each in areas for area in each.split(",") if area]}


class LinesResult(Result):
    result = fields.List(fields.String())
