"""An opinion on a loadpoint: the current it should offer, on how many phases, and why."""

from dataclasses import dataclass

from .memory import ELAPSED, Timer, TimerKind
from .point import Point
from .reasons import Reason


@dataclass(frozen=True, slots=True)
class Target:
    """``current_a`` 0: stop. ``phases`` None: as they are. ``timer``: what runs from now on, for ``remaining_s`` more.

    ``hold``: send nothing but what safety asks for.
    """

    current_a: float
    reasons: tuple[Reason, ...]
    timer: Timer | None = None
    phases: int | None = None
    remaining_s: float = 0.0
    hold: bool = False


def stop(p: Point, *reasons: Reason, phases: int | None = None) -> Target:
    """No charge. A running timer ends, an elapsed one stays."""
    return Target(0.0, reasons, kept_if_elapsed(p.timer), phases)


def offer(p: Point, current_a: float, *reasons: Reason, phases: int | None = None) -> Target:
    """This current; timers are left alone."""
    return Target(current_a, reasons, p.timer, phases)


def kept_if_elapsed(timer: Timer | None) -> Timer | None:
    return timer if timer is not None and timer.kind is TimerKind.ELAPSED else None


def at_once(current_a: float, *reasons: Reason, phases: int | None = None) -> Target:
    """This current, and when its cause ends the next decision is not delayed."""
    return Target(current_a, reasons, ELAPSED, phases)
