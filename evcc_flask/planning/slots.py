"""When to charge for so long, until then, as cheaply as can be. The steps in their order: docs/control.rst, plans.

All arithmetic is done in UTC, so that a night of 9 or 11 hours is as long as it is.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from evcc_flask.domain.rates import Rate

NOTHING = timedelta(0)
HOUR = timedelta(hours=1)


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
    need, now, target = timedelta(seconds=required_s), now.astimezone(UTC), target.astimezone(UTC)
    known = _known(rates)
    if target - need <= now:
        return _block(known, now, now + need)
    if not known:
        return _block(known, target - need, target)
    later = max(NOTHING, target - known[-1].end)
    if later >= need:
        return Schedule(later_s=required_s, waits=True)
    end, left = target - later, need - later
    open_ = [Rate(max(each.start, now), min(each.end, end), each.value) for each in known if each.end > now]
    open_ = [each for each in open_ if each.start < each.end]
    if sum((each.end - each.start for each in open_), NOTHING) < left:
        return _block(known, target - need, target)
    reserved = min(left, max(NOTHING, timedelta(seconds=precondition_s) - later))
    begin = end - reserved
    free = [Rate(each.start, min(each.end, begin), each.value) for each in open_ if each.start < begin]
    if continuous:
        start = end - left if later else _window(open_, left, end)
        return _block(known, start, start + left, later)
    chosen = (*_cheapest(free, left - reserved), *_filled(known, begin, end))
    return Schedule(chosen, later.total_seconds(), priced=_covered(known, begin, end))


def _known(rates: Iterable[Rate]) -> list[Rate]:
    """In UTC and order; what is no number is unknown, and of two that overlap the earlier one counts first."""
    known: list[Rate] = []
    in_utc = (Rate(each.start.astimezone(UTC), each.end.astimezone(UTC), each.value) for each in rates)
    for each in sorted((each for each in in_utc if math.isfinite(each.value)), key=lambda each: each.start):
        start = max(each.start, known[-1].end) if known else each.start
        if start < each.end:
            known.append(each if start == each.start else Rate(start, each.end, each.value))
    return known


def _cheapest(free: Sequence[Rate], need: timedelta) -> list[Rate]:
    """The cheapest ones, later ones first among equals; what is too much of the last one is cut off."""
    if need <= NOTHING:
        return []
    chosen: list[Rate] = []
    for slot in sorted(free, key=lambda each: (each.value, -each.start.timestamp())):
        surplus = slot.end - slot.start - need
        if surplus > NOTHING and chosen and all(slot.start < each.start for each in chosen):
            slot = Rate(slot.start + surplus, slot.end, slot.value)
        elif surplus > NOTHING:
            slot = Rate(slot.start, slot.end - surplus, slot.value)
        chosen.append(slot)
        need -= slot.end - slot.start
        if need <= NOTHING:
            break
    return sorted(chosen, key=lambda each: each.start)


def _block(known: Sequence[Rate], start: datetime, end: datetime, later: timedelta = NOTHING) -> Schedule:
    return Schedule(tuple(_filled(known, start, end)), later.total_seconds(), priced=_covered(known, start, end))


def _filled(known: Sequence[Rate], start: datetime, end: datetime) -> list[Rate]:
    """All of the time between, cut where the prices are cut; 0 where none is known."""
    filled: list[Rate] = []
    for each in known:
        first, last = max(each.start, start), min(each.end, end)
        if first >= last:
            continue
        if first > start:
            filled.append(Rate(start, first, 0.0))
        filled.append(Rate(first, last, each.value))
        start = last
    if start < end:
        filled.append(Rate(start, end, 0.0))
    return filled


def _covered(known: Sequence[Rate], start: datetime, end: datetime) -> bool:
    lengths = (min(each.end, end) - max(each.start, start) for each in known)
    return sum((length for length in lengths if length > NOTHING), NOTHING) >= end - start


def _window(free: Sequence[Rate], need: timedelta, end: datetime) -> datetime:
    """Start of the cheapest time of this length without a gap; it begins with a slot, or ends with the last one."""
    seconds = [(each.end - each.start).total_seconds() for each in free]
    starts = [each.start for each in free]
    covered = [0.0, *accumulate(seconds)]
    paid = [0.0, *accumulate(length * each.value for length, each in zip(seconds, free, strict=True))]

    def until(moment: datetime) -> tuple[float, float]:
        place = bisect_left(starts, moment) - 1
        if place < 0:
            return 0.0, 0.0
        passed_s = min(seconds[place], (moment - starts[place]).total_seconds())
        return covered[place] + passed_s, paid[place] + passed_s * free[place].value

    latest, best = end - need, math.inf
    found = latest
    for start in (latest, *(each for each in reversed(starts) if each < latest)):
        (from_s, from_paid), (to_s, to_paid) = until(start), until(start + need)
        if to_s - from_s >= need.total_seconds() - 1e-3 and to_paid - from_paid < best - 1e-9:
            found, best = start, to_paid - from_paid
    return found
