"""flask-smorest's blueprint with our manners: the envelope, 400 instead of 422, operation ids from function names."""

import re
from collections.abc import Callable
from typing import Any

import flask_smorest
from flask import request
from marshmallow import missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest

from .context import context
from .envelope import ENVELOPE, packed
from .jsonbody import parsed


class QueryParser(FlaskParser):
    """A query that does not fit the schema is a bad request."""

    DEFAULT_VALIDATION_STATUS = 400

    def load_json(self, req: Any, schema: Any) -> Any:
        body = super().load_json(req, schema)
        if body is missing:
            # Nothing at all must not count as an empty object, which would empty a list.
            raise BadRequest("a JSON body is needed")
        return body

    def _raw_load_json(self, req: Any) -> Any:
        return parsed(req.get_data(cache=True))


class Blueprint(flask_smorest.Blueprint):
    """``set_buffer_soc`` is the contract's operation ``setBufferSoc``."""

    ARGUMENTS_PARSER = QueryParser()

    def route(self, rule: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        register = super().route(rule, **options)

        def named(function: Callable[..., Any]) -> Callable[..., Any]:
            register(self.doc(operationId=_camel(function.__name__))(function))
            return function

        return named

    @staticmethod
    def _prepare_response_content(data: Any) -> Any:
        return packed(data, request.environ.get(ENVELOPE, context().envelope))


def _camel(name: str) -> str:
    return re.sub(r"_(.)", lambda match: match[1].upper(), name)
