"""Operations of the tag general."""

from flask import Response, current_app, request

from .blueprint import Blueprint
from .context import context, state
from .fast import StateBytes
from .filtered import filtered
from .schemas.explain import ExplainResult
from .schemas.results import NullResult, NumberResult, StateResult

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
    """OK while the control loop runs and the grid meter answers; else 500 and the reason.

    With ``?alive``, for who restarts us: also where only the house has to be mended (no meter, nothing configured).
    """
    verdict = context().health()
    well = verdict.alive if "alive" in request.args else verdict.ok
    text, status = ("OK\n", 200) if well else (f"{verdict.reason}\n", 500)
    return Response(text, status, content_type="text/plain; charset=utf-8")


@blp.post("/smartcostlimit/<number:cost>")
@blp.response(200, NumberResult)
def set_global_smart_cost_limit(cost):
    """Every loadpoint charges fast at or below this price (currency per kWh) or emission (g/kWh)."""
    state().change_all_loadpoints(smart_cost_limit=cost)
    return cost


@blp.delete("/smartcostlimit")
@blp.response(200, NullResult)
def remove_global_smart_cost_limit():
    """No loadpoint charges fast because of the price."""
    state().change_all_loadpoints(smart_cost_limit=None)


@blp.post("/smartfeedinprioritylimit/<number:cost>")
@blp.response(200, NumberResult)
def set_global_smart_feed_in_priority_limit(cost):
    """Every loadpoint leaves the sun to the grid at or above this feed-in price (currency per kWh)."""
    state().change_all_loadpoints(smart_feed_in_limit=cost)
    return cost


@blp.delete("/smartfeedinprioritylimit")
@blp.response(200, NullResult)
def remove_global_smart_feed_in_priority_limit():
    """No loadpoint leaves the sun to the grid."""
    state().change_all_loadpoints(smart_feed_in_limit=None)


@blp.get("/explain")
@blp.response(200, ExplainResult)
def get_explanations():
    """Why each loadpoint charged or waited lately, newest first; like decisions in a row are one entry."""
    trail = state().trail
    return [
        {"id": number, "title": loadpoint.title, "decisions": trail[number - 1] if trail else ()}
        for number, loadpoint in enumerate(state().settings.loadpoints, 1)
    ]
