"""Charging plans, rates and what answers them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, pre_load, validate

from evcc_flask.domain.plans import RepeatingPlan

from .results import Figure, Result
from .strict import Count, Number, Text, Truth

MOST_PLANS = 100
LONGEST_S = (2**63 - 1) // 10**9
"""Clients count durations in nanoseconds, in 64 bits."""
SECONDS = {"minimum": 0, "maximum": LONGEST_S, "description": "Seconds"}
CLOCK = r"^([0-1][0-9]|2[0-3]):[0-5][0-9]$"


class Instant(fields.AwareDateTime):
    """RFC 3339."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.isoformat()


class Manner(Schema):
    """The query of a plan: how it is charged."""

    class Meta:
        unknown = EXCLUDE

    precondition = fields.Integer(
        load_default=0,
        validate=validate.Range(0, LONGEST_S),
        metadata={"description": "So many seconds before the end are charged in any case"},
    )
    continuous = fields.Boolean(load_default=False, metadata={"description": "In one piece, however the prices are"})


class Capacity(Schema):
    """The query of a SoC that a person tells."""

    class Meta:
        unknown = EXCLUDE

    capacity = fields.Float(
        load_default=0.0,
        validate=validate.Range(0, 10_000),
        metadata={"description": "kWh of the battery, where none is configured; 0: not known"},
    )


class SocAnswer(Schema):
    soc = Figure(metadata={"minimum": 0, "maximum": 100})


class SocResult(Result):
    result = fields.Nested(SocAnswer)


class StaticSocPlan(SocAnswer):
    time = Instant()
    precondition = fields.Integer(metadata=SECONDS)


class StaticSocPlanResult(Result):
    result = fields.Nested(StaticSocPlan)


class StaticEnergyPlan(Schema):
    energy = Figure(metadata={"minimum": 0, "description": "kWh"})
    time = Instant()
    precondition = fields.Integer(metadata=SECONDS)


class StaticEnergyPlanResult(Result):
    result = fields.Nested(StaticEnergyPlan)


class EmptyResult(Result):
    """``{"result": {}}``."""

    result = fields.Dict()


class VehicleAnswer(Schema):
    vehicle = fields.String(metadata={"description": "The title"})


class VehicleResult(Result):
    result = fields.Nested(VehicleAnswer)


class Rate(Schema):
    start = Instant()
    end = Instant()
    value = Figure()


class Rates(Schema):
    rates = fields.List(fields.Nested(Rate))


class RatesResult(Result):
    result = fields.Nested(Rates)


class PlanRates(Schema):
    planTime = fields.String(metadata={"format": "date-time"})  # noqa: N815 — the contract's name
    duration = fields.Integer(metadata={"minimum": 0, "description": "Seconds"})
    power = Figure(metadata={"minimum": 0, "description": "W"})
    plan = fields.List(fields.Nested(Rate), allow_none=True)
    precondition = fields.Integer(metadata=SECONDS)


class LoadpointPlan(PlanRates):
    planId = fields.Integer(metadata={"minimum": 1})  # noqa: N815


class PlanResult(Result):
    result = fields.Nested(LoadpointPlan)


class PreviewResult(Result):
    result = fields.Nested(PlanRates)


class RepeatingPlanBody(Schema):
    """One repeating plan as evcc's clients write it. Weekdays: 0 is Sunday."""

    class Meta:
        unknown = EXCLUDE

    weekdays = fields.List(
        Count(validate=validate.Range(0, 6)),
        required=True,
        validate=lambda days: _once(days),
        metadata={"uniqueItems": True},
    )
    time = Text(required=True, validate=lambda text: _clock(text), metadata={"format": "HH:MM", "pattern": CLOCK})
    tz = Text(required=True, validate=lambda name: zone(name))
    soc = Number(required=True, validate=validate.Range(0, 100))
    precondition = Count(load_default=0, validate=validate.Range(0, LONGEST_S))
    active = Truth(load_default=False)
    continuous = Truth(load_default=False)

    @post_load
    def plan(self, body: dict[str, Any], **kwargs: Any) -> RepeatingPlan:
        at = datetime.strptime(body["time"], "%H:%M").time()  # noqa: DTZ007 — a time of day
        soc, precondition_s = round(body["soc"]), body["precondition"]
        days, active, whole = tuple(body["weekdays"]), body["active"], body["continuous"]
        if active and not days:
            raise ValidationError("an active plan needs a weekday.", "weekdays")
        return RepeatingPlan(days, at, body["tz"], soc, precondition_s, active, whole)


@dataclass(frozen=True, slots=True)
class Repeating:
    """What came in, and whether it came as a bare list."""

    plans: tuple[RepeatingPlan, ...]
    bare: bool

    def answered(self, plans: Iterable[RepeatingPlan]) -> Any:
        """Plans in the form in which they came."""
        listed = [
            {
                "weekdays": list(plan.weekdays),
                "time": f"{plan.at:%H:%M}",
                "tz": plan.tz,
                "soc": plan.soc_percent,
                "precondition": plan.precondition_s,
                "active": plan.active,
                **({"continuous": True} if plan.continuous else {}),
            }
            for plan in plans
        ]
        return listed if self.bare else {"plans": listed}


class RepeatingPlans(Schema):
    class Meta:
        unknown = EXCLUDE

    plans = fields.List(fields.Nested(RepeatingPlanBody), load_default=list, validate=validate.Length(max=MOST_PLANS))

    @pre_load
    def listed(self, body: Any, **kwargs: Any) -> Any:
        """evcc's later clients send the list alone."""
        return {"plans": body} if isinstance(body, list) else body

    @post_load(pass_original=True)
    def taken(self, body: dict[str, Any], original: Any, **kwargs: Any) -> Repeating:
        return Repeating(tuple(body["plans"]), isinstance(original, list))


class AnyForm(fields.Nested):
    """An object, or the list in it alone."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value


class RepeatingPlansResult(Result):
    result = AnyForm(RepeatingPlans)


def zone(name: str) -> None:
    """Raises ValidationError for what is no time zone."""
    try:
        if name.lower() in ("posixrules", "localtime", "factory"):
            raise ValueError(name)  # files of the machine, no places
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValidationError(f"unknown time zone {name}") from None


def _clock(text: str) -> None:
    if not re.fullmatch(CLOCK, text):
        raise ValidationError("no time of day like 07:30")


def _once(days: list[int]) -> None:
    if len(set(days)) < len(days):
        raise ValidationError("a weekday stands there twice")
