"""What carries over from one cycle to the next; nothing else does.

All times are monotonic seconds. The core makes new values and never changes old ones.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Memory:
    """The whole memory of the house. A fresh ``Memory()`` is the state after a start."""
