"""A car's account made of sources and sinks: it is asked when somebody says so, and heard where it speaks by itself."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from evcc_flask.bus.needs import ErrorKind, Link, Need, ReadError
from evcc_flask.domain.commands import Ending
from evcc_flask.domain.ports import Clock, Done, Round
from evcc_flask.domain.readings import CarReading, CarTraits
from evcc_flask.domain.words import Contact
from evcc_flask.plugins.ports import Sink, Source

from .charger import charge_status
from .finish import finish_time
from .outbox import Errand, Outbox
from .take import Eye, forget, needs_of

CONTACTS = {
    ErrorKind.ASLEEP: Contact.ASLEEP,
    ErrorKind.LIMITED: Contact.LIMITED,
    ErrorKind.MUST_RETRY: Contact.PENDING,
    ErrorKind.NOT_AVAILABLE: Contact.PENDING,
}
PAUSES_S = {Contact.ASLEEP: 60.0, Contact.LIMITED: 900.0, Contact.GONE: 60.0}
"""House seconds that an account is left in peace after it failed, whoever asks: accounts are closed for less."""


@dataclass(frozen=True, slots=True)
class VehicleParts:
    """%, km, A, kWh, degrees; ``status`` A, B or C; ``finish``: see :mod:`.finish`. No source at all: an offline car.

    ``own``: as in :class:`.parts.MeterParts`.
    """

    soc: Source | None = None
    limit_soc: Source | None = None
    status: Source | None = None
    range_km: Source | None = None
    odometer_km: Source | None = None
    climater: Source | None = None
    offered: Source | None = None
    finish: Source | None = None
    charged_kwh: Source | None = None
    latitude: Source | None = None
    longitude: Source | None = None
    wakeup: Sink | None = None
    enable: Sink | None = None
    current: Sink | None = None
    own: bool = False

    @property
    def sources(self) -> dict[str, Source]:
        """Those that are there, under their names in an evcc.yaml."""
        named = {
            "soc": self.soc,
            "limitsoc": self.limit_soc,
            "status": self.status,
            "range": self.range_km,
            "odometer": self.odometer_km,
            "climater": self.climater,
            "getmaxcurrent": self.offered,
            "finishtime": self.finish,
            "chargedenergy": self.charged_kwh,
            "latitude": self.latitude,
            "longitude": self.longitude,
        }
        return {name: source for name, source in named.items() if source is not None}


class SourceVehicle:
    """Implements :class:`evcc_flask.domain.ports.Vehicle`. ``ask`` fetches needs once; ``fallback`` as a charger's."""

    def __init__(
        self,
        name: str,
        parts: VehicleParts,
        clock: Clock,
        ask: Callable[[Iterable[Need]], Round],
        fallback: Callable[[], Link],
    ) -> None:
        self.name = name
        self._parts = parts
        self._clock = clock
        self._ask = ask
        self._fallback = fallback
        self._eye = Eye()
        self._outbox = Outbox()
        self._asked_at_s: float | None = None
        self._under_way: Round | None = None
        self._traits = CarTraits(
            has_soc=parts.soc is not None,
            has_status=parts.status is not None,
            has_climater=parts.climater is not None,
            can_wake=parts.wakeup is not None,
            can_enable=parts.enable is not None,
            can_set_current=parts.current is not None,
        )

    def needs(self) -> Iterable[Need]:
        """What others push to us; all else is asked for by ``poll`` only."""
        return [need for need in needs_of(self._parts.sources.values()) if need.link.pushes]

    def reading(self) -> CarReading:
        """See :class:`evcc_flask.domain.ports.Vehicle`."""
        parts, key = self._parts, self._parts.soc or self._parts.status
        if key is None:
            return CarReading(self.name, traits=self._traits)
        at_s = self._at_s(key)
        soc, soc_error = self._soc()
        status = self._eye.look(parts.status) if parts.status else None
        state, problem = charge_status(status) if status else (None, None)
        contact, error = self._contact(key)
        climater = self._eye.beside(parts.climater, None)
        reading = CarReading(
            self.name,
            contact,
            at_s=at_s,
            asked_at_s=self._asked_at_s,
            soc_percent=soc,
            limit_soc_percent=self._figure(parts.limit_soc),
            range_km=self._figure(parts.range_km),
            odometer_km=self._figure(parts.odometer_km),
            status=state,
            climater=None if climater is None else bool(climater),
            offered_a=self._figure(parts.offered),
            finish_time=finish_time(
                self._eye.beside(parts.finish, None), self._read_at(parts.finish), self._clock.now()
            ),
            charged_energy_kwh=self._figure(parts.charged_kwh),
            latitude=self._figure(parts.latitude),
            longitude=self._figure(parts.longitude),
            error=error or soc_error or problem,
            traits=self._traits,
        )
        return replace(reading, notes=self._notes(error))

    def poll(self) -> None:
        """See :class:`evcc_flask.domain.ports.Vehicle`; one poll at a time."""
        needs = [need for need in needs_of(self._parts.sources.values()) if not need.link.pushes]
        now_s = self._clock.monotonic_s()
        if not needs or not self._may_ask(now_s) or (self._under_way and not self._under_way.wait(0)):
            return
        self._asked_at_s = now_s
        self._under_way = self._ask(needs)

    def wait(self, timeout_s: float) -> bool:
        """Wait at most so many real seconds for a poll under way; True when it has ended."""
        return self._under_way is None or self._under_way.wait(timeout_s)

    def forget(self) -> None:
        """See :class:`evcc_flask.domain.ports.Vehicle`."""
        forget(need for need in needs_of(self._parts.sources.values()) if not need.link.pushes)

    def wake(self, done: Done) -> None:
        """See :class:`evcc_flask.domain.ports.Vehicle`."""
        self._post("wakeup", self._parts.wakeup, True, done)

    def set_charge_enable(self, enabled: bool, done: Done) -> None:
        """See :class:`evcc_flask.domain.ports.Vehicle`."""
        self._post("chargeenable", self._parts.enable, enabled, done)

    def set_max_current(self, current_a: float, done: Done) -> None:
        """See :class:`evcc_flask.domain.ports.Vehicle`; whole amperes are written."""
        self._post("maxcurrent", self._parts.current, int(current_a), done)

    def _post(self, kind: str, sink: Sink | None, value: Any, done: Done) -> None:
        if sink is None:
            done(Ending.UNAVAILABLE, f"{self.name} has no {kind}")
            return

        def work() -> None:
            sink.write(value)
            self.forget()

        self._outbox.post(Errand(kind, sink.link() or self._fallback(), work, done))

    def _at_s(self, key: Source) -> float | None:
        """Of what is pushed only changes may come: as long as the car speaks at all, what it said before stands."""
        at_s = key.at_s()
        needs = key.needs()
        if at_s is None or not needs or not all(need.link.pushes for need in needs):
            return at_s
        heard = [need.link.latest(need.request).at_s for need in self.needs()]
        return max(time for time in heard if time is not None)

    def _soc(self) -> tuple[float | None, str | None]:
        if self._parts.soc is None:
            return None, None
        soc = self._eye.figure(self._parts.soc)
        if soc is None or 0 <= soc <= 100:
            return soc, None
        return None, f"a SoC of {soc:g} % cannot be"

    def _figure(self, source: Source | None) -> float | None:
        return self._eye.figure(source)

    def _read_at(self, source: Source | None) -> float:
        """How many seconds ago a value was read."""
        at_s = source.at_s() if source else None
        return 0.0 if at_s is None else max(0.0, self._clock.monotonic_s() - at_s)

    def _contact(self, key: Source) -> tuple[Contact, str | None]:
        try:
            key.value()
        except ReadError as error:
            if self._asked_at_s is None and not any(need.link.pushes for need in key.needs()):
                return Contact.UNREAD, None
            return CONTACTS.get(error.kind, Contact.GONE), str(error)
        return Contact.UP, None

    def _may_ask(self, now_s: float) -> bool:
        key = self._parts.soc or self._parts.status
        if key is None or self._asked_at_s is None:
            return True
        contact, _ = self._contact(key)
        return now_s - self._asked_at_s >= PAUSES_S.get(contact, 0.0)

    def _notes(self, error: str | None) -> tuple[str, ...]:
        """What failed beside the SoC. An account may lack what a table names, and an unasked one lacks all."""
        told = {
            name: source
            for name, source in self._parts.sources.items()
            if name != "soc" and (source.at_s() is not None or (self._parts.own and self._asked_at_s is not None))
        }
        return self._eye.notes(self.name, told, error, own=self._parts.own)
