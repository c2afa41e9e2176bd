"""The three shapes that nearly all sources have: a fixed value, a fetched answer, a value made of others."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

from evcc_flask.bus.needs import ErrorKind, Link, Need, ReadError
from evcc_flask.domain.ports import Clock

from .ports import Sink, Source, Value


@dataclass(frozen=True)
class Fixed:
    """A value of the configuration: needs nothing, never grows old."""

    make: Callable[[], Value]
    clock: Clock

    def needs(self) -> Iterable[Need]:
        return ()

    def at_s(self) -> float | None:
        return self.clock.monotonic_s()

    def value(self) -> Value:
        return self.make()


@dataclass(frozen=True)
class Fetched:
    """What a link fetched, decoded. A failed fetch is an error, even while an old answer is there: its age is told."""

    need: Need
    decode: Callable[[Any], Value]

    def needs(self) -> Iterable[Need]:
        return (self.need,)

    def at_s(self) -> float | None:
        return self.need.link.latest(self.need.request).at_s

    def value(self) -> Value:
        answer = self.need.link.latest(self.need.request)
        if answer.error is not None:
            raise answer.error.again()
        if answer.at_s is None:
            raise ReadError(ErrorKind.MUST_RETRY, f"{self.need.link.name}: not read yet")
        return self.decode(answer.value)


@dataclass(frozen=True)
class Made:
    """A value made of ``parts``, as old as the oldest of them."""

    parts: tuple[Source, ...]
    make: Callable[[], Value]

    def needs(self) -> Iterable[Need]:
        return chain.from_iterable(part.needs() for part in self.parts)

    def at_s(self) -> float | None:
        return oldest(self.parts)

    def value(self) -> Value:
        return self.make()


@dataclass(frozen=True)
class Written:
    """A sink whose ``work`` runs on the worker of ``on``."""

    on: Link | None
    work: Callable[[Value], None]

    def link(self) -> Link | None:
        return self.on

    def write(self, value: Value) -> None:
        self.work(value)


def oldest(parts: Iterable[Source]) -> float | None:
    """When the oldest of ``parts`` was read; None where one never was."""
    times = [part.at_s() for part in parts]
    known = [time for time in times if time is not None]
    return min(known) if known and len(known) == len(times) else None


def common_link(sinks: Iterable[Sink], otherwise: Link) -> Link:
    """The link that all of ``sinks`` use; a worker that blocks nobody else where they use several."""
    links = {id(link): link for sink in sinks if (link := sink.link()) is not None}
    return next(iter(links.values())) if len(links) == 1 else otherwise


def renew(source: Source) -> None:
    """On a worker, for a write that depends on ``source``: fetch it now. Raises ReadError."""

    def fetched(need: Need) -> None:
        need.link.do(lambda wire: need.link.renew(need.request))

    for need in source.needs():
        fetched(need)
