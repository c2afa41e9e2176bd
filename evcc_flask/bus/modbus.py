"""A Modbus endpoint: fetches the ranges that are due in blocks, and learns what its slaves refuse."""

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from types import MappingProxyType
from typing import Any, Protocol

from evcc_flask.domain.ports import Clock

from .learned import Refusals, spelled
from .link import WorkLink, log
from .manners import Etiquette, Manners, Pace
from .needs import ErrorKind, ModbusWire, ReadError, Registers, Request, Table
from .planner import Block, Limits, Range, plan
from .specs import ModbusSpec

SLAVE_DOWN = {ErrorKind.TIMEOUT, ErrorKind.GARBLED}
RETRIED = {ErrorKind.GARBLED, ErrorKind.MUST_RETRY}
RETRY_WITHIN_S = 0.25
"""A failure that came this soon is tried once more at once; one that cost a time-out is not, others are waiting."""
RETRY_PAUSE_S = 0.05
SUSPICIOUS = 2
"""Some slaves do not refuse a range with holes but keep silent: so many silences while they answer else."""


class Wire(ModbusWire, Protocol):
    """What frames the questions: serial or TCP."""

    def idle_until_s(self) -> float | None: ...

    def close(self) -> None: ...


class ModbusLink(WorkLink):
    """Implements Link. ``make`` builds the wire; it connects with the first question."""

    noted = frozenset({ErrorKind.TIMEOUT, ErrorKind.GARBLED, ErrorKind.CONNECTION})

    def __init__(
        self,
        name: str,
        clock: Clock,
        limits: Limits,
        manners: Manners,
        make: Callable[[Etiquette, Pace], Wire],
        refused: Refusals = MappingProxyType({}),
        learn: Callable[[Any], None] = lambda what: None,
    ) -> None:
        """``refused``: known from earlier runs; ``learn`` is told all of it, spelled, when there is more."""
        super().__init__(name, clock)
        self._limits = limits
        self._etiquette = Etiquette({None: manners})
        self._raw = make(self._etiquette, self._pace)
        self._wire = TendedWire(self, self._raw)
        self._refused: dict[int, frozenset[Range]] = dict(refused)
        self._tell = learn
        self._suspects: Counter[tuple[int, Range]] = Counter()
        self._last_unit: int | None = None

    def mind(self, unit: int | None, spec: ModbusSpec) -> None:
        """Speak to ``unit`` as ``spec`` says; what several devices of one slave ask for is joined, the gentler wins."""
        asked = Manners(spec.effective_timeout_s, spec.delay_s, spec.max_registers, spec.max_gap, spec.sleeps)
        known = self._etiquette.manners.get(unit)
        self._etiquette.manners[unit] = asked if known is None else _gentler(known, asked)

    def ask(self, unit: int, question: Callable[[], Any]) -> Any:
        """One transaction, on the worker: not with who rests, and once more where it failed soon. Raises ReadError."""
        if (rest := self._resting(None, unit)) is not None:
            raise rest.again()
        began_s = self._clock.wire_s()
        try:
            answer = self._tried(question)
        except ReadError as error:
            soon = error.kind in RETRIED and self._clock.wire_s() - began_s <= RETRY_WITHIN_S
            woken = error.kind is ErrorKind.TIMEOUT and self._etiquette.of(unit).sleeps
            if not (soon or woken):
                self._note(unit, error)
                raise
            self._closing.wait(RETRY_PAUSE_S)
            try:
                answer = self._tried(question)
            except ReadError as again:
                self._note(unit, again)
                raise
        self._note(unit, None)
        return answer

    def _tried(self, question: Callable[[], Any]) -> Any:
        try:
            return question()
        except ReadError as error:
            self.counted.error(error.kind)
            raise

    def _note(self, unit: int, error: ReadError | None) -> None:
        self._last_unit = unit
        if error is not None and error.kind is ErrorKind.CONNECTION:
            self._failed(None, error)
            return
        self._answered(None, self.name)
        if error is not None and error.kind in SLAVE_DOWN:
            self._failed(unit, error)
        else:
            self._answered(unit, f"{self.name}, id {unit}")

    def _fetch(self, due: list[Request]) -> Iterator[None]:
        ranges = [request for request in due if isinstance(request, Registers)]
        for unit in self._ordered({request.unit for request in ranges}):
            mine = [request for request in ranges if request.unit == unit]
            if unit in self._rests:
                # One small question first: whether the slave is there at all.
                yield from self._fetch_ranges(unit, mine[:1])
                mine = mine[1:]
            yield from self._fetch_ranges(unit, mine)
        for request in due:
            if not isinstance(request, Registers):
                self._carry_out(request)
                yield

    def _ordered(self, units: Iterable[int]) -> list[int]:
        """Those in trouble last, and few changes of the slave: each costs a pause."""
        return sorted(units, key=lambda unit: (unit in self._rests, unit != self._last_unit, unit))

    def _fetch_ranges(self, unit: int, ranges: Iterable[Registers]) -> Iterator[None]:
        waiting = deque(self._plan(unit, ranges))
        while waiting:
            block = waiting.popleft()
            if (rest := self._resting(block.members[0])) is not None and len(block.members) == 1:
                self._keep_error(block.members[0], rest.error)
                continue
            try:
                answer = self._wire.read(unit, block.table, block.address, block.count)
            except ReadError as error:
                if error.kind is ErrorKind.REFUSED and len(block.members) > 1:
                    self._learn(unit, [block.range])
                    waiting.extendleft(reversed(self._plan(unit, block.members)))
                else:
                    self._missed(block, error)
            else:
                self._serve(block, answer)
            yield

    def _plan(self, unit: int, ranges: Iterable[Registers]) -> tuple[Block, ...]:
        manners = self._etiquette.of(unit)
        limits = self._limits.narrowed(manners.max_registers, manners.max_gap)
        return plan(frozenset(ranges), limits, self._refused.get(unit, frozenset()))

    def _serve(self, block: Block, answer: tuple[int, ...]) -> None:
        """All that lies in the block is fresh now, whether it was due or not."""
        self._suspects.pop((block.unit, block.range), None)
        at_s = self._clock.monotonic_s()
        for request in {*self._wanted, *block.members}:
            if isinstance(request, Registers) and block.serves(request):
                self._keep(request, block.cut(answer, request), at_s)
                self._answered(request, _spelled(self.name, request))

    def _missed(self, block: Block, error: ReadError) -> None:
        for request in block.members:
            self._keep_error(request, error)
        if error.kind is ErrorKind.REFUSED:
            self._learn(block.unit, [block.range])
            self._failed(block.members[0], error)
        elif error.kind is ErrorKind.TIMEOUT and (joints := list(block.joints())) and self._first_failure(block.unit):
            self._suspects[block.unit, block.range] += 1
            if self._suspects[block.unit, block.range] >= SUSPICIOUS:
                self._learn(block.unit, joints)

    def _first_failure(self, unit: int) -> bool:
        rest = self._rests.get(unit)
        return rest is not None and rest.backoff.failures == 1

    def _learn(self, unit: int, ranges: Iterable[Range]) -> None:
        known = self._refused.get(unit, frozenset())
        self._refused[unit] = known.union(ranges)
        if self._refused[unit] != known:
            log.debug("%s, id %d: not read in one piece any more: %s", self.name, unit, sorted(ranges))
            self._tell(spelled(self._refused))

    def _run(self, request: Any) -> Any:
        return request.run(self._wire)

    def _keys(self, request: Hashable) -> Iterable[Hashable]:
        return (None, getattr(request, "unit", None), request)

    def _idle_until_s(self) -> float | None:
        return self._raw.idle_until_s()

    def _end(self) -> None:
        self._raw.close()


