"""How many long lists are read at once: each holds some rows in memory and a processor busy."""

import threading

MOST = 8
PATIENCE_S = 0.5
"""So long a further one waits for its turn."""

_turns = threading.BoundedSemaphore(MOST)


def admitted() -> bool:
    """Whether one more may be read now; then :func:`ended` must follow."""
    return _turns.acquire(timeout=PATIENCE_S)


def ended() -> None:
    """One is read, or given up."""
    _turns.release()
