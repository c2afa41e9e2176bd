"""A link's worker: one thread that carries out writes, keep-alives and reads, in this order of urgency.

Whatever hangs, hangs here and nowhere else: asking for the latest answer, for a refresh or for a write returns at once.
What is silent rests for a while (2 s, 4 s … 60 s; 10 s where the house hangs on it), so that a dead slave costs its
neighbours little; it is tried again without being asked, so that it is back before the next cycle. Who answers nonsense
is asked again with the next cycle.
"""

import logging
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import suppress
from threading import Condition, Event, Thread, current_thread
from typing import Any

from evcc_flask.domain.ports import Clock

from .counters import Counters
from .manners import Pace
from .needs import Answer, ErrorKind, ReadError, Registers, Request
from .orders import PROMPT, Job, Order, Rest, Timer, rested

log = logging.getLogger("bus")

SILENT = frozenset({ErrorKind.ASLEEP, ErrorKind.MUST_RETRY, ErrorKind.NOT_AVAILABLE})
"""No failures: asked again at the next refresh, and not worth a line in the log."""
LOST_AFTER = 2
"""Failures in a row until it is said: a single lost frame is everyday life on RS485."""
DO_TIMEOUT_S = 20.0
"""How long one link's worker waits for another's."""

Done = Callable[[ReadError | None], None]


