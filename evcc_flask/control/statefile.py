"""Leaves the published state where a web server finds it: on a RAM file system, replaced atomically with each change.

nginx then answers ``GET /api/state`` by itself, at the speed of a file; docs/nginx.rst tells what still reaches us.
Written on the publishing thread, so that who has changed something and asks again reads the change.
"""

import contextlib
import gzip
import hashlib
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

from .state import Published

log = logging.getLogger("main")

NAME = "state.json"
PACKED = "state.json.gz"


class StateFile:
    """The files ``state.json`` and ``state.json.gz`` in ``folder``; ``body`` makes the answer's bytes of a state."""

    def __init__(self, folder: Path, body: Callable[[Published], bytes]) -> None:
        self._folder = folder
        self._body = body
        self._lock = threading.Lock()
        self._version = -1
        self._troubled = False

    def write(self, published: Published) -> None:
        """Replace what lies there, unless it is newer. Where that fails nothing is left, and the web server asks us."""
        with self._lock:
            if published.version <= self._version:
                return
            self._version = published.version
            body = self._body(published)
            try:
                # A server that takes the packed one and a client that asks again shall not see an older state.
                self._replace(PACKED, _packed(published, body), body)
                self._replace(NAME, body, body)
            except OSError as error:
                self._forget()
                if not self._troubled:
                    log.warning("%s: the state cannot be left for the web server: %s", self._folder, error)
                self._troubled = True
            else:
                self._troubled = False

    def end(self) -> None:
        """Nothing is left behind, and nothing is written any more."""
        with self._lock:
            self._version = 1 << 62
            self._forget()

    def _replace(self, name: str, content: bytes, body: bytes) -> None:
        new = self._folder / f"{name}.new"
        with new.open("wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), 0o644)
        os.utime(new, (0, _mark(body)))
        new.replace(self._folder / name)

    def _forget(self) -> None:
        for name in (NAME, PACKED):
            with contextlib.suppress(OSError):
                (self._folder / name).unlink(missing_ok=True)


def _packed(published: Published, body: bytes) -> bytes:
    """Compressed once for all ways by which it leaves."""
    return published.gzipped if body is published.body else gzip.compress(body, 1, mtime=0)


def _mark(body: bytes) -> int:
    """A time of change that is made of the content, below 2^33 s.

    nginx makes its ETag of the time in whole seconds and the length, and two states of one second are often as long.
    """
    return int.from_bytes(hashlib.blake2b(body, digest_size=5).digest()) >> 7
