"""The sessions under way, as rows: what a list shows of a charge that has not stopped yet."""

from dataclasses import replace

from .accounting import row
from .memory import Memory
from .moment import Moment
from .sessions import SessionRow
from .settings import Settings


def running_rows(memory: Memory, settings: Settings, now: Moment) -> tuple[SessionRow, ...]:
    """One open row for each loadpoint whose car has begun to charge; finished so far: now."""
    return tuple(
        row(replace(each.session, finished=now.wall or each.session.finished), index, wishes.title)
        for index, (each, wishes) in enumerate(zip(memory.loadpoints, settings.loadpoints, strict=False))
        if each.session is not None and each.session.created_s is not None and each.charging_s is not None
    )
