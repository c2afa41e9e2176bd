"""Why the database cannot be used, in a sentence that says what now."""

import errno
import shutil
from pathlib import Path

FULL = "the disk is full"
LEAST_FREE = 256 << 10
"""Bytes; with less, SQLite's companion files find no room."""


class StorageProblem(Exception):
    """The text names the file, what is wrong and what to do."""


def why(path: Path, error: BaseException) -> str:
    """What went wrong first, in few words.

    On a full disk SQLite ends the transaction itself, and a second error is about that; or it only says that it could
    not write.
    """
    while (before := error.__cause__ or error.__context__) is not None:
        error = before
    if "disk is full" in str(error) or getattr(error, "errno", None) == errno.ENOSPC or _is_full(path):
        return FULL
    return getattr(error, "strerror", None) or str(error)


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < LEAST_FREE
    except OSError:
        return False