class TendedWire:
    """Implements ModbusWire for jobs and procedures, with the link's care for who is dead."""

    def __init__(self, link: ModbusLink, raw: Wire) -> None:
        self._link = link
        self._raw = raw

    def read(self, unit: int, table: Table, address: int, count: int) -> tuple[int, ...]:
        words: tuple[int, ...] = self._link.ask(unit, lambda: self._raw.read(unit, table, address, count))
        return words

    def write_register(self, unit: int, address: int, value: int) -> None:
        self._link.ask(unit, lambda: self._raw.write_register(unit, address, value))

    def write_registers(self, unit: int, address: int, values: tuple[int, ...]) -> None:
        self._link.ask(unit, lambda: self._raw.write_registers(unit, address, values))

    def write_coil(self, unit: int, address: int, value: bool) -> None:
        self._link.ask(unit, lambda: self._raw.write_coil(unit, address, value))


def _gentler(one: Manners, other: Manners) -> Manners:
    return Manners(
        max(one.timeout_s, other.timeout_s),
        max((d for d in (one.delay_s, other.delay_s) if d is not None), default=None),
        min((m for m in (one.max_registers, other.max_registers) if m is not None), default=None),
        min((g for g in (one.max_gap, other.max_gap) if g is not None), default=None),
        one.sleeps or other.sleeps,
    )


def _spelled(name: str, request: Registers) -> str:
    last = request.address + request.count - 1
    return f"{name}, id {request.unit}: {request.table.name.lower()} {request.address} to {last}"
