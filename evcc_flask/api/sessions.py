"""Operations of the tag sessions."""

from typing import Any

from flask import Response, request

from evcc_flask.storage.writer import Receipt

from .blueprint import Blueprint
from .context import context, state
from .csvtable import language, table
from .envelope import BARE, ENVELOPE
from .errors import error
from .fast import JSON
from .longlist import listing, sent
from .schemas.results import NullResult
from .schemas.sessions import Session, SessionNames, SessionsQuery, SessionsResult

blp = Blueprint("sessions", __name__, url_prefix="/api")


@blp.get("/sessions")
@blp.arguments(SessionsQuery, location="query")
@blp.response(200, SessionsResult)
@blp.alt_response(200, schema={"type": "string", "format": "binary"}, content_type="text/csv", success=True)
def get_sessions(query):
    """The charging sessions, newest first, as JSON or as a table to download."""
    year, month = query.get("year"), query.get("month")
    database = context().database
    if query.get("format") != "csv":
        bare, mark = request.environ.get(ENVELOPE, context().envelope) == BARE, database.sessions_mark

        def read() -> Response:
            return sent(listing(map(Session().dump, database.each_session(year, month)), bare=bare), JSON)

        return context().lists.answer((year, month, bare), mark, read)
    rows = database.each_session(year, month)
    lang = language(query.get("lang"), request.headers.get("Accept-Language"))
    response = sent(table(rows, lang), "text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f"attachment; filename={_filename(year, month)}"
    return response


@blp.put("/session/<whole(min=1):id>")
@blp.arguments(SessionNames)
@blp.response(200)
def update_session(names, id):
    """Name the vehicle or the loadpoint of a session; the name of a configured car becomes its title."""
    cars = state().settings.vehicles
    if names.get("vehicle") in cars:
        car = cars[names["vehicle"]].vehicle
        names["vehicle"] = car.title or car.name
    return _kept(context().database.name_session(id, **names), Response())


@blp.delete("/session/<whole(min=1):id>")
@blp.response(200, NullResult)
def delete_session(id):
    """Delete a session for good, though its car may still be plugged in."""
    return _kept(context().database.delete_session(id), None)


def _kept(receipt: Receipt | None, answer: Any) -> Any:
    if receipt is None:
        return error(404, "no such session")
    problem = receipt.wait(timeout_s=2.0)
    return answer if problem is None else error(503, f"not written yet ({problem}); it is tried again every second")


def _filename(year: int | None, month: int | None) -> str:
    if year is None:
        return "session.csv"
    return f"session-{year:04d}.csv" if month is None else f"session-{year:04d}-{month:02d}.csv"
