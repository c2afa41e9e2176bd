"""``GET /api/state?jq=…``: a part of the state, never wrapped; jq picks it outside this process."""

from flask import Response

from evcc_flask.jq.agreement import FilterError
from evcc_flask.jq.lookup import looked_up
from evcc_flask.jq.pool import BusyError

from .context import context, state
from .errors import error
from .fast import JSON


def filtered(text: str) -> Response:
    """The filter's one result; 400 where there is none, 503 where nobody could work on it in time."""
    published = state().published
    try:
        answer = looked_up(text, published.state)
        if answer is None:
            answer = context().filters.ask(text, published.etag, published.bare)
    except FilterError as problem:
        return error(400, f"jq: {problem}")
    except BusyError as problem:
        response = error(503, f"jq: {problem}")
        response.headers["Retry-After"] = "1"
        return response
    return Response(answer + b"\n", content_type=JSON, headers={"Cache-Control": "no-cache"})
