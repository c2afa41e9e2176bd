"""Times of day, week and year at which a price of its own holds, as an evcc.yaml writes them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evcc_flask.domain.issues import Misconfigured
from evcc_flask.plugins.fields import Loose, Number, as_list
from evcc_flask.plugins.fields import Text as Plain
from evcc_flask.plugins.problems import Problems

DAY_MIN = 24 * 60
_DAYS = (
    ("sun", "sunday", "so", "son", "sonntag", "su"),
    ("mon", "monday", "mo", "montag"),
    ("tue", "tuesday", "di", "die", "dienstag", "tu"),
    ("wed", "wednesday", "mi", "mit", "mittwoch", "we"),
    ("thu", "thursday", "do", "don", "donnerstag", "th"),
    ("fri", "friday", "fr", "fre", "freitag"),
    ("sat", "saturday", "sa", "sam", "samstag"),
)
_MONTHS = (
    ("jan", "january", "januar", "jän", "jänner"),
    ("feb", "february", "februar"),
    ("mar", "march", "mär", "märz", "mrz"),
    ("apr", "april"),
    ("may", "mai"),
    ("jun", "june", "juni"),
    ("jul", "july", "juli"),
    ("aug", "august"),
    ("sep", "september", "sept"),
    ("oct", "october", "okt", "oktober"),
    ("nov", "november"),
    ("dec", "december", "dez", "dezember"),
)
DAY_NUMBERS = {name: number for number, names in enumerate(_DAYS) for name in names}
MONTH_NUMBERS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?")


@dataclass(frozen=True, slots=True)
class Zone:
    """``value`` from ``start_min`` until just before ``end_min`` (minutes of the day, 0 as end: midnight).

    ``days``: 0 is Sunday. ``months``: 1 to 12. Empty: all of them.
    """

    value: float
    start_min: int = 0
    end_min: int = 0
    days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()

    def holds(self, wall: datetime) -> bool:
        """Whether the wall clock shows a time of this zone."""
        minute = wall.hour * 60 + wall.minute
        if self.days and wall.isoweekday() % 7 not in self.days:
            return False
        if self.months and wall.month not in self.months:
            return False
        return self.start_min <= minute < (self.end_min or DAY_MIN)


def value_at(zones: Sequence[Zone], wall: datetime, otherwise: float) -> float:
    """The value of the last zone of ``zones`` that holds."""
    return next((zone.value for zone in reversed(zones) if zone.holds(wall)), otherwise)


def read_zones(node: Any, key: str) -> tuple[Zone, ...]:
    """The zones of a list, each with its number under ``key``, as evcc ranks them: by start, then by later end.

    An end at midnight counts as the earliest of ends, so that a whole day comes after the hours in it. Raises a group
    of Misconfigured.
    """
    problems = Problems()
    schema: type[Any] = Loose.from_dict(
        {key: Number(required=True), "days": Listed(), "hours": Listed(), "months": Listed()}
    )
    zones: list[Zone] = []
    for number, each in enumerate(as_list(node)):
        with problems.below(number):
            given = problems.load(schema(), each)
            if given is not None:
                zones += _read(given, key, problems)
    problems.end()
    return tuple(sorted(zones, key=lambda zone: (zone.start_min, -zone.end_min)))


def _read(given: dict[str, Any], key: str, problems: Problems) -> Iterable[Zone]:
    days = problems.build(lambda: _numbers(given.get("days", ""), DAY_NUMBERS, 0, 7, "day"), "days") or frozenset()
    months = problems.build(lambda: _numbers(given.get("months", ""), MONTH_NUMBERS, 1, 12, "month"), "months")
    hours = problems.build(lambda: _hours(given.get("hours", "")), "hours") or [(0, 0)]
    week = frozenset(day % 7 for day in days)
    return [Zone(given[key], start, end, week, months or frozenset()) for start, end in hours]


class Listed(Plain):
    """``Mo-Fr, So``, or a list of such."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, list):
            return super()._deserialize(value, attr, data, **kwargs)
        words = [super(Listed, self)._deserialize(each, attr, data, **kwargs) for each in value]
        return ",".join(words)


def _ranges(text: str) -> Iterable[tuple[str, str]]:
    for part in filter(None, (part.strip() for part in text.split(","))):
        first, dash, last = (word.strip() for word in part.partition("-"))
        yield first, last if dash else first


def _numbers(text: str, names: dict[str, int], low: int, high: int, what: str) -> frozenset[int]:
    """Days or months; a range may run over the end of the week or the year."""
    found: set[int] = set()
    for first, last in _ranges(text):
        start, end = (_number(word, names, low, high, what) for word in (first, last))
        found |= set(range(start, end + 1)) if start <= end else {*range(start, high + 1), *range(low, end + 1)}
    return frozenset(found)


def _number(word: str, names: dict[str, int], low: int, high: int, what: str) -> int:
    if word.lower() in names:
        return names[word.lower()]
    if word.isascii() and word.isdigit() and low <= int(word) <= high:
        return int(word)
    example = "Mo-Fr, Sat or 1-5" if what == "day" else "Oct-Mar or 1-3"
    raise Misconfigured(f"{word!r} is no {what}", remedy=f"Write it like {example}.")


def _hours(text: str) -> list[tuple[int, int]]:
    found = []
    for first, last in _ranges(text):
        start, end = _minute(first), _minute(last) % DAY_MIN
        if end and start >= end:
            raise Misconfigured(
                f"{first}-{last} does not end after it begins",
                remedy=f"A night is two ranges: {first}-0, 0-{last}." if first != last else "Write a range, like 2-5.",
            )
        found.append((start, end))
    return found


def _minute(word: str) -> int:
    match = _CLOCK.fullmatch(word)
    minute = int(match[1]) * 60 + int(match[2] or 0) if match else DAY_MIN + 1
    if minute > DAY_MIN or (match is not None and int(match[2] or 0) > 59):
        raise Misconfigured(f"{word!r} is no time of day", remedy="Write hours like 2-5 or 15:30-21.")
    return minute
