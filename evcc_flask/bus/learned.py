"""What slaves refuse to answer in one piece, as plain JSON, so that it survives a restart."""

from collections.abc import Mapping
from typing import Any

from .needs import Table
from .planner import Range

Refusals = Mapping[int, frozenset[Range]]
"""By unit id."""


def spelled(refusals: Refusals) -> dict[str, list[list[str | int]]]:
    """``{"3": [["holding", 10, 14]]}``: table, first address, first address behind."""
    return {
        str(unit): [[table.name.lower(), start, end] for table, start, end in sorted(ranges)]
        for unit, ranges in refusals.items()
    }


def read(value: Any) -> dict[int, frozenset[Range]]:
    """The inverse of :func:`spelled`; what makes no sense is passed over, since it is learned again."""
    if not isinstance(value, Mapping):
        return {}
    return {
        int(unit): frozenset(_ranges(ranges))
        for unit, ranges in value.items()
        if str(unit).isdigit() and isinstance(ranges, list)
    }


def _ranges(ranges: list[Any]) -> list[Range]:
    tables = {table.name.lower(): table for table in Table}
    return [
        (tables[entry[0]], entry[1], entry[2])
        for entry in ranges
        if isinstance(entry, list)
        and len(entry) == 3
        and entry[0] in tables
        and all(type(at) is int for at in entry[1:])
    ]
