"""Orders of the grid operator: ``GET /api/gridsessions``, and a test for the electrician; beyond the contract."""

import csv
import io
from typing import Any

from flask import Response, current_app

from .blueprint import Blueprint
from .context import context
from .errors import error
from .schemas.gridsessions import GridSessionsQuery, GridSessionsResult, GridTestResult

blp = Blueprint("gridsessions", __name__, url_prefix="/api")

TEST = "evcc-flask-grid-order-test"
"""In the app's extensions: begins a test of so many seconds (0 ends it) and tells the limit in W."""
TEST_S = 300.0


@blp.get("/gridsessions")
@blp.arguments(GridSessionsQuery, location="query")
@blp.response(200, GridSessionsResult)
@blp.alt_response(200, schema={"type": "string", "format": "binary"}, content_type="text/csv", success=True)
def get_grid_sessions(query):
    """Each order of the grid operator, newest first; as a table every step of it, oldest first."""
    if query.get("format") != "csv":
        return context().database.grid_orders()
    text = io.StringIO()
    rows = context().database.grid_events()
    table = csv.DictWriter(text, fieldnames=COLUMNS, lineterminator="\r\n")
    table.writeheader()
    table.writerows({**row, "at": row["at"].isoformat(timespec="milliseconds")} for row in rows)
    response = Response(text.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = "attachment; filename=gridsessions.csv"
    return response


@blp.post("/gridsessions/test")
@blp.response(200, GridTestResult)
def begin_grid_test():
    """For five minutes everything is as if an order had come; it is recorded as a test."""
    return _tested(TEST_S)


@blp.delete("/gridsessions/test")
@blp.response(200, GridTestResult)
def end_grid_test():
    """The test is over."""
    return _tested(0.0)


def _tested(seconds: float) -> Any:
    begin = current_app.extensions.get(TEST)
    if begin is None:
        return error(400, "no hems is configured")
    return {"limitPower": begin(seconds), "seconds": seconds}


COLUMNS = (
    *("id", "at", "clockTrusted", "step", "cause", "limitPower", "minimumPower"),
    *("seconds", "drawnPower", "gridPower", "below"),
)
