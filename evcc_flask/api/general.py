"""Operations of the tag general."""

from flask import Response, current_app, request

from .blueprint import Blueprint
from .context import context
from .fast import StateBytes
from .filtered import filtered
from .schemas.results import StateResult

blp = Blueprint("general", __name__, url_prefix="/api")


@blp.get("/state")
@blp.response(200, StateResult)
@blp.doc(parameters=[{"in": "query", "name": "jq", "schema": {"type": "string"}}])
def get_state():
    """The complete state of the house, or what a jq filter picks of it."""
    if wanted := request.args.get("jq", "").strip():
        return filtered(wanted)
    answers: StateBytes = current_app.extensions["state-bytes"]
    status, headers, body = answers.answer(request.environ)
    return Response(body, status, headers)


@blp.get("/health")
@blp.response(200, {"type": "string"}, content_type="text/plain")
@blp.alt_response(500, schema={"type": "string"}, content_type="text/plain", description="Charging is not controlled")
def health_check():
    """OK while the control loop runs and the grid meter answers; else 500 and the reason."""
    verdict = context().health()
    text, status = ("OK\n", 200) if verdict.ok else (f"{verdict.reason}\n", 500)
    return Response(text, status, content_type="text/plain; charset=utf-8")
