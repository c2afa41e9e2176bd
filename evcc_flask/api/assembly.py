"""Puts the API together: converters, blueprints, errors, limits, and the fast lane for the state."""

from typing import Any

from flask import Flask, Response, request
from flask.json.provider import DefaultJSONProvider
from flask_smorest import Api
from marshmallow import Schema, fields
from werkzeug.exceptions import RequestEntityTooLarge

from evcc_flask.version import VERSION

from . import battery, converters, errors, general, loadpoints, sessions
from .context import KEY, Context
from .fast import JSON, FastState, StateBytes

BLUEPRINTS = (battery.blp, general.blp, loadpoints.blp, sessions.blp)
LARGEST_BODY = 1 << 20
"""Bytes; no operation takes as much."""


class ErrorSchema(Schema):
    error = fields.String(required=True)


class ContractApi(Api):
    """flask-smorest, documenting the errors as we send them."""

    ERROR_SCHEMA = ErrorSchema


class JsonAsWritten(DefaultJSONProvider):
    """Keys in the order in which they were written, letters as they are."""

    sort_keys = False
    ensure_ascii = False
    compact = True
    mimetype = JSON


def assemble(app: Flask, context: Context) -> None:
    """Everything below ``/api``."""
    app.config.update(
        API_TITLE="evcc-flask",
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        MAX_CONTENT_LENGTH=LARGEST_BODY,
    )
    app.extensions[KEY] = context
    app.json = JsonAsWritten(app)
    # An empty path segment is an empty value, not a slash too many.
    app.url_map.merge_slashes = False
    api = ContractApi(app)
    converters.register(app, api)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    errors.register(app)
    app.before_request(_refuse_large_bodies)
    app.after_request(_no_sniffing)
    answers = StateBytes(context.state, context.envelope)
    app.extensions["state-bytes"] = answers
    lane: Any = FastState(app.wsgi_app, answers)
    app.wsgi_app = lane  # type: ignore[method-assign]


def _refuse_large_bodies() -> None:
    if (request.content_length or 0) > LARGEST_BODY:
        raise RequestEntityTooLarge(f"the body is larger than {LARGEST_BODY} bytes")


def _no_sniffing(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
