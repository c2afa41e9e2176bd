"""Quarters of an hour: every tariff is cut into them, whatever its provider's slots are.

All zones of the world are whole quarters away from UTC, so a quarter by the wall clock is one of UTC; a day of a
clock change has 92 or 100 of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from itertools import pairwise

from evcc_flask.domain.rates import SLOT, Rate

BEHIND, AHEAD = timedelta(days=1), timedelta(days=8)
"""What is farther from now is cut off: nobody plans by it, and a rate without an end would fill the memory."""


def midnight(day: date, zone: tzinfo | None) -> datetime:
    """The beginning of ``day`` in ``zone`` (None: that of this machine), in UTC."""
    start = datetime.combine(day, time())
    return (start.astimezone() if zone is None else start.replace(tzinfo=zone)).astimezone(UTC)


def local(moment: datetime, zone: tzinfo | None) -> datetime:
    """``moment`` as the wall clocks of ``zone`` (None: of this machine) show it, with its offset fixed.

    Two times of one named zone are compared by what the clock shows, which is wrong in the hour that comes twice.
    """
    wall = moment.astimezone(zone)
    return wall.replace(tzinfo=timezone(wall.utcoffset() or timedelta()))


def quarters(start: datetime, end: datetime) -> Iterator[datetime]:
    """The quarters that begin in [start, end)."""
    moment = start
    while moment < end:
        yield moment
        moment += SLOT


def floor(moment: datetime) -> datetime:
    """The beginning of the quarter that ``moment`` lies in, in UTC."""
    whole = moment.astimezone(UTC).replace(second=0, microsecond=0)
    return whole - timedelta(minutes=whole.minute % 15)


def tidy(rates: Iterable[Rate]) -> list[Rate]:
    """In order and without overlaps: where two claim a time, the one that begins later has it."""
    ordered = sorted({rate.start: rate for rate in rates}.values(), key=lambda rate: rate.start)
    cut = [Rate(a.start, min(a.end, b.start), a.value) for a, b in pairwise(ordered)]
    return [rate for rate in (*cut, *ordered[-1:]) if rate.start < rate.end]


def near(rates: Iterable[Rate], now: datetime) -> list[Rate]:
    """What of ``rates`` lies around ``now``, in order and without overlaps."""
    first, last = floor(now) - BEHIND, floor(now) + AHEAD
    cut = (Rate(max(rate.start, first), min(rate.end, last), rate.value) for rate in tidy(rates))
    return [rate for rate in cut if rate.start < rate.end]


def in_quarters(rates: Iterable[Rate], zone: tzinfo | None = None) -> list[Rate]:
    """Prices and emissions by the quarter: longer slots are repeated, shorter ones weighed by their length."""
    sums: dict[datetime, tuple[float, float]] = {}
    for rate in tidy(rates):
        for quarter in quarters(floor(rate.start), rate.end):
            share = (min(rate.end, quarter + SLOT) - max(rate.start, quarter)).total_seconds()
            weight, total = sums.get(quarter, (0.0, 0.0))
            sums[quarter] = weight + share, total + share * rate.value
    return [rated(quarter, total / weight, zone) for quarter, (weight, total) in sorted(sums.items())]


def sun_in_quarters(rates: Iterable[Rate], zone: tzinfo | None = None) -> list[Rate]:
    """Forecast power by the quarter: within a longer slot it rises and falls towards its neighbours, its mean is kept.

    Where the source says nothing between its first and its last slot (the night, for some), it means 0 W.
    """
    known = tidy(rates)
    found: list[Rate] = []
    for place, rate in enumerate(known):
        if rate.end - rate.start <= SLOT:
            found += in_quarters([rate], zone)
            continue
        before = known[place - 1] if place and known[place - 1].end == rate.start else None
        after = known[place + 1] if place + 1 < len(known) and known[place + 1].start == rate.end else None
        found += [rated(quarter, value, zone) for quarter, value in _bent(before, rate, after)]
    return _filled(found, zone)


def drawn_in_quarters(rates: Iterable[Rate], zone: tzinfo | None = None) -> list[Rate]:
    """Power at the ``start`` of each rate, and straight lines between: the quarters' means of that curve."""
    points = [(rate.start, max(0.0, rate.value)) for rate in tidy(rates)]
    if not points:
        return []
    inside = quarters(floor(points[0][0]), points[-1][0])
    return [rated(quarter, _between(points, quarter + SLOT / 2), zone) for quarter in inside]


def rated(quarter: datetime, value: float, zone: tzinfo | None) -> Rate:
    """One quarter, in local wall time."""
    return Rate(local(quarter, zone), local(quarter + SLOT, zone), round(value, 6))


def _bent(before: Rate | None, rate: Rate, after: Rate | None) -> list[tuple[datetime, float]]:
    """Between the centres of the slots the line is straight; the slot's mean is then set right again."""
    points = [(_centre(each), each.value) for each in (before, rate, after) if each is not None]
    inside = list(quarters(floor(rate.start), rate.end))
    raw = [max(0.0, _between(points, quarter + SLOT / 2)) for quarter in inside]
    mean = sum(raw) / len(raw)
    factor = max(0.0, rate.value) / mean if mean > 0 else 0.0
    return [(quarter, value * factor) for quarter, value in zip(inside, raw, strict=True)]


def _between(points: Sequence[tuple[datetime, float]], moment: datetime) -> float:
    if moment <= points[0][0]:
        return points[0][1]
    for (start, low), (end, high) in pairwise(points):
        if moment <= end:
            return low + (high - low) * ((moment - start) / (end - start))
    return points[-1][1]


def _centre(rate: Rate) -> datetime:
    return rate.start + (rate.end - rate.start) / 2


def _filled(rates: list[Rate], zone: tzinfo | None) -> list[Rate]:
    values = {rate.start: rate.value for rate in rates}
    if not values:
        return []
    first, last = floor(min(values)), floor(max(values))
    return [rated(quarter, values.get(quarter, 0.0), zone) for quarter in quarters(first, last + SLOT)]
