"""When to charge for so long, until then, as cheaply as can be. The steps in their order: docs/control.rst, plans.

Inside, times are seconds of the epoch: a night of 9 or 11 hours is as long as it is, and a week of quarters is planned
in a few milliseconds.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from operator import itemgetter

from evcc_flask.domain.rates import Rate

NOTHING = timedelta(0)
HOUR = timedelta(hours=1)

SLIGHT_S = 1e-3
"""Less than that is what reckoning leaves."""

Piece = tuple[float, float, float]
"""Start, end, price."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """``slots`` in order, in UTC, each with its true price; 0 where none is known, and then ``priced`` is False.

    ``later_s``: what is left for the time after the last known price. ``waits``: all of it is, so there are no slots.
    """

    slots: tuple[Rate, ...] = ()
    later_s: float = 0.0
    priced: bool = False
    waits: bool = False

    @property
    def start(self) -> datetime | None:
        return self.slots[0].start if self.slots else None

    @property
    def end(self) -> datetime | None:
        """When it is done, what is left for later included."""
        return self.slots[-1].end + timedelta(seconds=self.later_s) if self.slots else None

    @property
    def duration_s(self) -> float:
        return sum((slot.end - slot.start for slot in self.slots), NOTHING).total_seconds()

    def slot_at(self, moment: datetime) -> Rate | None:
        """The slot that contains ``moment``."""
        return next((slot for slot in self.slots if slot.start <= moment < slot.end), None)

    def continues(self, slot: Rate) -> bool:
        """Whether another one begins where this one ends."""
        return any(each.start == slot.end for each in self.slots)

    def break_after(self, moment: datetime) -> datetime | None:
        """When the charge that runs at ``moment`` pauses or ends; None where none runs."""
        slot = self.slot_at(moment)
        while slot is not None and (following := self.slot_at(slot.end)) is not None:
            slot = following
        return slot.end if slot is not None else None

    def cost(self, power_w: float) -> float | None:
        """In the unit of the prices, at this power; None where not all prices are known."""
        if not self.slots or not self.priced or self.later_s:
            return None
        return sum(slot.value * ((slot.end - slot.start) / HOUR) for slot in self.slots) * power_w / 1000


def schedule(
    rates: Iterable[Rate],
    required_s: float,
    target: datetime,
    now: datetime,
    precondition_s: float = 0.0,
    *,
    continuous: bool = False,
) -> Schedule:
    """Charge for ``required_s`` before ``target``, the last ``precondition_s`` before it in any case.

    ``continuous``: in one piece. What does not fit any more begins at once and ends late; without prices, or with too
    many gaps in them, it begins as late as possible.
    """
    if not required_s > 0:
        return Schedule()
    need, begin, end = required_s, now.timestamp(), target.timestamp()
    known = _known(rates)
    if end - need <= begin:
        return _block(known, begin, begin + need)
    if not known:
        return _block(known, end - need, end)
    later = max(0.0, end - known[-1][1])
    if later >= need:
        return Schedule(later_s=need, waits=True)
    last, left = end - later, need - later
    open_ = _within(known, begin, last)
    if sum(b - a for a, b, _ in open_) < left:
        return _block(known, end - need, end)
    if continuous:
        start = last - left if later else _window(open_, left, last)
        return _block(known, start, start + left, later)
    reserved = min(left, max(0.0, precondition_s - later))
    free = _within(open_, begin, last - reserved) if reserved else open_
    chosen = [*_cheapest(free, left - reserved), *_filled(known, last - reserved, last)]
    return Schedule(_told(chosen), later, priced=_covered(known, last - reserved, last))


def _known(rates: Iterable[Rate]) -> list[Piece]:
    """In order; what is no number is unknown, and of two that overlap the earlier one counts first."""
    pieces = [(each.start.timestamp(), each.end.timestamp(), each.value) for each in rates]
    pieces.sort(key=itemgetter(0))
    known: list[Piece] = []
    so_far = -math.inf
    for start, end, value in pieces:
        start = max(start, so_far)
        if start < end and math.isfinite(value):
            known.append((start, end, value))
            so_far = end
    return known


def _within(pieces: Iterable[Piece], start: float, end: float) -> list[Piece]:
    return [(max(a, start), min(b, end), value) for a, b, value in pieces if max(a, start) < min(b, end)]


def _cheapest(free: Sequence[Piece], need: float) -> list[Piece]:
    """The cheapest ones, later ones first among equals; what is too much of the last one is cut off."""
    chosen: list[Piece] = []
    for start, end, value in sorted(free, key=lambda each: (each[2], -each[0])):
        if need <= 0:
            break
        surplus = max(0.0, end - start - need)
        need -= end - start
        if surplus and chosen and start < min(chosen)[0]:
            start += surplus
        else:
            end -= surplus
        chosen.append((start, end, value))
    return sorted(chosen)


def _block(known: Sequence[Piece], start: float, end: float, later: float = 0.0) -> Schedule:
    return Schedule(_told(_filled(known, start, end)), later, priced=_covered(known, start, end))


def _filled(known: Sequence[Piece], start: float, end: float) -> list[Piece]:
    """All of the time between, cut where the prices are cut; 0 where none is known."""
    filled: list[Piece] = []
    for first, last, value in _within(known, start, end):
        if first > start:
            filled.append((start, first, 0.0))
        filled.append((first, last, value))
        start = last
    if start < end:
        filled.append((start, end, 0.0))
    return filled


def _covered(known: Sequence[Piece], start: float, end: float) -> bool:
    return sum(b - a for a, b, _ in _within(known, start, end)) >= end - start - SLIGHT_S


def _window(free: Sequence[Piece], need: float, end: float) -> float:
    """Start of the cheapest time of this length without a gap, a later one first among equals.

    While it is moved its price changes in straight lines that bend where its start or its end passes the edge of a
    slot: one of the cheapest begins or ends there.
    """
    starts = [start for start, _, _ in free]
    covered = [0.0, *accumulate(b - a for a, b, _ in free)]
    paid = [0.0, *accumulate((b - a) * value for a, b, value in free)]

    def until(moment: float) -> tuple[float, float]:
        place = bisect_left(starts, moment) - 1
        if place < 0:
            return 0.0, 0.0
        start, last, value = free[place]
        passed = min(last, moment) - start
        return covered[place] + passed, paid[place] + passed * value

    found, best = end - need, math.inf
    edges = {end - need, *starts, *(last - need for _, last, _ in free)}
    for start in sorted((each for each in edges if starts[0] <= each <= end - need), reverse=True):
        (from_s, from_paid), (to_s, to_paid) = until(start), until(start + need)
        if to_s - from_s >= need - SLIGHT_S and to_paid - from_paid < best - SLIGHT_S:
            found, best = start, to_paid - from_paid
    return found


def _told(pieces: Iterable[Piece]) -> tuple[Rate, ...]:
    return tuple(
        Rate(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC), value)
        for start, end, value in pieces
    )
