"""An order of the grid operator as values: what it is now, what is remembered of it, and what is written down."""

from dataclasses import dataclass
from enum import Enum

from .reasons import Code, Reason, because


class Step(Enum):
    """What an event tells."""

    RECEIVED = "received"
    OBEYED = "obeyed"
    MINUTE = "minute"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class GridEvent:
    """``seconds``: since it was received. ``drawn_w``: of the devices. ``grid_w``: the minute's mean at the grid.

    ``below``: it was obeyed before anything had to be done. ``minimum_w``: what is owed to the house at least.
    """

    step: Step
    cause: str
    limit_w: float
    minimum_w: float
    seconds: float
    drawn_w: float
    grid_w: float | None = None
    below: bool = False


@dataclass(frozen=True, slots=True)
class OrderMemory:
    """An order in force. ``sum_ws`` and ``summed_s``: of the grid's power in the running minute."""

    limit_w: float
    cause: str
    since_s: float
    obeyed: bool = False
    minute_s: float = 0.0
    sum_ws: float = 0.0
    summed_s: float = 0.0
    at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class InForce:
    """What an order means now. ``own_w``: the sun's part of ``allowed_w``. ``lasts_s``: so far."""

    limit_w: float
    allowed_w: float
    own_w: float
    drawn_w: float
    minimum_w: float
    cause: str
    lasts_s: float

    def reason(self) -> Reason:
        facts: dict[str, float | str] = {"limit_w": round(self.limit_w), "minimum_w": round(self.minimum_w)}
        if self.own_w:
            facts["own_w"] = round(self.own_w)
        return because(Code.DIMMED, **facts, cause=self.cause)
