"""One server per database: two controllers on one wallbox would fight, so the second one refuses to start."""

import fcntl
import os
from pathlib import Path

from .problem import StorageProblem, why


class Owner:
    """The held lock. The kernel drops it when the process dies, however it dies."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, database: Path) -> "Owner":
        """Lock the file ``<database>.lock``. Raises StorageProblem, which names the process that holds it."""
        path = _lock_of(database)
        while True:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            except OSError as error:
                raise StorageProblem(
                    f"{path}: cannot be created ({why(path, error)}). Give a place that can be written with --database."
                ) from error
            if not _locked(descriptor):
                holder = _named(descriptor)
                os.close(descriptor)
                raise StorageProblem(
                    f"{database} is in use by another server (process {holder}). "
                    "Stop that one first, or give this one a file of its own with --database."
                )
            if _still_there(path, descriptor):
                break
            os.close(descriptor)
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            path.unlink(missing_ok=True)
            os.close(descriptor)
            raise StorageProblem(
                f"{path}: cannot be written ({why(path, error)}). Make room, then start again."
            ) from error
        return cls(path, descriptor)

    @staticmethod
    def holder(database: Path) -> str | None:
        """The process that holds ``database`` now, as text; None where nobody does. Changes nothing."""
        try:
            descriptor = os.open(_lock_of(database), os.O_RDONLY)
        except OSError:
            return None
        try:
            return None if _locked(descriptor, fcntl.LOCK_SH) else _named(descriptor)
        finally:
            os.close(descriptor)

    def release(self) -> None:
        """Remove the lock file and let go; a second call does nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        self._path.unlink(missing_ok=True)
        os.close(descriptor)


def _lock_of(database: Path) -> Path:
    return database.with_name(database.name + ".lock")


def _named(descriptor: int) -> str:
    return os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"


def _locked(descriptor: int, how: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _still_there(path: Path, descriptor: int) -> bool:
    """Whether the former owner removed the file between our opening and our locking it."""
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False
