"""Sets up logging: an area is a logger's name, its level comes from the configuration, lines look as evcc's do."""

import logging
import os
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TextIO

from .ring import Line, Ring

TRACE = 5
LEVELS = {
    "fatal": logging.CRITICAL,
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": TRACE,
}
_NAMES = {number: name.upper() for name, number in LEVELS.items()}
_FOREIGN = ("urllib3", "requests", "werkzeug", "gunicorn", "concurrent", "asyncio", "peewee", "flask_smorest")
"""Libraries talk at their own levels; their debug lines are heard only when their area is named."""

RING = Ring()


class LineHandler(logging.Handler):
    """Writes ``[lp-1  ] DEBUG 2025/08/10 12:34:56 text`` to a stream and a ring, without secrets.

    A line break inside the text is spelled out, so that nobody can forge a second line.
    """

    def __init__(
        self, stream: TextIO, ring: Ring, redact: Callable[[str], str], now: Callable[[], datetime] | None
    ) -> None:
        super().__init__()
        self._stream = stream
        self._ring = ring
        self._redact = redact
        self._now = now
        self._journal = _is_journal(stream)

    def format(self, record: logging.LogRecord) -> str:
        at = self._now() if self._now else datetime.fromtimestamp(record.created)  # noqa: DTZ006 - lines show local time
        level = _NAMES.get(record.levelno, record.levelname)
        text = record.getMessage().replace("\r", "\\r").replace("\n", "\\n")
        trace = "\n" + logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
        return f"[{record.name:<6}] {level} {at:%Y/%m/%d %H:%M:%S} {self._redact(text + trace)}"

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
            self._ring.append(Line(record.name, record.levelno, line, self._redact(record.getMessage())))
            priority = _priority(record.levelno) if self._journal else ""
            self._stream.write("".join(f"{priority}{each}\n" for each in line.split("\n")))
            self._stream.flush()
        except Exception:  # noqa: BLE001 - why: logging's own rule, a broken stderr must not stop the caller
            self.handleError(record)


def _is_journal(stream: TextIO) -> bool:
    """Whether systemd's journal reads the stream: JOURNAL_STREAM then names its device and inode."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def _priority(level: int) -> str:
    """syslog's number as sd-daemon(3) has it, so that ``journalctl -p warning`` finds the line."""
    steps = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
    return f"<{next((number for step, number in steps if level >= step), 7)}>"


def start_logs(
    level: str,
    levels: Mapping[str, str],
    *,
    redact: Callable[[str], str],
    now: Callable[[], datetime] | None = None,
    stream: TextIO | None = None,
    ring: Ring = RING,
) -> None:
    """Send everything to ``stream`` (stderr) and ``ring``. ``levels``: by area, words as in the configuration.

    ``redact`` takes secrets out of a text. ``now``: the house's time, where it is not the machine's. A second call
    replaces what the first one set.
    """
    logging.addLevelName(TRACE, "TRACE")
    root = logging.getLogger()
    root.handlers[:] = [LineHandler(stream or sys.stderr, ring, redact, now)]
    root.setLevel(LEVELS[level])
    for name in _FOREIGN:
        logging.getLogger(name).setLevel(max(logging.WARNING, LEVELS[level]))
    for area, word in levels.items():
        logging.getLogger(area).setLevel(LEVELS[word])
