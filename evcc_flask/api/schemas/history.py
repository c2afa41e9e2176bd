"""The energy of the house over time, and what it can be asked for."""

from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from evcc_flask.storage.book import EARLIEST, LATEST
from evcc_flask.storage.history import Resolution

from .results import Figure, Result


class Edge(fields.String):
    """A local date (its midnight), a local time, or RFC 3339."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            moment = datetime.fromisoformat(text)
            if not EARLIEST <= moment.year <= LATEST:
                moment = datetime(min(max(moment.year, EARLIEST), LATEST), 1, 1)  # noqa: DTZ001 — made local below
            return moment if moment.tzinfo else moment.astimezone()
        except (ValueError, OverflowError, OSError) as error:
            raise ValidationError("Neither a date nor a time.") from error


class HistoryQuery(Schema):
    first = Edge(data_key="from", metadata={"description": "A local date or RFC 3339, inside", "example": "2026-05-01"})
    after = Edge(data_key="to", metadata={"description": "A local date or RFC 3339, outside", "example": "2026-06-01"})
    resolution = fields.Enum(Resolution, by_value=True, load_default=Resolution.QUARTER, metadata={"type": "string"})
    format = fields.String(validate=validate.OneOf(["csv"]), metadata={"description": "A table for a spreadsheet"})
    lang = fields.String(metadata={"description": "Of the table (defaults to accept header)", "example": "de"})

    @post_load
    def in_order(self, query: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        first, after = query.get("first"), query.get("after")
        if first is not None and after is not None and after <= first:
            raise ValidationError("to does not lie after from")
        return query


class Charge(Schema):
    title = fields.String(metadata={"description": "Of the loadpoint"})
    energy = Figure(metadata={"description": "kWh"})
    solar = Figure(metadata={"description": "Part of it from sun and battery, kWh"})
    cost = Figure(allow_none=True, metadata={"description": "Grid part at the grid's price, the rest at the feed-in's"})
    co2 = Figure(allow_none=True, metadata={"description": "Of the grid part, g"})


class Span(Schema):
    start = fields.AwareDateTime()
    end = fields.AwareDateTime()
    seconds = fields.Integer(metadata={"description": "For how long the house was watched"})
    gridImport = Figure(metadata={"description": "kWh"})  # noqa: N815 — names as in the state
    gridExport = Figure(metadata={"description": "kWh"})  # noqa: N815
    pv = Figure(metadata={"description": "kWh"})
    batteryCharge = Figure(metadata={"description": "kWh"})  # noqa: N815
    batteryDischarge = Figure(metadata={"description": "kWh"})  # noqa: N815
    home = Figure(metadata={"description": "All that is no loadpoint and no battery, kWh"})
    homeSolar = Figure(metadata={"description": "Part of it from sun and battery, kWh"})  # noqa: N815
    gridPrice = Figure(allow_none=True, metadata={"description": "Per kWh, mean of the quarters"})  # noqa: N815
    feedInPrice = Figure(allow_none=True, metadata={"description": "Per kWh, mean of the quarters"})  # noqa: N815
    co2 = Figure(allow_none=True, metadata={"description": "g/kWh, mean of the quarters"})
    importCost = Figure(allow_none=True)  # noqa: N815
    exportRevenue = Figure(allow_none=True)  # noqa: N815
    importCo2 = Figure(allow_none=True, metadata={"description": "g"})  # noqa: N815
    homeCost = Figure(allow_none=True)  # noqa: N815
    loadpoints = fields.List(fields.Nested(Charge), metadata={"description": "Those that charged"})


class History(Schema):
    first = fields.AwareDateTime(data_key="from")
    after = fields.AwareDateTime(data_key="to")
    resolution = fields.Enum(Resolution, by_value=True, metadata={"type": "string"})
    since = fields.AwareDateTime(allow_none=True, metadata={"description": "Since when anything is known"})
    currency = fields.String()
    loadpoints = fields.List(fields.String(), metadata={"description": "Titles of all that ever charged"})
    spans = fields.List(fields.Nested(Span))


class HistoryResult(Result):
    result = fields.Nested(History)
