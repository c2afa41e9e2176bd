"""From what a source told to rates: a list of ``start``, ``end`` and ``value``, then quarters with the full price."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any

from evcc_flask.bus.needs import ErrorKind, ReadError
from evcc_flask.domain.rates import Rate, TariffKind
from evcc_flask.plugins.values import bad, finite, shown

from .formula import FormulaError
from .slots import in_quarters, near, sun_in_quarters
from .surcharge import Surcharge

HOUR = timedelta(hours=1)
LONGEST_GAP = timedelta(hours=4)
"""A slot without an end lasts until the next one begins, unless that is too far away to be meant."""


def rates_of(value: Any, slot: timedelta = HOUR) -> list[Rate]:
    """The entries of a list; a slot without an end lasts until the next, the last one ``slot``. Raises ReadError.

    Times are RFC 3339 or Unix seconds. The value may be called ``price``, as evcc once did; null says nothing.
    """
    if not isinstance(value, list):
        raise bad(f"{shown(value)} is no list of slots")
    slots = sorted((_entry(each) for each in value if each is not None), key=lambda entry: entry[0])
    following = [later[0] for _, later in pairwise(slots)]
    rates = []
    for place, (start, end, number) in enumerate(slots):
        if end is None:
            end = following[place] if place < len(following) else start + slot
            end = end if end - start <= LONGEST_GAP else start + slot
        if number is not None and start < end:
            rates.append(Rate(start, end, number))
    return rates


def finished(
    rates: Sequence[Rate], kind: TariffKind, surcharge: Surcharge, zone: tzinfo | None, now: datetime
) -> list[Rate]:
    """What lies around ``now``, by the quarter, in local wall time, with all that is added to a price.

    A quarter for which the formula has no answer is left out: no price is better than a wrong one.
    Raises ReadError where none has one.
    """
    if kind is TariffKind.SOLAR:
        return sun_in_quarters(near(rates, now), zone)
    found: list[Rate] = []
    failed: FormulaError | None = None
    for rate in in_quarters(near(rates, now), zone):
        try:
            found.append(Rate(rate.start, rate.end, surcharge.total(rate.value, rate.start)))
        except FormulaError as error:
            failed = error
    if failed is not None and not found:
        raise ReadError(ErrorKind.VALUE, str(failed))
    return found


def _entry(node: Any) -> tuple[datetime, datetime | None, float | None]:
    if not isinstance(node, dict):
        raise bad(f"{shown(node)} is no slot with start, end and value")
    number = node.get("value", node.get("price"))
    end = node.get("end")
    return moment(node.get("start")), None if end is None else moment(end), None if number is None else finite(number)


def moment(value: Any) -> datetime:
    """An aware time of RFC 3339 text or Unix seconds. Raises ReadError."""
    try:
        if isinstance(value, (int, float)):
            return datetime.fromtimestamp(value, UTC)
        found = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        raise bad(f"{shown(value)} is no time") from None
    if found.tzinfo is None:
        raise bad(f"{shown(value)} is a time without a zone")
    return found.astimezone(UTC)
