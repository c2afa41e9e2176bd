"""Puts the API together: converters, blueprints, errors, limits, and the fast lane for the state."""

from typing import Any

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from flask_smorest import Api
from marshmallow import Schema, fields

from evcc_flask.version import VERSION

from . import (
    auth,
    battery,
    changes,
    converters,
    door,
    errors,
    general,
    gridsessions,
    history,
    keys,
    metrics,
    once,
    sessions,
    system,
    tariffs,
    vehicles,
)
from .context import KEY, Context
from .door import LARGEST_BODY, Door
from .envelope import BareMount
from .fast import JSON, FastState, StateBytes
from .jsonbody import parsed
from .schemas import state as state_schemas

BLUEPRINTS = (
    *(auth.blp, battery.blp, changes.blp, general.blp, gridsessions.blp, history.blp, metrics.blp),
    *(keys.blp, once.blp, sessions.blp, system.blp, tariffs.blp, vehicles.blp),
)


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

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Strict; raises ValueError."""
        return parsed(s)


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
    state_schemas.register(api)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    errors.register(app)
    door.register(app, context)
    changes.register(app)
    answers = StateBytes(context.state, context.envelope, context.filters)
    app.extensions["state-bytes"] = answers
    lane: Any = Door(BareMount(FastState(app.wsgi_app, answers)), context.rules)
    app.wsgi_app = lane  # type: ignore[method-assign]
