"""The control loop: read, freeze, decide, act, publish; nothing else moves the system.

It samples the devices at least every ``SAMPLE_S`` so that an overloaded circuit is seen early, and decides at the
configured interval, at once when a person changed something, and at once on an overload. It never waits for a hung
device longer than a fraction of its interval.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from evcc_flask.domain.assignment import with_vehicles
from evcc_flask.domain.commands import Command, Ending, Outcome, SetBatteryMode, WakeUp
from evcc_flask.domain.decide import decide
from evcc_flask.domain.decision import Decision
from evcc_flask.domain.guard import guard
from evcc_flask.domain.issues import Issue
from evcc_flask.domain.memory import Memory
from evcc_flask.domain.moment import Moment
from evcc_flask.domain.ports import Charger, Clock, Done, Field, Meter
from evcc_flask.domain.rates import Usage
from evcc_flask.domain.refused import admitted
from evcc_flask.domain.settings import Settings
from evcc_flask.domain.snapshot import Snapshot
from evcc_flask.planning.follow import follow

from . import garage
from .house import House
from .keeping import Book, Keeping
from .logbook import Logbook, spoken
from .silence import Roll, troubled_devices
from .state import SharedState
from .yields import Yield, produced_w

log = logging.getLogger("site")

SAMPLE_S = 2.0
"""Longest pause between two looks at the meters: an overload must be answered within 5 s of its reading."""
LONGEST_WAIT_S = 2.0
"""Real seconds a cycle waits for its slowest link; the first decision must fall within 3 s of the start.

