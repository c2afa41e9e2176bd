"""A wallbox made of sources and sinks: instant readings, ordered commands, and a keep-alive on a dead man's handle."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, assert_never

from evcc_flask.bus.needs import ErrorKind, Link, Need, ReadError, Registers
from evcc_flask.domain.commands import ChargerCommand, Disable, Enable, Ending, OfferCurrent, SwitchPhases, WakeUp
from evcc_flask.domain.ports import Clock, Done
from evcc_flask.domain.readings import ChargerReading, ChargerTraits, Failsafe
from evcc_flask.domain.words import Status
from evcc_flask.plugins.ports import Sink

from .finish import finish_time
from .lease import LONGEST_S, Lease
from .outbox import Errand, Outbox
from .parts import LEAST_A, ChargerParts, KeepAlive
from .take import Eye, Taken, forget, needs_of, unanswered

KIND = {OfferCurrent: "current", Enable: "switch", Disable: "switch", SwitchPhases: "phases", WakeUp: "wakeup"}
"""Which commands replace each other while they wait for the link."""


class SourceCharger:
    """Implements :class:`evcc_flask.domain.ports.Charger`. ``fallback``: names the link of writes that have none."""

    def __init__(
        self, name: str, parts: ChargerParts, lease: Lease, clock: Clock, fallback: Callable[[], Link]
    ) -> None:
        self.name = name
        self._parts = parts
        self._lease = lease
        self._clock = clock
        self._fallback = fallback
        self._eye = Eye()
        self._outbox = Outbox()
        self._last_a: float | None = None
        self._decided_a: float | None = None
        self._switched: bool | None = None
        self._switched_at_s = 0.0
        self._prepared = parts.prepare is None
        self._keeping = parts.keep_alive is None
        self._kept_at_s: float | None = None
        self._later: list[tuple[float, Sink]] = []
        self._traits = ChargerTraits(
            milliampere=parts.fine,
            physical_phases=parts.physical_phases,
            least_a=parts.least_a,
            most_a=parts.most_a,
            has_power=parts.power is not None,
            can_wake=bool(parts.wakeup),
            persistent_current=parts.persistent,
            failsafe=parts.failsafe.documented if parts.failsafe else None,
            features=parts.features,
            icon=parts.icon,
        )

    def needs(self) -> Iterable[Need]:
        """What the links should keep fresh for this box."""
        parts = self._parts
        triples = [source for triple in (parts.powers, parts.currents, parts.voltages) if triple for source in triple]
        safe = (parts.failsafe.timeout_s, parts.failsafe.current_a) if parts.failsafe else ()
        kept = (parts.keep_alive.timeout_s,) if parts.keep_alive else ()
        single = (
            *(parts.status, parts.enabled, parts.offered, parts.phases, parts.power, parts.energy, parts.identify),
            *(parts.soc, parts.limit_soc, parts.finish, parts.min_current, parts.max_current),
        )
        return needs_of((*single, *triples, *safe, *kept, parts.may_switch, *parts.asked))

    def reading(self) -> ChargerReading:
        """The latest values, instantly."""
        parts = self._parts
        taken = self._eye.look(parts.status)
        status, error = charge_status(taken)
        at_s = taken.at_s
        if parts.prepare is not None and unanswered(parts.status):
            self._prepared = False
        enabled = self._eye.beside(parts.enabled, at_s)
        power_w = self._eye.figure(parts.power, at_s)
        reading = ChargerReading(
            name=self.name,
            at_s=at_s,
            status=status,
            enabled=None if enabled is None else bool(enabled),
            offered_a=self._eye.figure(parts.offered, at_s),
            phases=_phase_count(self._eye.figure(parts.phases, at_s)),
            power_w=power_w,
            power_at_s=parts.power.at_s() if parts.power else None,
            energy_kwh=self._eye.figure(parts.energy, at_s),
            currents_a=self._eye.phases(parts.currents, at_s),
            voltages_v=self._eye.phases(parts.voltages, at_s),
            identifier=str(self._eye.beside(parts.identify, at_s) or "").strip("\0 ") or None,
            soc_percent=self._eye.figure(parts.soc, at_s),
            limit_soc_percent=self._eye.figure(parts.limit_soc, at_s),
            finish_time=self._finish(at_s),
            min_current_a=self._eye.figure(parts.min_current, at_s),
            max_current_a=self._eye.figure(parts.max_current, at_s),
            error=error,
            traits=replace(
                self._traits,
                switches_phases=self._switches_phases(),
                has_power=power_w is not None,
                failsafe=self._failsafe(),
            ),
        )
        return replace(reading, notes=self._notes(error))

    def send(self, command: ChargerCommand, done: Done) -> None:
        """Returns at once; see :class:`evcc_flask.domain.ports.Charger`."""
        sink = self._sink_of(command)
        if sink is None:
            done(Ending.UNAVAILABLE, "")
            return
        if isinstance(command, Disable):
            # At once: while the stop waits for its link, no keep-alive may offer what was before.
            self._decided_a = 0.0
        if isinstance(command, WakeUp):
            now_s = self._clock.monotonic_s()
            self._later = [(now_s + after_s, later) for after_s, later in self._parts.wakeup[1:]]
        self._outbox.post(
            Errand(KIND[type(command)], self._link_of(sink), lambda: self._carry_out(command, sink), done)
        )

    def renew(self, until_s: float) -> None:
        """Keep-alives may repeat the last decided value until ``until_s`` (house monotonic)."""
        self._lease.renew(until_s)
        if not self._prepared and not unanswered(self._parts.status):
            self._outbox.post(Errand("prepare", self._link_of(self._parts.current), self._prepare, _ignored))
        now_s = self._clock.monotonic_s()
        due = [sink for at_s, sink in self._later if at_s <= now_s]
        self._later = [(at_s, sink) for at_s, sink in self._later if at_s > now_s]
        for sink in due:
            self._outbox.post(Errand("later", self._link_of(sink), partial(sink.write, True), _ignored))
        keep_alive = self._parts.keep_alive
        if keep_alive is not None and not self._keeping:
            self._keeping = True
            link = self._link_of(keep_alive.write or self._parts.current)
            link.every(keep_alive.every_s, lambda wire: self._keep_alive(keep_alive, wire))

    def _notes(self, error: str | None) -> tuple[str, ...]:
        """What failed beside the status, under the names of an evcc.yaml."""
        parts = self._parts
        for unused in (parts.return_energy, *(parts.powers or ())):
            self._eye.figure(unused)
        values = {
            "enabled": parts.enabled,
            "getmaxcurrent": parts.offered,
            "phases": parts.phases,
            "power": parts.power,
            "energy": parts.energy,
            "returnenergy": parts.return_energy,
            "powers": parts.powers,
            "currents": parts.currents,
            "voltages": parts.voltages,
            "identify": parts.identify,
            "soc": parts.soc,
            "limitsoc": parts.limit_soc,
            "finishtime": parts.finish,
            "mincurrent": parts.min_current,
            "maxcurrent": parts.max_current,
        }
        return self._eye.notes(self.name, values, error, own=parts.own)

    def _finish(self, at_s: float | None) -> datetime | None:
        source = self._parts.finish
        if source is None:
            return None
        told, now_s = self._eye.beside(source, at_s), self._clock.monotonic_s()
        return finish_time(told, now_s - (source.at_s() or now_s), self._clock.now())

    def _link_of(self, sink: Sink) -> Link:
        return sink.link() or self._fallback()

    def _sink_of(self, command: ChargerCommand) -> Sink | None:
        parts = self._parts
        match command:
            case OfferCurrent():
                return parts.current
            case Enable():
                return parts.on or parts.current
            case Disable():
                return parts.off
            case SwitchPhases():
                return parts.switch_phases
            case WakeUp():
                return None if command.by_vehicle or not parts.wakeup else parts.wakeup[0][1]
            case _:
                assert_never(command)

    def _carry_out(self, command: ChargerCommand, sink: Sink) -> None:
        """On the link's worker."""
        if isinstance(command, Disable):
            self._decided_a = 0.0
        self._prepare()
        match command:
            case OfferCurrent():
                self._offer(command.current_a)
            case Enable():
                current_a = self._last_a or LEAST_A
                sink.write(True if self._parts.on else self._shaped(current_a))
                self._switch(enabled=True)
                self._decided_a = current_a
            case Disable():
                sink.write(False)
                self._switch(enabled=False)
            case SwitchPhases():
                sink.write(command.phases)
            case WakeUp():
                sink.write(True)
        forget(self.needs())

    def _offer(self, current_a: float) -> None:
        if current_a < self._parts.least_a:
            raise ReadError(ErrorKind.VALUE, f"{current_a:g} A is below {self._parts.least_a:g} A: disable instead")
        self._last_a = current_a
        rests = self._enabled() is False
        self._decided_a = current_a if self._decided_a or not rests else 0.0
        # A box that is enabled by its current would start here; Enable writes it.
        if self._parts.on is None and rests:
            return
        self._parts.current.write(self._shaped(current_a))

    def _shaped(self, current_a: float) -> float | int:
        return current_a if self._parts.fine else int(current_a)

    def _switch(self, enabled: bool) -> None:
        self._switched = enabled
        self._switched_at_s = self._clock.monotonic_s()

    def _enabled(self) -> bool | None:
        """What was commanded last, unless the box said something since."""
        source = self._parts.enabled
        at_s = source.at_s() if source else None
        if at_s is None or (self._switched is not None and at_s <= self._switched_at_s):
            return self._switched
        told = self._eye.beside(source, at_s)
        return self._switched if told is None else bool(told)

    def _prepare(self) -> None:
        """What the box must be told once, before all else: at the first command, and after it was gone."""
        if self._prepared or self._parts.prepare is None:
            return
        self._parts.prepare.write(True)
        self._prepared = True

    def _keep_alive(self, keep_alive: KeepAlive, wire: Any) -> None:
        now_s = self._clock.monotonic_s()
        told_s = self._eye.figure(keep_alive.timeout_s)
        period_s = max(keep_alive.every_s, min(told_s or 0.0, LONGEST_S) * keep_alive.share)
        last_s = self._parts.status.at_s() if keep_alive.read else self._kept_at_s
        silent_s = self._clock.real_s(now_s - last_s) if last_s is not None else period_s
        # Half a tick of grace: the ticks themselves come every ``every_s``, and the box counts real time.
        if not self._lease.alive() or silent_s < period_s - keep_alive.every_s / 2:
            return
        self._kept_at_s = now_s
        if keep_alive.read is not None:
            for need in keep_alive.read.needs():
                request = need.request
                if isinstance(request, Registers):
                    wire.read(request.unit, request.table, request.address, request.count)
                else:
                    request.run(wire)
        elif keep_alive.write is not None:
            keep_alive.write.write(True)
        else:
            self._repeat_current()

    def _repeat_current(self) -> None:
        """The last decided value, stop included; before the first command what the box itself reports.

        It never starts a box: one that was told to stop, or that reports itself off, is kept off until it is enabled.
        """
        off = self._enabled() is False
        if off and self._decided_a:
            self._decided_a = 0.0
        if off or self._decided_a == 0:
            self._parts.off.write(False)
            return
        current_a = self._decided_a or self._eye.figure(self._parts.offered)
        if current_a is not None and current_a >= self._parts.least_a:
            self._parts.current.write(self._shaped(current_a))

    def _switches_phases(self) -> bool:
        may = self._parts.may_switch
        return self._parts.switch_phases is not None and (may is None or bool(self._eye.beside(may, None)))

    def _failsafe(self) -> Failsafe | None:
        points = self._parts.failsafe
        if points is None:
            return None
        timeout_s = self._eye.figure(points.timeout_s)
        current_a = self._eye.figure(points.current_a)
        if points.documented is not None:
            timeout_s = points.documented.timeout_s if timeout_s is None else timeout_s
            current_a = points.documented.current_a if current_a is None else current_a
        return Failsafe(timeout_s, current_a, points.how) if timeout_s and current_a is not None else None


STATES = {
    "A": Status.A,
    "A1": Status.A,
    "A2": Status.A,
    "B": Status.B,
    "B1": Status.B,
    "B2": Status.B,
    "C": Status.C,
    "C1": Status.B,
    "C2": Status.C,
    "D": Status.C,
    "D1": Status.B,
    "D2": Status.C,
}
"""IEC 61851 letters; x1: the box offers nothing, x2: it does."""


def charge_status(taken: Taken) -> tuple[Status | None, str | None]:
    """What a box or a car says as a letter, and what is wrong with it."""
    if taken.value is None:
        return None, taken.error
    word = str(taken.value).strip("\0 ").upper()
    if word in STATES:
        return STATES[word], taken.error
    if word[:1] in ("E", "F"):
        return None, f"the box reports an error (state {word}). Look at its display or its own page"
    return None, f"{taken.value!r} is no charge status; A, B or C would be"


def _phase_count(number: float | None) -> int | None:
    return int(number) if number in (1, 3) else None


def _ignored(ending: Ending, error: str) -> None:
    """Nobody waits for it: the next reading tells."""
