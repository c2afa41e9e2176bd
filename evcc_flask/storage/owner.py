"""One server per database: two controllers on one wallbox would fight, so the second one refuses to start."""

import fcntl
import os
from pathlib import Path

from .problem import StorageProblem


class Owner:
    """The held lock. The kernel drops it when the process dies, however it dies."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, database: Path) -> "Owner":
        """Lock the file ``<database>.lock``. Raises StorageProblem, which names the process that holds it."""
        path = database.with_name(database.name + ".lock")
        while True:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            except OSError as error:
                raise StorageProblem(
                    f"{path}: cannot be created ({error.strerror}). Give a place that can be written with --database."
                ) from error
            if not _locked(descriptor):
                holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
                os.close(descriptor)
                raise StorageProblem(
                    f"{database} is in use by another server (process {holder}). "
                    "Stop that one first, or give this one a file of its own with --database."
                )
            if _still_there(path, descriptor):
                break
            os.close(descriptor)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return cls(path, descriptor)

    def release(self) -> None:
        """Remove the lock file and let go; a second call does nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        self._path.unlink(missing_ok=True)
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _still_there(path: Path, descriptor: int) -> bool:
    """Whether the former owner removed the file between our opening and our locking it."""
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False
