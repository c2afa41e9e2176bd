"""A wallbox that cannot be told: silent, or not doing what it was told last. What it may draw is not ours to give away.

Whatever limits all cars together reckons with the most that such a box may still draw, before anybody else gets
something, until it is heard again and does as it is told.
"""

from .commands import Disable, Enable, Ending, OfferCurrent, Outcome
from .figures import HELD_S, OVERDRAW_A, OVERDRAW_SHARE, REACTION_S
from .lines import drawn_a, larger, spread, used
from .point import Point
from .readings import Phases

NOTHING = (0.0, 0.0, 0.0)
TOLD = (OfferCurrent, Enable, Disable)


def follow(p: Point, results: tuple[Outcome, ...]) -> None:
    """Learn whether the box does what it was told last: by what became of the command, and by what the car draws."""
    told = [each for each in results if isinstance(each.command, TOLD)]
    if any(each.failed for each in told):
        p.learn(missed=True)
        return
    seen_a = _seen_since_told_a(p)
    if seen_a is not None:
        allowed_a = (p.box.told_a if p.enabled else 0.0) or 0.0
        known = not p.enabled or p.box.told_a is not None
        p.learn(missed=known and seen_a > allowed_a * OVERDRAW_SHARE + OVERDRAW_A)
    elif p.measured_a is None and any(each.ending is Ending.TAKEN for each in told):
        p.learn(missed=False)


def unheard(p: Point) -> bool:
    """Whether it would be guessing to say that the box will do what it is told."""
    return p.box.missed or _silent(p)


def may_draw_a(p: Point) -> Phases:
    """By house phase: the larger of what was last measured and what it offers; its fail-safe once that has acted.

    A box that was off when heard last, with no car, or without a fail-safe, counts with what was measured.
    """
    lines, last = used(p, p.phases_active), drawn_a(p) if p.fresh else larger(drawn_a(p), p.memory.drawn_a)
    safe = p.charger.traits.failsafe
    if safe is not None and _silent(p) and _silent_s(p) > safe.timeout_s + REACTION_S:
        return spread(safe.current_a, lines) if p.connected or p.enabled else NOTHING
    return larger(last, spread(_offered_a(p), lines))


def may_draw_w(p: Point) -> float:
    """What counts as drawn, W: of a box that cannot be told the most that it may draw, of all others the measured."""
    return max(p.power_w if p.fresh else 0.0, p.voltage_v * sum(may_draw_a(p))) if unheard(p) else p.power_w


def remembered_a(p: Point) -> Phases:
    """What a box was last measured to draw while it was heard, by house phase."""
    return drawn_a(p) if p.fresh else p.memory.drawn_a


def _silent(p: Point) -> bool:
    return not p.fresh or (bool(p.charger.error) and _silent_s(p) > HELD_S)


def _silent_s(p: Point) -> float:
    at_s = p.charger.at_s
    return p.since(p.started_s if at_s is None or not at_s >= p.started_s else at_s)


def _offered_a(p: Point) -> float:
    """A command whose effect nobody has seen yet may have been carried out, or not: the larger current counts."""
    box = p.box
    heard_s = p.charger.at_s if p.charger.at_s is not None else p.started_s
    unseen = box.offered_s is not None and not heard_s > box.offered_s
    offered_a = max(box.offered_a or 0.0, box.told_a or 0.0) if unseen else box.offered_a or 0.0
    return offered_a if p.enabled or (box.refused and unseen) else 0.0


def _seen_since_told_a(p: Point) -> float | None:
    """A per phase, by a reading made after box and car had time to follow; None: there is none yet."""
    at_s = p.power.at_s if p.power is not None else p.charger.at_s
    if not p.fresh or at_s is None or p.box.changed_s is None or not at_s > p.box.changed_s + REACTION_S:
        return None
    return p.measured_a
