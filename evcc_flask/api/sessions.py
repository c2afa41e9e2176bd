"""Operations of the tag sessions."""

from flask import Response, request

from .blueprint import Blueprint
from .context import context
from .csvtable import language, table
from .schemas.sessions import SessionsQuery, SessionsResult

blp = Blueprint("sessions", __name__, url_prefix="/api")


@blp.get("/sessions")
@blp.arguments(SessionsQuery, location="query")
@blp.response(200, SessionsResult)
@blp.alt_response(200, schema={"type": "string", "format": "binary"}, content_type="text/csv", success=True)
def get_sessions(query):
    """The charging sessions, newest first, as JSON or as a table to download."""
    year, month = query.get("year"), query.get("month")
    rows = context().database.sessions(year, month)
    if query.get("format") != "csv":
        return rows
    body = table(rows, language(query.get("lang"), request.headers.get("Accept-Language")))
    response = Response(body, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f"attachment; filename={_filename(year, month)}"
    return response


def _filename(year: int | None, month: int | None) -> str:
    if year is None:
        return "session.csv"
    return f"session-{year:04d}.csv" if month is None else f"session-{year:04d}-{month:02d}.csv"
