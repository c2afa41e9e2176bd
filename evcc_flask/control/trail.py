"""Why the cars charged or waited in the last hours: like decisions in a row are one entry, old ones are let go."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from evcc_flask.domain.decision import Decision, LoadpointDecision
from evcc_flask.domain.reasons import Code, Reason

LONGEST = 200
"""Entries of a loadpoint."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """``count`` decisions in a row with the same codes; the figures are of the last. Times None: no trusted clock."""

    since: datetime | None
    until: datetime | None
    count: int
    connected: bool
    charging: bool
    enabled: bool
    offered_a: float
    reasons: tuple[Reason, ...]

    def codes(self) -> tuple[Code, ...]:
        """What makes two decisions alike."""
        return tuple(reason.code for reason in self.reasons)


Trail = tuple[tuple[Explanation, ...], ...]
"""By loadpoint, newest first."""


def followed(trail: Trail, decision: Decision | None, at: datetime | None) -> Trail:
    """The trail with one more decision."""
    if decision is None:
        return trail
    before: Sequence[tuple[Explanation, ...]] = trail or ((),) * len(decision.loadpoints)
    return tuple(_one(entries, each, at) for entries, each in zip(before, decision.loadpoints, strict=True))


def _one(entries: tuple[Explanation, ...], shown: LoadpointDecision, at: datetime | None) -> tuple[Explanation, ...]:
    new = Explanation(at, at, 1, shown.connected, shown.charging, shown.enabled, shown.offered_a, shown.reasons)
    last = entries[0] if entries else None
    if last is None or _state(last) != _state(new):
        return (new, *entries[: LONGEST - 1])
    return (replace(new, since=last.since, count=last.count + 1), *entries[1:])


def _state(entry: Explanation) -> tuple[bool, bool, bool, tuple[Code, ...]]:
    return entry.connected, entry.charging, entry.enabled, entry.codes()
