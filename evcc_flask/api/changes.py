"""Who changed what: each request says whose it is, and the journal can be read. Beyond the contract."""

from flask import Flask, request

from evcc_flask.control.origin import ask_as
from evcc_flask.domain.changes import Origin, Who
from evcc_flask.security.apikeys import Right
from evcc_flask.storage.journal import Wanted

from .blueprint import Blueprint
from .context import context
from .door import bearer, cookie, gate, text
from .schemas.changes import ChangesQuery, ChangesResult

blp = Blueprint("changes", __name__, url_prefix="/api")

PROGRAM = Origin(Who.PROGRAM)
READS = ("GET", "HEAD", "OPTIONS")


def register(app: Flask) -> None:
    """After the door, which has found out who comes from where."""
    app.before_request(_introduce)
    app.teardown_request(lambda _: ask_as(PROGRAM))


@blp.get("/changes")
@blp.arguments(ChangesQuery, location="query")
@blp.response(200, ChangesResult)
@blp.alt_response(401, schema={"type": "string"}, content_type="text/plain", description="A password is set")
def get_changes(query):
    """Every change of a setting in the last two years: when, from what, to what, by whom. Newest first."""
    # It tells addresses: whoever has set a password wants them for himself.
    if gate().password_set and gate().right(cookie(), bearer()) < Right.READ:
        return text(401, "Unauthorized")
    return context().database.changes(Wanted(**query))


def _introduce() -> None:
    if request.method in READS:
        return
    address = request.remote_addr or ""
    key = gate().key(bearer())
    if key is not None:
        ask_as(Origin(Who.KEY, key[0], address))
        return
    # Browsers tell where a writing page is from; scripts do not.
    browser = "Sec-Fetch-Site" in request.headers or "Origin" in request.headers
    ask_as(Origin(Who.PAGE if browser else Who.API, address=address))
