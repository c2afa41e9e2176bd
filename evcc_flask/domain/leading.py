"""Which reason comes first: the one that decides. Who is held back by a later stage is not said to charge."""

from .figures import LOST_S, WAKE_S
from .point import Point
from .reasons import Code, Reason, because
from .target import Target

OF_THE_CAR = frozenset({Code.WAITS_FOR_CAR, Code.WAKES_CAR})


def in_order(p: Point, target: Target, limits: list[Reason]) -> tuple[Reason, ...]:
    """Why it gets what it gets, then what limits it, then what is wrong; ahead of all what alone decides.

    ``limits`` in the order of their stages, so that the last one set the final current.
    """
    said = (*target.reasons, *limits, *p.notes)
    first = _silent(p, said) or _held_back(p, target, limits)
    return said if first is None else (first, *(each for each in said if each != first))


def _silent(p: Point, said: tuple[Reason, ...]) -> Reason | None:
    """A box that is lost: all that is said of it is what it was. Off means off, with no box, too."""
    if p.off:
        return None
    known = next((each for each in said if each.code is Code.CHARGER_SILENT), None)
    if known is not None or not p.charger.error or p.since(p.charger.at_s) <= LOST_S or not p.fresh:
        return known
    return because(Code.CHARGER_SILENT, error=p.charger.error)


def _held_back(p: Point, target: Target, limits: list[Reason]) -> Reason | None:
    """What keeps it from charging though the first stage wants it to: a limit, the box, or the car."""
    if target.current_a <= 0:
        return None
    if not p.enabled:
        return limits[-1] if limits else None
    if not p.known_on:
        failed = (each for each in p.notes if each.code is Code.COMMAND_FAILED)
        return next(failed, because(Code.COMMAND_FAILED, command="enable"))
    if p.charging or p.since(p.box.enabled_s) < WAKE_S:
        return None
    return next((each for each in p.notes if each.code in OF_THE_CAR), None)