Wires take real time in a demo faster than life, too: there a cycle is as long as its slowest link, not as its interval.
"""
GATHER_S = 0.1
"""Real seconds. A wish is decided upon at once; those that follow it so soon are decided upon together."""
RETRY_S = 10.0
"""A command that failed is tried again after this, whatever the interval (15 s are allowed)."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """How the loop is doing; times are house monotonic seconds."""

    alive_at_s: float
    decided_at_s: float | None = None
    grid_at_s: float | None = None
    cycles: int = 0


class Loop:
    """One run of the control loop on the thread that calls :meth:`run`.

    ``standing``: issues of the configuration, shown as long as the process lives. ``observe``: decide and explain,
    and write nothing. ``alive`` is called after each look at the house.
    """

    def __init__(
        self,
        state: SharedState,
        house: House,
        field: Field,
        book: Book,
        clock: Clock,
        *,
        memory: Memory,
        standing: tuple[Issue, ...] = (),
        observe: bool = False,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._state = state
        self._house = house
        self._field = field
        self._book = book
        self._clock = clock
        self._standing = standing
        self._observe = observe
        self._alive = alive
        self._outcomes: list[Outcome] = []
        self._outcomes_lock = threading.Lock()
        self._keeping = Keeping(book, memory, observe=observe)
        self._failing: dict[tuple[type, int], str] = {}
        self._acting = threading.Lock()
        self._gathering = threading.Event()
        self._yield = Yield()
        self._roll = Roll()
        self._logbook = Logbook()
        self.memory = memory
        self.pulse = Pulse(clock.monotonic_s())

    def run(self, current: Callable[[], bool]) -> None:
        """Cycle until ``current()`` is False: the process ends, or the watchdog has put another thread in charge."""
        decide_at_s = float("-inf")
        while current():
            woken = self._sample(current)
            if not current():
                return
            now = self._moment()
            woken = self._state.lapse_battery_order(now.s) or woken
            settings = self._state.settings
            snapshot = with_vehicles(self._house.snapshot(self._peek(), now.wall), settings)
            due = woken or now.s >= decide_at_s or guard(snapshot, settings, self.memory, now)
            if due:
                soon = self._cycle(snapshot, settings, now, current)
                decide_at_s = now.s + (min(RETRY_S, settings.interval_s) if soon else settings.interval_s)
            else:
                self._admit(snapshot.outcomes)
            self.pulse = replace(self.pulse, alive_at_s=now.s)
            self._alive()
            if woken:
                self._gathering.wait(GATHER_S)
            self._rest(decide_at_s, settings.interval_s)

    def restore(self, timeout_s: float = 2.0) -> None:
        """At the end: batteries that we changed go back to normal; boxes are left as they are.

        To be called once the loop may not act any more (``current`` of :meth:`run` is False), so that no command of a
        cycle under way comes after these.
        """
        self._keeping.end()
        if self._observe:
            return
        waiting = []
        with self._acting:
            changed = self.memory.changed_batteries()
            for battery in self._house.batteries:
                if battery.name in changed:
                    finished = threading.Event()
                    battery.set_battery_mode(changed[battery.name], _setting(finished))
                    waiting.append(finished)
        deadline_s = self._clock.wire_s() + timeout_s
        for finished in waiting:
            finished.wait(max(0.0, deadline_s - self._clock.wire_s()))

    def _sample(self, current: Callable[[], bool]) -> bool:
        """Fetch what is due. True when a person's change came in: what is known is then decided upon at once."""
        if self._take_wake():
            return True
        fetching = self._field.refresh()
        deadline_s = self._clock.wire_s() + max(0.3, min(LONGEST_WAIT_S, 0.8 * self._state.settings.interval_s))
        while self._clock.wire_s() < deadline_s and current():
            if fetching.wait(0.05):
                break
            if self._take_wake():
                return True
        return self._take_wake()

    def _take_wake(self) -> bool:
        if not self._state.woken.is_set():
            return False
        self._state.woken.clear()
        return True

    def _cycle(self, snapshot: Snapshot, settings: Settings, now: Moment, current: Callable[[], bool]) -> bool:
        """Decide, act, publish. True where the next cycle should come early: a command failed, a wish was changed."""
        planned = follow(snapshot, settings, self.memory, now)
        decision = decide(snapshot, planned.settings, planned.memory, now)
        with self._acting:
            # A loop that was replaced while it decided, or whose house is being left, commands nothing more.
            if not current():
                return False
            self._drop(len(snapshot.outcomes))
            self._keeping.before(self.memory, decision, now)
            self.memory = decision.memory
            self._act(decision.commands)
            garage.ask(self._house.vehicles, decision.asks)
            if not self._observe:
                self._renew(now.s + 2 * settings.interval_s)
        self._state.change_by_rule(decision.changes, settings)
        self._state.end_plans(planned.ended)
        self._keeping.after(decision, self._state.settings, now)
        self._logbook.follow(decision, now.s)
        self._publish(snapshot, decision, now)
        grid_at_s = snapshot.grid.at_s if snapshot.grid else now.s
        self.pulse = Pulse(now.s, now.s, grid_at_s, self.pulse.cycles + 1)
        return bool(decision.changes) or any(outcome.failed for outcome in snapshot.outcomes)

    def _renew(self, until_s: float) -> None:
        chargers: list[Charger | Meter] = [drivers.charger for drivers in self._house.loadpoints]
        for device in (*chargers, *self._house.batteries):
            device.renew(until_s)

    def _act(self, commands: Sequence[Command]) -> None:
        for command in commands:
            if self._observe:
                self._note(command, Ending.UNAVAILABLE, "")
            elif isinstance(command, SetBatteryMode):
                self._house.batteries[command.battery].set_battery_mode(command.mode, self._noting(command))
            elif isinstance(command, WakeUp) and command.by_vehicle:
                garage.wake(self._house.vehicles, self._state.settings, command, self._noting(command))
            else:
                self._house.loadpoints[command.loadpoint].charger.send(command, self._noting(command))
            log.debug("%s %s", "would send" if self._observe else "send", spoken(command))

    def _noting(self, command: Command) -> Done:
        return partial(self._note, command)

    def _note(self, command: Command, ending: Ending, error: str) -> None:
        outcome = Outcome(command, self._clock.monotonic_s(), ending, error)
        with self._outcomes_lock:
            self._say(outcome)
            self._outcomes.append(outcome)

    def _say(self, outcome: Outcome) -> None:
        """One line when a kind of command begins to fail, or fails otherwise, and one when it works again."""
        command = outcome.command
        place = command.battery if isinstance(command, SetBatteryMode) else command.loadpoint
        key = (type(command), place)
        if outcome.failed and self._failing.get(key) != outcome.error:
            log.warning("%s failed, and is tried again: %s", spoken(command), outcome.error)
            self._failing[key] = outcome.error
        elif outcome.ending is Ending.TAKEN and self._failing.pop(key, ""):
            log.info("%s works again", spoken(command))

    def _admit(self, outcomes: Sequence[Outcome]) -> None:
        """What failed since the last decision is said now, not an interval later."""
        view = self._state.view
        if view.decision is not None and (known := admitted(view.decision, outcomes)) is not view.decision:
            self._state.show(replace(view, decision=known))

    def _peek(self) -> tuple[Outcome, ...]:
        with self._outcomes_lock:
            return tuple(self._outcomes)

    def _drop(self, count: int) -> None:
        with self._outcomes_lock:
            del self._outcomes[:count]

    def _publish(self, snapshot: Snapshot, decision: Decision, now: Moment) -> None:
        foretold_w = snapshot.outlook.value(Usage.SOLAR, now.wall)
        self._yield = self._yield.counted(now.wall, now.s, produced_w(snapshot, decision.site), foretold_w)
        problem = self._book.problem()
        # A stand-in never answers; what is wrong with it is said already.
        known = {issue.device for issue in self._standing}
        self._roll.call(snapshot, now.s, {name for name in known if name})
        troubled = (issue for issue in troubled_devices(snapshot, now.s) if issue.device not in known)
        passing = (*((problem,) if problem else ()), *snapshot.outlook.issues, *troubled)
        self._state.show(
            replace(
                self._state.view,
                snapshot=snapshot,
                decision=decision,
                links=self._field.links(),
                issues=(*self._standing, *passing),
                decided_at=now.wall,
                decided_s=now.s,
                statistics=self._book.statistics(),
                cycle=self.pulse.cycles + 1,
                solar_scale=self._yield.scale,
            )
        )

    def _rest(self, decide_at_s: float, interval_s: float) -> None:
        pause_s = min(SAMPLE_S, interval_s, max(0.0, decide_at_s - self._clock.monotonic_s()))
        self._state.woken.wait(max(0.01, self._clock.real_s(pause_s)))

    def _moment(self) -> Moment:
        return Moment(self._clock.monotonic_s(), self._clock.now() if self._clock.trusted() else None)


def _setting(finished: threading.Event) -> Done:
    def done(ending: Ending, error: str) -> None:
        finished.set()

    return done
