"""Must be decided at once? A fuse does not wait for the next cycle, and a failed command not for a long one."""

from .circuits import overloaded_since
from .figures import RETRY_S
from .memory import Memory
from .moment import Moment
from .settings import Settings
from .snapshot import Snapshot


def guard(snapshot: Snapshot, settings: Settings, memory: Memory, now: Moment) -> bool:
    """True on an overload or an order of the grid operator that is news, and when a failed command has waited 10 s.

    And once more after an overload, so that what is shown does not stand at it for a whole interval.
    """
    decided_s = memory.decided_s if memory.decided_s is not None else float("-inf")
    if settings.circuits and overloaded_since(decided_s, snapshot, settings, memory, now.s):
        return True
    if _ordered(snapshot) != (memory.order is not None):
        return True
    failed = any(each.failed for each in snapshot.outcomes)
    return failed and now.since(decided_s) >= RETRY_S


def _ordered(snapshot: Snapshot) -> bool:
    return snapshot.grid_order is not None and snapshot.grid_order.limit_w is not None
