"""API keys made and revoked by their owner on the page; evcc has no such operations. docs/security.rst tells more."""

import logging

from flask import request

from evcc_flask.security.apikeys import BadName, Right

from .blueprint import Blueprint
from .door import bearer, gate
from .errors import error
from .schemas.apikeys import KeysResult, KeyWish, NewKeyResult

blp = Blueprint("keys", __name__, url_prefix="/api/auth/keys")

log = logging.getLogger("auth")


@blp.before_request
def _by_login():
    """A key that leaked must not make others, which outlive it."""
    if gate().key(bearer()):
        return error(403, "API keys are for who is logged in; an API key cannot make, list or revoke them")
    return None


@blp.after_request
def _kept_by_nobody(response):
    response.headers["Cache-Control"] = "no-store"
    return response


@blp.get("")
@blp.response(200, KeysResult)
def get_api_keys():
    """All keys by name, without what they are made of."""
    return [_shown(*row) for row in gate().api_keys()]


@blp.post("")
@blp.arguments(KeyWish)
@blp.response(200, NewKeyResult)
def add_api_key(wish):
    """A new key, which is told this once."""
    name, right = wish["name"], Right.READ if wish["readOnly"] else Right.FULL
    try:
        key = gate().add_key(name, right)
    except BadName as problem:
        return error(400, str(problem))
    log.info("API key %r made from %s", name, request.remote_addr)
    return next(_shown(*row) for row in gate().api_keys() if row[0] == name) | {"key": key}


@blp.delete("/<string:name>")
@blp.response(200, KeysResult)
def revoke_api_key(name):
    """This key opens nothing any more; the others are told."""
    try:
        gate().revoke_key(name)
    except BadName as problem:
        return error(404, str(problem))
    log.info("API key %r revoked from %s", name, request.remote_addr)
    return [_shown(*row) for row in gate().api_keys()]


def _shown(name, right, created):
    return {"name": name, "readOnly": right != "full", "created": created}
