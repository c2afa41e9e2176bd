"""Orders of the grid operator. Powers in W."""

from marshmallow import Schema, fields, validate

from .results import Result


class GridSessionsQuery(Schema):
    format = fields.String(validate=validate.OneOf(("csv", "json")))


class GridMinute(Schema):
    at = fields.String()
    grid_power = fields.Float(data_key="gridPower", attribute="gridPower", allow_none=True)
    drawn_power = fields.Float(data_key="drawnPower", attribute="drawnPower")


class GridSession(Schema):
    id = fields.Integer()
    created = fields.String()
    finished = fields.String(allow_none=True)
    type = fields.String()
    cause = fields.String()
    limit_power = fields.Float(data_key="limitPower", attribute="limitPower")
    minimum_power = fields.Float(data_key="minimumPower", attribute="minimumPower")
    below_minimum = fields.Boolean(data_key="belowMinimum", attribute="belowMinimum")
    grid_power = fields.Float(data_key="gridPower", attribute="gridPower", allow_none=True)
    drawn_power = fields.Float(data_key="drawnPower", attribute="drawnPower")
    obeyed_after = fields.Float(data_key="obeyedAfter", attribute="obeyedAfter", allow_none=True)
    already_below = fields.Boolean(data_key="alreadyBelow", attribute="alreadyBelow")
    clock_trusted = fields.Boolean(data_key="clockTrusted", attribute="clockTrusted")
    minutes = fields.List(fields.Nested(GridMinute))


class GridSessionsResult(Result):
    result = fields.List(fields.Nested(GridSession))


class GridTest(Schema):
    limit_power = fields.Float(data_key="limitPower", attribute="limitPower")
    seconds = fields.Float()


class GridTestResult(Result):
    result = fields.Nested(GridTest)
