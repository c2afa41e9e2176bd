"""The control loop's thread and the watchdog beside it: a crashed or stuck loop is restarted, counted, capped."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from evcc_flask.domain.memory import Memory
from evcc_flask.domain.ports import Clock, Field

from .loop import Loop
from .state import SharedState

log = logging.getLogger("site")

STUCK_S = 30.0
"""A loop that has not moved for so many real seconds is replaced; it samples every few, whatever its interval."""
RESTARTS = 5
WINDOW_S = 3600.0
"""So many restarts are tolerated in this time; then a supervisor has to act."""
HEALTHY_S = 60.0
"""Health allows this and an interval since the last decision, and since the grid meter's last answer."""


@dataclass(frozen=True, slots=True)
class Health:
    """``ok`` and, where it is not, the sentence why. ``alive``: the loop decides; a restart would mend nothing else."""

    ok: bool
    reason: str = ""
    alive: bool = True


class Controller:
    """Owns the loop's thread. ``make_loop(memory)`` builds a loop; ``close_book`` ends the database at the very end."""

    def __init__(
        self, state: SharedState, field: Field, clock: Clock, make_loop: Callable[[Memory], Loop], memory: Memory
    ) -> None:
        self._state = state
        self._field = field
        self._clock = clock
        self._make_loop = make_loop
        self._loop = make_loop(memory)
        self._generation = 0
        self._restarts: tuple[float, ...] = ()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._watchdog = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Start loop and watchdog; returns at once."""
        self._launch()
        self._watchdog.start()

    def stop(self) -> None:
        """End in order: batteries back to normal first, then the links. Takes at most about 3 s; safe to call twice."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._state.woken.set()
        self._loop.restore()
        if self._thread is not None:
            self._thread.join(1.0)
        self._field.close()

    @property
    def restarts(self) -> int:
        """How often the watchdog had to act within its window."""
        return len(self._restarts)

    def health(self) -> Health:
        """Whether charging is under control."""
        pulse, interval_s = self._loop.pulse, self._state.settings.interval_s
        now_s, allowed_s = self._clock.monotonic_s(), HEALTHY_S + interval_s
        if len(self._restarts) >= RESTARTS:
            sentence = "the control loop failed too often; restart the service and read the log"
            return Health(False, sentence, alive=False)
        if pulse.decided_at_s is None:
            return Health(False, "the first cycle is not done yet", alive=False)
        if now_s - pulse.decided_at_s > allowed_s:
            return Health(False, f"no decision for {now_s - pulse.decided_at_s:.0f} s", alive=False)
        if not self._state.settings.loadpoints:
            broken = (str(issue) for issue in self._state.view.issues if issue.fatal and issue.kind == "configfile")
            return Health(False, next(broken, "no loadpoint is configured"))
        if pulse.grid_at_s is None or now_s - pulse.grid_at_s > allowed_s:
            return Health(False, "the grid meter does not answer")
        return Health(True)

    def _launch(self) -> None:
        self._generation += 1
        generation = self._generation

        def current() -> bool:
            return generation == self._generation and not self._stopping.is_set()

        self._thread = threading.Thread(target=self._guarded, args=(current,), name="control", daemon=True)
        self._thread.start()

    def _guarded(self, current: Callable[[], bool]) -> None:
        try:
            self._loop.run(current)
        except Exception:  # why: the watchdog decides what follows; the fault must reach the log whole
            log.exception("the control loop crashed")

    def _watch(self) -> None:
        while not self._stopping.wait(1.0):
            thread, pulse = self._thread, self._loop.pulse
            now_s = self._clock.monotonic_s()
            silent_s = self._clock.real_s(now_s - pulse.alive_at_s)
            if thread is not None and thread.is_alive() and silent_s < STUCK_S:
                continue
            self._restarts = (*(at for at in self._restarts if now_s - at < WINDOW_S), now_s)
            if len(self._restarts) >= RESTARTS:
                log.critical("the control loop failed %d times within an hour; it is not started again", RESTARTS)
                return
            # A memory that made the loop crash twice would make it crash for ever.
            memory = self._loop.memory
            if len(self._restarts) >= 2:
                memory = Memory(now_s, battery=replace(memory.battery, socs=()))
            log.error("the control loop is restarted (%d of %d)", len(self._restarts), RESTARTS)
            self._loop = self._make_loop(memory)
            self._loop.pulse = replace(self._loop.pulse, alive_at_s=now_s)
            self._launch()
