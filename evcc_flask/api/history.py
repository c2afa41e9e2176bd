"""Where the energy went: ``GET /api/history``, beyond the contract."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import request

from evcc_flask.domain.quarters import QUARTER_S, quarter_of
from evcc_flask.storage.history import MOST, Resolution, whole

from .blueprint import Blueprint
from .context import context, now, state
from .csvtable import language
from .envelope import BARE, ENVELOPE
from .errors import error
from .fast import JSON
from .historytable import table
from .longlist import listing, sent
from .schemas.history import HistoryQuery, HistoryResult

blp = Blueprint("history", __name__, url_prefix="/api")

LENGTHS = {
    Resolution.QUARTER: timedelta(minutes=15),
    Resolution.HOUR: timedelta(hours=1),
    Resolution.DAY: timedelta(days=1),
    Resolution.MONTH: timedelta(days=28),
    Resolution.YEAR: timedelta(days=365),
}


@blp.get("/history")
@blp.arguments(HistoryQuery, location="query")
@blp.response(200, HistoryResult)
@blp.alt_response(200, schema={"type": "string", "format": "binary"}, content_type="text/csv", success=True)
def get_history(query):
    """Energy of grid, sun, battery, home and loadpoints with prices and costs, as JSON or as a table to download.

    Without ``from``: today for quarters and hours, this month for days, this year for months, all for years.
    """
    house, resolution = context().database, query["resolution"]
    known = house.history_extent()
    after = query.get("after") or _soon(now())
    first = query.get("first") or _usual(resolution, after, known)
    if first >= after:
        return error(400, "to does not lie after from")
    begin, end = after, after
    if known:
        earliest, latest = whole(*known, resolution)
        begin, end = max(first, earliest), min(after, latest)
    if (end - begin) / LENGTHS[resolution] > MOST:
        return error(400, f"more than {MOST} spans; ask for less, or for a coarser resolution")
    spans = house.history(begin, end, resolution) if begin < end else iter(())
    if query.get("format") == "csv":
        lang = language(query.get("lang"), request.headers.get("Accept-Language"))
        response = sent(table(spans, house.history_places(), lang), "text/csv; charset=utf-8")
        name = f"history-{first.astimezone():%Y-%m-%d}-{resolution.value}.csv"
        response.headers["Content-Disposition"] = f"attachment; filename={name}"
        return response
    head: dict[str, Any] = {
        "from": first.isoformat(),
        "to": after.isoformat(),
        "resolution": resolution.value,
        "since": known[0].isoformat() if known else None,
        "currency": state().published.state.get("currency", "EUR"),
        "loadpoints": house.history_places(),
    }
    bare = request.environ.get(ENVELOPE, context().envelope) == BARE
    return sent(_document(head, listing(spans, bare=True), bare=bare), JSON)


def _soon(moment: datetime) -> datetime:
    """The end of the running quarter."""
    return datetime.fromtimestamp((quarter_of(moment) + 1) * QUARTER_S, UTC).astimezone()


def _usual(resolution: Resolution, after: datetime, known: tuple[datetime, datetime] | None) -> datetime:
    """Local midnight, or the first of this month or year; for years the beginning of all."""
    last = after.astimezone() - timedelta.resolution
    if resolution is Resolution.YEAR and known:
        return whole(*known, resolution)[0]
    month = last.month if resolution is Resolution.DAY else 1
    if resolution in (Resolution.QUARTER, Resolution.HOUR):
        return datetime(last.year, last.month, last.day).astimezone()
    return datetime(last.year, month, 1).astimezone()


def _document(head: dict[str, Any], spans: Iterator[bytes], *, bare: bool) -> Iterator[bytes]:
    """The spans as the last key of ``head``, in the envelope or without."""
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":"))
    yield (text if bare else f'{{"result":{text}')[:-1].encode() + b',"spans":'
    before = next(spans)
    for each in spans:
        yield before
        before = each
    yield before.rstrip(b"\n") + (b"}\n" if bare else b"}}\n")
