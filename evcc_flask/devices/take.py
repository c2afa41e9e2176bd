"""From sources to readings: each value by itself, so that one that fails takes no other with it."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evcc_flask.bus.needs import ErrorKind, Need, ReadError
from evcc_flask.domain.readings import Phases
from evcc_flask.plugins.ports import Source, Value

from .sources import number

log = logging.getLogger("bus")

Triple = tuple[Source, Source, Source]

MUTE = frozenset({ErrorKind.TIMEOUT, ErrorKind.CONNECTION, ErrorKind.REFUSED, ErrorKind.LIMITED})
"""Of a device that does not answer, or refuses even its key value, one failure is told: that one."""
LACKING = frozenset({ErrorKind.REFUSED, ErrorKind.UNHEARD})
"""What a table names and this very device may not have."""
NO_FAULT = frozenset({ErrorKind.ASLEEP, ErrorKind.MUST_RETRY, ErrorKind.NOT_AVAILABLE})
"""No value for now, and nothing is wrong."""

STALE_S = 60.0
"""A side value this much older than the key value of its device, plus the age it may have, is not shown any more."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One look at a source. ``error`` with a value: the last try failed, ``value`` is that of ``at_s``."""

    value: Value = None
    at_s: float | None = None
    error: str | None = None


class Eye:
    """Looks at the sources of one device, and remembers what it saw: an old value is told with its age."""

    def __init__(self) -> None:
        self._seen: dict[int, Taken] = {}
        self._failed: dict[int, ReadError] = {}
        self._noted: frozenset[str] = frozenset()

    def look(self, source: Source) -> Taken:
        """The latest good value, and what went wrong since."""
        try:
            taken = Taken(source.value(), source.at_s())
        except ReadError as error:
            self._failed[id(source)] = error
            old = self._seen.get(id(source), Taken())
            return Taken(old.value, old.at_s, str(error))
        self._seen[id(source)] = taken
        self._failed.pop(id(source), None)
        return taken

    def number(self, source: Source) -> tuple[float | None, float | None, str | None]:
        """A key value that is a number, its time, and what went wrong."""
        taken = self.look(source)
        if taken.value is None:
            return None, taken.at_s, taken.error
        try:
            return number(taken.value), taken.at_s, taken.error
        except ReadError as error:
            return None, taken.at_s, str(error)

    def beside(self, source: Source | None, key_at_s: float | None) -> Value:
        """A value that a device may lack; None when it cannot be had or is much older than the key value."""
        if source is None:
            return None
        taken = self.look(source)
        if taken.at_s is None:
            return None
        old = key_at_s is not None and key_at_s - taken.at_s > STALE_S + _allowed_age_s(source)
        return None if old else taken.value

    def figure(self, source: Source | None, key_at_s: float | None = None) -> float | None:
        """As ``beside``, as a number."""
        value = self.beside(source, key_at_s)
        try:
            return None if value is None else number(value)
        except ReadError as error:
            self._failed[id(source)] = error
            return None

    def phases(self, sources: Triple | None, key_at_s: float | None) -> Phases | None:
        """Three phases, or None when one of them is missing."""
        if sources is None:
            return None
        one, two, three = (self.figure(source, key_at_s) for source in sources)
        return None if one is None or two is None or three is None else (one, two, three)

    def oldest_s(self, sources: Triple | None) -> float | None:
        """When the oldest of three values was read, as far as they were seen."""
        times = [self._seen[id(source)].at_s for source in sources or () if id(source) in self._seen]
        return min((at_s for at_s in times if at_s is not None), default=None)

    def notes(
        self, device: str, sources: Mapping[str, Source | Triple | None], key_error: str | None, *, own: bool
    ) -> tuple[str, ...]:
        """Which of the values looked at failed, and why; each is logged when it begins to fail.

        ``own``: what the device refuses counts, too. ``key_error``: what is wrong with the key value.
        """
        passed_over = NO_FAULT | (MUTE if key_error else frozenset()) | (frozenset() if own else LACKING)
        found: dict[str, str] = {}
        for name, below in sources.items():
            for source in below if isinstance(below, tuple) else (below,):
                error = self._failed.get(id(source))
                if error is not None and error.kind not in passed_over:
                    found.setdefault(name, f"{name}: {error}")
        for name in found.keys() - self._noted:
            log.warning("%s: %s", device, found[name])
        self._noted = frozenset(found)
        return tuple(found.values())


def needs_of(sources: Iterable[Source | None]) -> Iterable[Need]:
    """All needs of those that are there."""
    for source in sources:
        if source is not None:
            yield from source.needs()


def unanswered(source: Source) -> bool:
    """Whether the device did not answer when it was last asked (what it answered may be nonsense)."""
    return any(need.link.latest(need.request).error is not None for need in source.needs())


def forget(needs: Iterable[Need]) -> None:
    """After a write: what the device said before is out of date and due again."""
    for link, unit in {(need.link, getattr(need.request, "unit", None)) for need in needs}:
        link.forget(unit)


def _allowed_age_s(source: Source) -> float:
    return max((need.max_age_s for need in source.needs()), default=0.0)
