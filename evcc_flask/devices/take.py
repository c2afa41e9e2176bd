"""From sources to readings: each value by itself, so that one that fails takes no other with it."""

from collections.abc import Iterable
from dataclasses import dataclass

from evcc_flask.bus.needs import Need, ReadError
from evcc_flask.domain.readings import Phases
from evcc_flask.plugins.ports import Source, Value

from .sources import number

Triple = tuple[Source, Source, Source]

STALE_S = 60.0
"""A side value this much older than the key value of its device, plus the age it may have, is not shown any more."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One look at a source. ``error`` with a value: the last try failed, the value is an old one."""

    value: Value = None
    at_s: float | None = None
    error: str | None = None


def take(source: Source) -> Taken:
    """The key value of a device, with its time and trouble."""
    trouble = _trouble(source)
    try:
        value = source.value()
    except ReadError as error:
        return Taken(None, source.at_s(), trouble or str(error))
    return Taken(value, source.at_s(), trouble)


def take_number(source: Source) -> Taken:
    """A key value that is a number."""
    taken = take(source)
    if taken.value is None:
        return taken
    try:
        return Taken(number(taken.value), taken.at_s, taken.error)
    except ReadError as error:
        return Taken(None, taken.at_s, str(error))


def side_value(source: Source | None, key_at_s: float | None) -> Value:
    """A value that a device may lack; None when it cannot be had or is much older than the key value."""
    if source is None:
        return None
    at_s = source.at_s()
    if at_s is None or (key_at_s is not None and key_at_s - at_s > STALE_S + _allowed_age_s(source)):
        return None
    try:
        return source.value()
    except ReadError:
        return None


def side_number(source: Source | None, key_at_s: float | None) -> float | None:
    """As ``side_value``, as a number."""
    value = side_value(source, key_at_s)
    if value is None:
        return None
    try:
        return number(value)
    except ReadError:
        return None


def side_phases(sources: Triple | None, key_at_s: float | None) -> Phases | None:
    """Three phases, or None when one of them is missing."""
    if sources is None:
        return None
    one, two, three = (side_number(source, key_at_s) for source in sources)
    return None if one is None or two is None or three is None else (one, two, three)


def needs_of(sources: Iterable[Source | None]) -> Iterable[Need]:
    """All needs of those that are there."""
    for source in sources:
        if source is not None:
            yield from source.needs()


def _trouble(source: Source) -> str | None:
    errors = (need.link.latest(need.request).error for need in source.needs())
    return next((str(error) for error in errors if error is not None), None)


def _allowed_age_s(source: Source) -> float:
    return max((need.max_age_s for need in source.needs()), default=0.0)


def forget(needs: Iterable[Need]) -> None:
    """After a write: what the device said before is out of date and due again."""
    for link, unit in {(need.link, getattr(need.request, "unit", None)) for need in needs}:
        link.forget(unit)
