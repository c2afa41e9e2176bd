"""What is written down after each decision, and what before one is acted upon: little, seldom, and nothing too late.

While a car charges, once a minute; at every switch and every stop at once; while none does, when a quarter of an hour
is over.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from evcc_flask.domain.commands import Disable, Enable, SetBatteryMode, SwitchPhases
from evcc_flask.domain.decision import Decision
from evcc_flask.domain.issues import Issue
from evcc_flask.domain.memory import Memory
from evcc_flask.domain.moment import Moment
from evcc_flask.domain.orders import GridEvent
from evcc_flask.domain.quarters import Quarter
from evcc_flask.domain.recall import lasting, remembered
from evcc_flask.domain.running import running_rows
from evcc_flask.domain.sessions import SessionRow
from evcc_flask.domain.settings import Settings

from .flowed import Flowed
from .state import Receipt

log = logging.getLogger("site")

REMEMBER_S = 60.0
"""How much energy accounting of a charge a power cut may cost."""
DISK_S = 1.0
"""So long an order to a battery waits for the disk. A full disk must not keep the house from being controlled."""


class Book(Protocol):
    """Where sessions, the memory of a run and the history of energy are kept."""

    def save_sessions(
        self, rows: Sequence[SessionRow], values: Mapping[str, Any], quarters: Mapping[int, Quarter]
    ) -> Receipt: ...

    def statistics(self) -> Mapping[str, Mapping[str, float | None]]:
        """Of the sessions, by period; instant."""
        ...

    def problem(self) -> Issue | None: ...

    def append_grid_events(self, events: Sequence[GridEvent]) -> Receipt: ...


class Keeping:
    """One loop's hand on the book. ``memory``: what it began with. ``observe``: what is ordered is only thought."""

    def __init__(self, book: Book, memory: Memory, *, observe: bool) -> None:
        self._book = book
        self._before_us = memory.battery if observe else None
        self._flowed = Flowed()
        self._kept: Mapping[str, Any] = {}
        self._kept_at_s = float("-inf")
        self._known: tuple[bool, ...] = ()

    def before(self, memory: Memory, decision: Decision, now: Moment) -> None:
        """That a battery will not be in its normal mode because of us is on the disk before it is told so."""
        if self._before_us is not None or not any(isinstance(each, SetBatteryMode) for each in decision.commands):
            return
        kept = remembered(replace(memory, battery=decision.memory.battery, decided_s=now.s), now.wall)
        if lasting(kept)["battery"] == self._kept.get("battery"):
            return
        self._kept = lasting(kept)
        error = self._book.save_sessions((), {"memory": kept}, {}).wait(DISK_S)
        if error:
            log.warning("the battery is told its mode although that is not on the disk: %s", error)

    def after(self, decision: Decision, settings: Settings, now: Moment) -> None:
        """Sessions as they change, running ones once a minute; the memory then, at a switch, at a car's first word."""
        if decision.grid_events:
            self._book.append_grid_events(decision.grid_events)
        self._flowed.add(decision.quarter)
        due = now.s - self._kept_at_s >= REMEMBER_S
        running = running_rows(decision.memory, settings, now) if due else ()
        values: dict[str, Any] = {}
        switched = any(isinstance(each, Enable | Disable | SwitchPhases) for each in decision.commands)
        known = tuple(each.car.anchor is not None for each in decision.memory.loadpoints)
        if due or switched or decision.sessions or decision.changes or known != self._known:
            kept = remembered(self._ours(decision.memory), now.wall)
            if lasting(kept) != self._kept:
                values["memory"] = kept
                self._kept = lasting(kept)
            self._kept_at_s, self._known = now.s, known
        charging = any(each.charging_s is not None for each in decision.memory.loadpoints)
        if values or running or decision.sessions or (self._flowed.complete and not charging):
            self._book.save_sessions((*running, *decision.sessions), values, self._flowed.taken())

    def end(self) -> None:
        """What is not written yet is queued."""
        if parts := self._flowed.taken():
            self._book.save_sessions((), {}, parts)

    def _ours(self, memory: Memory) -> Memory:
        return memory if self._before_us is None else replace(memory, battery=self._before_us)
