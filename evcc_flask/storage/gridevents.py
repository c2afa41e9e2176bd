"""The record of the grid operator's orders: appended step by step, kept for good, read as orders or row by row."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from peewee import SqliteDatabase

from evcc_flask.domain.orders import GridEvent, Step

Timed = tuple[datetime, bool, GridEvent]
"""When, whether the clock was trusted then, and what."""

_APPEND = (
    "INSERT INTO grid_events (at, clock, step, cause, limit_w, minimum_w, seconds, drawn_w, grid_w, below)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_READ = (
    "SELECT id, at, clock, step, cause, limit_w, minimum_w, seconds, drawn_w, grid_w, below"
    " FROM grid_events ORDER BY id"
)


def append(database: SqliteDatabase, events: Iterable[Timed]) -> None:
    """Oldest first."""
    for at, trusted, event in events:
        figures = (round(each, 1) for each in (event.limit_w, event.minimum_w, event.seconds, event.drawn_w))
        grid_w = None if event.grid_w is None else round(event.grid_w, 1)
        row = (at.astimezone(UTC).isoformat(timespec="milliseconds"), int(trusted), event.step.value, event.cause)
        database.execute_sql(_APPEND, (*row, *figures, grid_w, int(event.below)))


def rows(database: SqliteDatabase) -> Iterator[dict[str, Any]]:
    """Every step, oldest first; W and s, times local."""
    for row in database.execute_sql(_READ).fetchall():
        number, at, clock, step, cause, limit_w, minimum_w, seconds, drawn_w, grid_w, below = row
        yield {
            "id": number,
            "at": datetime.fromisoformat(at).astimezone(),
            "clockTrusted": bool(clock),
            "step": step,
            "cause": cause,
            "limitPower": limit_w,
            "minimumPower": minimum_w,
            "seconds": seconds,
            "drawnPower": drawn_w,
            "gridPower": grid_w,
            "below": bool(below),
        }


def orders(database: SqliteDatabase) -> list[dict[str, Any]]:
    """Each order as one, newest first. ``finished`` None: it lasts, or nobody saw its end."""
    found: list[dict[str, Any]] = []
    for row in rows(database):
        step, at = Step(row["step"]), row["at"].isoformat(timespec="milliseconds")
        if step is Step.RECEIVED:
            found.append(_begun(row, at))
        elif found:
            _counted(found[-1], row, step, at)
    return found[::-1]


def _begun(row: dict[str, Any], at: str) -> dict[str, Any]:
    return {
        "id": row["id"],
        "created": at,
        "finished": None,
        "type": "consumption",
        "cause": row["cause"],
        "limitPower": row["limitPower"],
        "minimumPower": row["minimumPower"],
        "belowMinimum": row["limitPower"] < row["minimumPower"],
        "gridPower": row["gridPower"],
        "drawnPower": row["drawnPower"],
        "obeyedAfter": None,
        "alreadyBelow": False,
        "clockTrusted": row["clockTrusted"],
        "minutes": [],
    }


def _counted(order: dict[str, Any], row: dict[str, Any], step: Step, at: str) -> None:
    order["clockTrusted"] = order["clockTrusted"] and row["clockTrusted"]
    match step:
        case Step.OBEYED:
            order["obeyedAfter"], order["alreadyBelow"] = row["seconds"], row["below"]
        case Step.MINUTE:
            order["minutes"].append({"at": at, "gridPower": row["gridPower"], "drawnPower": row["drawnPower"]})
        case Step.RELEASED:
            order["finished"] = at
