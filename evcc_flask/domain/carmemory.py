"""What is remembered of the car at a loadpoint: who it is, and how full it was when that was last known."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class SocSource(Enum):
    """Where a state of charge comes from; the values are published."""

    CAR = "car"
    CHARGER = "charger"
    ESTIMATE = "estimate"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Soc:
    """How full a car is thought to be, in %. ``at_s``: when that was read or said, house monotonic.

    ``current``: it is of this connection; one from before is shown, and decides nothing. ``trusted``: it may stop a
    charge and finish a plan.
    """

    percent: float
    source: SocSource
    at_s: float
    current: bool = True
    trusted: bool = True


@dataclass(frozen=True, slots=True)
class Anchor:
    """A state of charge as it was told, and the energy in kWh of the session when it was seen first."""

    percent: float
    kwh: float
    at_s: float
    source: SocSource = SocSource.CAR


@dataclass(frozen=True, slots=True)
class CarMemory:
    """The car of one loadpoint.

    ``name``: whose ``anchor`` it is (None: a guest's). ``first``: the first reading of the connection, and
    ``kwh_per_percent`` what was learned since. ``manual_at``: the time of the value set by hand that was taken.
    ``switched_s``: when charging last started or stopped. ``step``: the last 10 % step that was told.
    ``identifier``: the card that was last acted upon. ``detects_s``: since when the car is looked for, ``asked_at``:
    the wish to look that was taken, ``gave_up``: nobody was found. ``seen``: the car whose account said, in this
    connection and while it stood here, that it is plugged in. ``soc``: as of the last cycle.
    """

    name: str | None = None
    anchor: Anchor | None = None
    first: Anchor | None = None
    kwh_per_percent: float | None = None
    manual_at: datetime | None = None
    switched_s: float | None = None
    step: int | None = None
    identifier: str = ""
    detects_s: float | None = None
    asked_at: datetime | None = None
    gave_up: bool = False
    seen: str = ""
    soc: Soc | None = None


NOBODY_YET = CarMemory()
