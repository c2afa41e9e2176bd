"""From what a source told to rates: a list of ``start``, ``end`` and ``value``, then quarters with the full price."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any

from evcc_flask.bus.needs import ErrorKind, ReadError
from evcc_flask.domain.rates import Rate, TariffKind
from evcc_flask.plugins.values import bad, finite, shown

from .feed import Told
from .formula import FormulaError
from .slots import in_quarters, near, sun_in_quarters
from .surcharge import Surcharge

Entry = tuple[datetime, datetime | None, float | None]
"""Start, end, value."""
HOUR = timedelta(hours=1)
LONGEST_GAP = timedelta(hours=4)
"""A slot without an end lasts until the next one begins, unless that is too far away to be meant."""
ABSURD = 1e8
"""No price per kWh, no emission (g/kWh) and no roof (W) has so large a figure, in whatever currency."""


def rates_of(value: Any, slot: timedelta = HOUR) -> Told:
    """The entries of a list; a slot without an end lasts until the next, the last one as long as that before it.

    ``slot`` is the length of a slot that stands alone.

    Times are RFC 3339 or Unix seconds. The value may be called ``price``, as evcc once did; null says nothing.
    An entry that makes no sense is left out. Raises ReadError where all are.
    """
    if not isinstance(value, list):
        raise bad(f"{shown(value)} is no list of slots")
    slots: list[Entry] = []
    wrong: list[ReadError] = []
    for each in value:
        try:
            slots += [] if each is None else [_entry(each)]
        except ReadError as error:
            wrong.append(error)
    if wrong and not slots:
        raise wrong[0]
    slots.sort(key=lambda entry: entry[0])
    following = [later[0] for _, later in pairwise(slots)]
    rates = Told(left_out=f"{len(wrong)} of {len(value)} slots make no sense: {wrong[0]}" if wrong else "")
    lasts = slot
    for place, (start, end, number) in enumerate(slots):
        if end is None:
            end = following[place] if place < len(following) else start + lasts
            end = end if end - start <= LONGEST_GAP else start + lasts
        lasts = end - start if end > start else lasts
        if number is not None and start < end:
            rates.append(Rate(start, end, number))
    return rates


def finished(rates: Sequence[Rate], kind: TariffKind, surcharge: Surcharge, zone: tzinfo | None, now: datetime) -> Told:
    """What lies around ``now``, by the quarter, in local wall time, with all that is added to a price.

    A quarter for which the formula has no answer is left out: no price is better than a wrong one.
    Raises ReadError where none has one.
    """
    left_out = rates.left_out if isinstance(rates, Told) else ""
    if kind is TariffKind.SOLAR:
        return Told(sun_in_quarters(near(rates, now), zone), left_out)
    priced = with_surcharge(in_quarters(near(rates, now), zone), surcharge)
    priced.left_out = left_out or priced.left_out
    return priced


def with_surcharge(rates: Iterable[Rate], surcharge: Surcharge) -> Told:
    """In full what is told without; see :func:`finished`."""
    found, failed = Told(), 0
    for rate in rates:
        try:
            found.append(Rate(rate.start, rate.end, surcharge.total(rate.value, rate.start)))
        except FormulaError as error:
            failed += 1
            found.left_out = found.left_out or f"at {rate.start:%d.%m. %H:%M} {error}"
    if failed and not found:
        raise ReadError(ErrorKind.VALUE, found.left_out)
    return found


def _entry(node: Any) -> Entry:
    if not isinstance(node, dict):
        raise bad(f"{shown(node)} is no slot with start, end and value")
    start, end, value = moment(node.get("start")), node.get("end"), node.get("value", node.get("price"))
    end = None if end is None else moment(end)
    if end is not None and end <= start:
        raise bad(f"the slot of {start.isoformat()} ends at {end.isoformat()}")
    number = None if value is None else finite(value)
    if number is not None and abs(number) > ABSURD:
        raise bad(f"{number:g} is too much to be meant")
    return start, end, number


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
