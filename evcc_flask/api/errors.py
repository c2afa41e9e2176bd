"""Errors as evcc's clients know them: JSON ``{"error": …}``, and the router's 404 in plain text."""

from typing import Any

from flask import Flask, Response, current_app
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound

from evcc_flask.domain.wishes import Rejected, Unknown
from evcc_flask.security.redaction import REDACTOR

NOT_FOUND = "404 page not found\n"
LONGEST = 1000
"""Letters of an error."""


def register(app: Flask) -> None:
    """After flask-smorest, whose own handler this one replaces."""
    app.register_error_handler(Rejected, _rejected)
    app.register_error_handler(Unknown, _unknown)
    app.register_error_handler(NotFound, _not_found)
    app.register_error_handler(HTTPException, _refused)


def error(status: int, text: str) -> Response:
    """One error as JSON, without secrets."""
    # Looking for secrets in megabytes of complaints would stop the whole process for seconds.
    said = REDACTOR.text(text[: 4 * LONGEST])
    response = current_app.json.response({"error": said if len(said) <= LONGEST else f"{said[:LONGEST]} …"})
    response.status_code = status
    return response


def _rejected(problem: Rejected) -> Response:
    return error(400, str(problem))


def _unknown(problem: Unknown) -> Response:
    return error(404, str(problem))


def _not_found(problem: NotFound) -> Response:
    return Response(NOT_FOUND, 404, content_type="text/plain; charset=utf-8")


def _refused(problem: HTTPException) -> Response:
    if isinstance(problem, InternalServerError) and problem.original_exception is not None:
        return error(500, "internal error; the log says more")
    response = error(problem.code or 500, _sentence(problem))
    for name, value in problem.get_headers():
        if name in ("Allow", "Retry-After", "Location"):
            response.headers[name] = value
    return response


def _sentence(problem: HTTPException) -> str:
    messages: Any = getattr(problem, "data", {}).get("messages")
    if not isinstance(messages, dict):
        return problem.description or problem.name
    return "; ".join(_said(fields) for fields in messages.values())


def _said(problem: Any, place: str = "") -> str:
    """``plans.0.soc: Not a number.``"""
    if isinstance(problem, dict):
        return "; ".join(_said(inner, f"{place}.{name}".lstrip(".")) for name, inner in problem.items())
    words = " ".join(map(str, problem)) if isinstance(problem, list) else str(problem)
    return words if place in ("", "_schema") else f"{place}: {words}"
