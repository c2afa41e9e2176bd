"""Operations of the tag auth: the life of a password and of a session, with evcc's answers."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from flask import Response, current_app, request
from werkzeug.http import http_date

from evcc_flask.security.apikeys import Right
from evcc_flask.security.brake import Braked
from evcc_flask.security.gate import Mode, WrongPassword
from evcc_flask.security.passwords import BadPassword, checked

from .blueprint import Blueprint
from .door import COOKIE, LOCKED, bearer, cookie, cookie_path, gate, text

blp = Blueprint("auth", __name__, url_prefix="/api/auth")

WRONG = "Invalid password\n"
GONE = f"{COOKIE}=; Path=/; HttpOnly"
"""To the letter: clients compare it."""
WORD = {"type": "string"}
PLAIN = {"content_type": "text/plain"}

log = logging.getLogger("auth")

Handler = Callable[..., Response]


def _body(*names: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _refusing(handler: Handler) -> Handler:
    """The refusals of this tag are plain text; nothing of it is kept by anybody on the way."""

    @wraps(handler)
    def answer(*args: Any, **kwargs: Any) -> Response:
        try:
            response = handler(*args, **kwargs)
        except BadPassword as problem:
            response = text(400, f"{problem}\n")
        except Braked as braked:
            response = text(429, f"{braked}\n")
            response.headers["Retry-After"] = str(braked.retry_after_s)
        response.headers["Cache-Control"] = "no-store"
        return response

    return answer


@blp.get("/status")
@blp.response(200, {"type": "string", "enum": ["true", "false"]}, **PLAIN)
@blp.alt_response(200, schema={"type": "boolean"}, content_type="application/json", success=True)
@blp.alt_response(403, schema=WORD, description="A demo", **PLAIN)
@blp.alt_response(501, schema=WORD, description="No password is set yet", **PLAIN)
@_refusing
def get_auth_status() -> Response:
    """Whether the visitor is logged in."""
    if gate().mode is Mode.LOCKED:
        return text(403, LOCKED)
    if gate().mode is Mode.ENABLED and not gate().password_set:
        return text(501, "Not implemented")
    allowed = gate().right(cookie(), bearer()) is Right.FULL
    kind = request.accept_mimetypes.best_match(["application/json", "text/plain"], default="application/json")
    return Response("true" if allowed else "false", mimetype=kind)


@blp.post("/login")
@blp.doc(requestBody=_body("password"))
@blp.response(200, WORD, **PLAIN)
@blp.alt_response(401, schema=WORD, description="Not the password, or none is set", **PLAIN)
@blp.alt_response(429, schema=WORD, description="Too many wrong passwords; Retry-After says when", **PLAIN)
@_refusing
def login() -> Response:
    """Open a session with the owner's password."""
    if gate().mode is Mode.LOCKED:
        return text(403, LOCKED)
    if gate().mode is Mode.DISABLED:
        return text(200, "")
    given = _object()
    if "password" not in given:
        return text(401, WRONG)
    try:
        visit = gate().login(checked(given["password"]), request.remote_addr or "")
    except WrongPassword:
        log.warning("login refused: a wrong password from %s", request.remote_addr)
        return text(401, WRONG)
    log.info("login from %s", request.remote_addr)
    end = http_date(datetime.fromtimestamp(visit.expires, UTC))
    secure = "; Secure" if request.is_secure else ""
    response = text(200, "")
    session = f"{COOKIE}={visit.text}; Path={cookie_path()}; Expires={end}; HttpOnly; SameSite=Strict{secure}"
    response.headers["Set-Cookie"] = session
    return response


@blp.post("/logout")
@blp.response(200, WORD, **PLAIN)
@_refusing
def logout() -> Response:
    """End this session."""
    for word in (cookie(), bearer()):
        gate().logout(word)
    response = text(200, "")
    response.headers["Set-Cookie"] = GONE.replace("Path=/", f"Path={cookie_path()}")
    return response


@blp.put("/password")
@blp.doc(requestBody=_body("current", "new"))
@blp.response(202, WORD, **PLAIN)
@blp.alt_response(201, schema=WORD, description="The first password is set", **PLAIN)
@blp.alt_response(400, schema=WORD, description="Not the current password, or the new one cannot be one", **PLAIN)
@blp.alt_response(429, schema=WORD, description="Too many wrong passwords; Retry-After says when", **PLAIN)
@_refusing
def change_password() -> Response:
    """Set the owner's password; all other sessions end."""
    if gate().mode is Mode.LOCKED:
        return text(403, LOCKED)
    given = _object()
    new = checked(given.get("new"))
    session = cookie() or bearer()
    try:
        first = gate().change(given.get("current"), new, request.remote_addr or "", session)
    except WrongPassword:
        log.warning("change of the password refused: a wrong current one from %s", request.remote_addr)
        return text(400, WRONG)
    log.warning("the password was %s from %s", "set" if first else "changed", request.remote_addr)
    return text(201 if first else 202, "")


def _object() -> dict[str, Any]:
    """The body, whatever its type says. Raises BadPassword where it is no JSON object."""
    try:
        given = current_app.json.loads(request.get_data())
    except ValueError:
        raise BadPassword("the body is not valid JSON") from None
    if not isinstance(given, dict):
        raise BadPassword("the body is not a JSON object")
    return given