class WorkLink:
    """Implements Link but for the fetching itself, which ``_fetch`` does, one transaction after the other."""

    pushes = False
    noted: frozenset[ErrorKind] = frozenset()
    """Failures that the wire itself lets rest: a procedure that met one does not rest on its own account."""

    def __init__(self, name: str, clock: Clock) -> None:
        self.name = name
        self._clock = clock
        self._closing = Event()
        self.counted = Counters(clock.wire_s())
        self._pace = Pace(clock, self.counted, self._closing)
        self._wake = Condition()
        self._jobs: deque[tuple[Job, Done | None]] = deque()
        self._timers: list[Timer] = []
        self._order: Order | None = None
        self._wanted: dict[Request, float] = {}
        self._pressing: set[Request] = set()
        self._answers: dict[Hashable, Answer] = {}
        self._stale: set[Hashable] = set()
        self._rests: dict[Hashable, Rest] = {}
        self._thread: Thread | None = None
        self._wire: Any = None
        self._urgent = False

    # From any thread

    def latest(self, request: Hashable) -> Answer:
        """See Link; a part of a range that some Need named is had, too."""
        answer = self._answers.get(request)
        if answer is None and isinstance(request, Registers):
            return self._part(request)
        return answer or Answer()

    def submit(self, job: Job, done: Done | None = None) -> None:
        """See Link. After ``close`` the job is not run, and ``done`` is told so at once."""
        with self._wake:
            if not self._closing.is_set():
                self._jobs.append((job, done))
                self._awaken()
                return
        if done is not None:
            done(ReadError(ErrorKind.CONNECTION, f"{self.name} is closed"))

    def do(self, job: Job) -> None:
        """See Link. Raises ReadError (TIMEOUT) when the other worker is not free in time."""
        if current_thread() is self._thread:
            job(self._wire)
            return
        ended, outcome = Event(), []

        def note(error: ReadError | None) -> None:
            outcome.append(error)
            ended.set()

        self.submit(job, note)
        if not ended.wait(DO_TIMEOUT_S):
            raise ReadError(ErrorKind.TIMEOUT, f"{self.name} was not free within {DO_TIMEOUT_S:g} s")
        if outcome[0] is not None:
            raise outcome[0]

    def every(self, period_s: float, job: Job) -> Callable[[], None]:
        """See Link. The first time is one period from now; a slave that rests is left alone."""
        timer = Timer(period_s, job, self._clock.wire_s() + period_s)
        with self._wake:
            self._timers.append(timer)
            self._awaken()

        def end() -> None:
            with self._wake, suppress(ValueError):
                self._timers.remove(timer)

        return end

    def forget(self, unit: int | None = None) -> None:
        """See Link."""
        self._stale.update(r for r in list(self._answers) if unit is None or getattr(r, "unit", None) in (unit, None))

    def fetch(self, needs: Mapping[Request, float], fetched: Callable[[], None]) -> None:
        """Fetch what is due (request → greatest age in s); ``fetched`` is called from the worker when all was tried."""
        with self._wake:
            if not self._closing.is_set():
                self._order = self._order or Order()
                self._order.needs.update(needs)
                self._order.fetched.append(fetched)
                self._awaken()
                return
        fetched()

    def once(self, needs: Mapping[Request, float], fetched: Callable[[], None]) -> None:
        """As ``fetch``, once: what fails is left alone until somebody asks again."""

        def asked() -> None:
            for request in needs:
                self._wanted.pop(request, None)
            fetched()

        self.fetch(needs, asked)

    def press(self, request: Request) -> None:
        """The house hangs on it: while it fails it is tried again every 10 s at the latest."""
        self._pressing.add(request)

    def report(self) -> dict[str, object]:
        """Counters and health, ready to publish."""
        lost = [rest for rest in list(self._rests.values()) if rest.backoff.failures >= LOST_AFTER]
        errors = [str(rest.error) for rest in lost]
        state = {"name": self.name, "state": "lost" if lost else "up", "error": errors[0] if errors else None}
        return state | self.counted.report(self._clock.wire_s())

    def close(self) -> None:
        """End the worker soon; jobs that have not begun are dropped. Does not wait, see ``join``."""
        with self._wake:
            self._closing.set()
            dropped, self._jobs = self._jobs, deque()
            order, self._order = self._order, None
            self._wake.notify_all()
        for _, done in dropped:
            if done is not None:
                done(ReadError(ErrorKind.CONNECTION, f"{self.name} is closed"))
        for fetched in order.fetched if order else ():
            fetched()

    def join(self, timeout_s: float) -> bool:
        """Wait for the worker's end; False where something keeps it (a name that does not resolve)."""
        if self._thread is not None and self._thread is not current_thread():
            self._thread.join(max(0.0, timeout_s))
        return self._thread is None or not self._thread.is_alive()

    # On the worker

    def renew(self, request: Request) -> None:
        """See Link."""
        if isinstance(request, Registers):
            value = self._wire.read(request.unit, request.table, request.address, request.count)
        else:
            value = self._run(request)
        self._keep(request, value, self._clock.monotonic_s())

    def _fetch(self, due: list[Request]) -> Iterator[None]:
        """Fetch and ``_keep``; yields after each transaction, so that what is more urgent can go in between."""
        raise NotImplementedError

    def _run(self, request: Any) -> Any:
        """Carry out a procedure."""
        raise NotImplementedError

    def _idle_until_s(self) -> float | None:
        """When the unused wire wants ``_end`` (wire seconds)."""
        return None

    def _end(self) -> None:
        """Close the wire; a later use opens it again."""

    def _awaken(self) -> None:
        # Held: self._wake. Threads begin with the first work, so that building a house starts none.
        if self._thread is None:
            self._thread = Thread(target=self._work, name=f"link {self.name}", daemon=True)
            self._thread.start()
        self._wake.notify_all()

    def _work(self) -> None:
        agenda: Iterator[None] | None = None
        fetched: list[Callable[[], None]] = []
        while not self._closing.is_set():
            if self._ran_job():
                continue
            # One keep-alive at most before the next read: frequent ones on a slow line must not starve the reads.
            self._run_timer()
            if agenda is not None:
                if self._advanced(agenda):
                    continue
                agenda, ended, fetched = None, fetched, []
                for tell in ended:
                    tell()
            if (order := self._taken()) is not None:
                self._wanted, fetched = order.needs, order.fetched
                agenda = self._fetch(self._due())
            elif retried := self._retries():
                agenda = self._fetch(retried)
            else:
                self._rest_awhile()
        self._end()
        for tell in fetched:
            tell()

    def _ran_job(self) -> bool:
        """Whether another one may follow at once. After one that failed a read comes first: writes to a dead slave,
        each at the cost of a time-out, must not starve the reads of its neighbours."""
        with self._wake:
            if not self._jobs:
                return False
            job, done = self._jobs.popleft()
        self._urgent = True
        error = self._outcome(job)
        self._urgent = False
        if done is not None:
            self._told(done, error)
        return error is None

    def _run_timer(self) -> None:
        now_s = self._clock.wire_s()
        with self._wake:
            timer = min(self._timers, key=lambda timer: timer.next_s, default=None)
            if timer is None or timer.next_s > now_s:
                return
            timer.next_s = now_s + timer.period_s
        if (error := self._outcome(timer.job)) is not None:
            log.debug("keep-alive: %s", error)

    def _outcome(self, job: Job) -> ReadError | None:
        try:
            job(self._wire)
        except ReadError as error:
            return error
        except Exception as error:  # why: a job is a driver's code; its fault must not end the worker of the whole line
            log.exception("%s: a write failed in an unforeseen way", self.name)
            return ReadError(ErrorKind.VALUE, f"{self.name}: {error!r}")
        return None

    def _told(self, done: Done, error: ReadError | None) -> None:
        try:
            done(error)
        except Exception:  # why: as above, the listener's fault is not the line's
            log.exception("%s: a listener failed", self.name)

    def _advanced(self, agenda: Iterator[None]) -> bool:
        try:
            next(agenda)
        except StopIteration:
            return False
        except Exception:  # why: a fault in one read must not end the worker of the whole line
            log.exception("%s: a read failed in an unforeseen way", self.name)
            return False
        return True

    def _carry_out(self, request: Request) -> None:
        """One procedure, unless it rests."""
        if (rest := self._resting(None, request)) is not None:
            self._keep_error(request, rest.error)
            return
        try:
            self._keep(request, self._run(request), self._clock.monotonic_s())
        except ReadError as error:
            self._keep_error(request, error)
            if error.kind not in SILENT | self.noted:
                self._failed(request, error)
                return
        except Exception as error:  # noqa: BLE001 # why: a plugin's fault must not end the other reads of its link
            self._keep_error(request, unforeseen := ReadError(ErrorKind.VALUE, f"{self.name}: {error!r}"))
            self._failed(request, unforeseen)
            return
        self._answered(request, f"{self.name}: {request}")

    def _taken(self) -> Order | None:
        with self._wake:
            order, self._order = self._order, None
            return order

    def _due(self) -> list[Request]:
        now_s = self._clock.monotonic_s()
        return [request for request, max_age_s in self._wanted.items() if self._is_due(request, max_age_s, now_s)]

    def _is_due(self, request: Request, max_age_s: float, now_s: float) -> bool:
        answer = self._answers.get(request)
        if answer is None or answer.at_s is None or answer.error is not None or request in self._stale:
            return True
        return now_s - answer.at_s >= max_age_s

    def _retries(self) -> list[Request]:
        now_s = self._clock.wire_s()
        return [request for request in self._wanted if (at_s := self._retry_s(request)) is not None and at_s <= now_s]

    def _retry_s(self, request: Request) -> float | None:
        """When a failed request is tried again, in wire seconds."""
        answer = self._answers.get(request)
        if answer is None or answer.error is None or answer.error.kind in SILENT | PROMPT:
            return None
        return max(
            (rest.backoff.until_s for key in self._keys(request) if (rest := self._rests.get(key))), default=None
        )

    def _rest_awhile(self) -> None:
        """Sleep until something is to be done; closes an idle wire."""
        now_s = self._clock.wire_s()
        idle_s = self._idle_until_s()
        if idle_s is not None and idle_s <= now_s:
            self._end()
            idle_s = None
        with self._wake:
            if self._jobs or self._order or self._closing.is_set():
                return
            waits_s = [timer.next_s - now_s for timer in self._timers]
            waits_s += [at_s - now_s for request in self._wanted if (at_s := self._retry_s(request)) is not None]
            waits_s += [] if idle_s is None else [idle_s - now_s]
            self._wake.wait(max(0.001, min(waits_s)) if waits_s else None)

    # What is known

    def _keep(self, request: Hashable, value: Any, at_s: float) -> None:
        self._answers[request] = Answer(value, at_s)
        self._stale.discard(request)

    def _keep_error(self, request: Hashable, error: ReadError) -> None:
        old = self._answers.get(request) or Answer()
        self._answers[request] = Answer(old.value, old.at_s, error.again())
        self._stale.discard(request)

    def _part(self, request: Registers) -> Answer:
        for known, answer in list(self._answers.items()):
            if not isinstance(known, Registers) or (known.unit, known.table) != (request.unit, request.table):
                continue
            start = request.address - known.address
            if start < 0 or start + request.count > known.count:
                continue
            value = None if answer.value is None else answer.value[start : start + request.count]
            return Answer(value, answer.at_s, answer.error)
        return Answer()

    def _keys(self, request: Hashable) -> Iterable[Hashable]:
        """What may rest, so that ``request`` rests with it: the whole link (None), its slave, itself."""
        return (None, request)

    def _resting(self, *keys: Hashable) -> Rest | None:
        """Why one of ``keys`` is left alone now; a command is never held up."""
        if self._urgent:
            return None
        now_s = self._clock.wire_s()
        return next((rest for key in keys if (rest := self._rests.get(key)) and rest.backoff.rests(now_s)), None)

    def _failed(self, key: Hashable, error: ReadError) -> None:
        """One more failure in a row; the second is said."""
        if self._closing.is_set():
            return
        pressing = any(key in self._keys(request) for request in list(self._pressing))
        self._rests[key] = rest = rested(self._rests.get(key), error, self._clock.wire_s(), pressing=pressing)
        backoff = rest.backoff
        if backoff.failures == LOST_AFTER and not self._said_of(key):
            again = f"at last every {backoff.longest_s:g} s" if backoff.longest_s else "with every cycle"
            log.warning("%s Trying again, %s; everything else runs on.", error.sentence, again)

    def _answered(self, key: Hashable, what: str) -> None:
        """It works; said where it was said that it does not."""
        rest = self._rests.pop(key, None)
        if rest is not None and rest.backoff.failures >= LOST_AFTER and not self._said_of(key):
            log.info("%s answers again.", what)

    def _said_of(self, key: Hashable) -> bool:
        """Whether something else of the same slave or host is lost: one line for all, one when all is back."""
        return any(
            rest.backoff.failures >= LOST_AFTER and other != key and _home(other) == _home(key)
            for other, rest in self._rests.items()
        )


def _home(key: Hashable) -> Hashable:
    """Where it is asked: registers at a slave, a call at its ``place``; all else at itself."""
    return getattr(key, "unit", getattr(key, "place", key))
