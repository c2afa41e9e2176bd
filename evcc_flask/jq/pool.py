"""Filters that strangers send with a request, run outside the process that controls the wallbox.

jq programs can loop for ever, fill the memory and crash their host. So a few small processes run them (``worker.py``
says what they may), started at the first such request and replaced when they die. They end with the server, however it
ends, because its end closes their sockets.
"""

import importlib.util
import logging
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
from collections import OrderedDict
from concurrent.futures import Future
from pathlib import Path

from .agreement import ANSWER, PROCESSOR_S, READY, REQUEST, WALL_S, FilterError

log = logging.getLogger("jq")

WORKERS = 2
WAIT_S = 1.0
"""How long a request waits for a worker."""
FIRST_WAIT_S = 5.0
"""How long the first requests wait, beside that, for Python to start: a busy machine takes its time."""
WAITING = 32
"""Requests that may be under way or waiting; the server's other threads are for those who ask for less."""
LONGEST = 64 << 10
"""Bytes of a filter."""
REMEMBERED = 2 << 20
"""Bytes of answers and filters that are kept for the present state."""

_START_S = 10.0
_EACH = 500
"""Bytes that a remembered answer takes beside its own and the filter's."""
_START = "import sys; sys.path[:0] = sys.argv[1:]; from evcc_flask.jq.worker import main; main()"
_RESULT = re.compile(r"\.result(?!\w)")


class BusyError(Exception):
    """No worker was free in time; the same request may succeed later."""


class _DeadError(Exception):
    """The worker died over a filter; the text says of what."""


class Pool:
    """Runs filters of requests; safe from any thread. Costs nothing until the first one comes."""

    def __init__(self, workers: int = WORKERS) -> None:
        self._missing = workers
        self._counting = threading.Lock()
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()
        self._places = threading.Semaphore(WAITING)
        self._asked: dict[tuple[bytes, str], Future[bytes]] = {}
        self._answers = _Answers(REMEMBERED)
        self._closed = False
        self._warm = threading.Event()

    def known(self, text: str, version: str) -> bytes | None:
        """The answer to a filter that was asked before of the same state."""
        return self._answers.get(text, version)

    def ask(self, text: str, version: str, state: bytes) -> bytes:
        """The one result of the filter ``text`` on ``state`` (JSON), as JSON.

        ``version`` names the state's content. A leading ``.result`` means the state, as clients of older servers
        write it. Raises FilterError (also for a filter that took too much of anything) and BusyError.
        """
        if (answer := self.known(text, version)) is not None:
            return answer
        program = _without_result(text).encode(errors="replace")
        if len(program) > LONGEST:
            raise FilterError(f"the filter is longer than {LONGEST} bytes")
        if not self._places.acquire(blocking=False):
            raise BusyError(f"{WAITING} filters are being worked on already")
        try:
            answer = self._shared(program, version, state)
        finally:
            self._places.release()
        self._answers.put(text, version, answer)
        return answer

    def _shared(self, program: bytes, version: str, state: bytes) -> bytes:
        """What many ask at once is worked out once."""
        mine: Future[bytes] = Future()
        run = self._asked.setdefault((program, version), mine)
        if run is not mine:
            return run.result()
        try:
            mine.set_result(self._run(program, version, state))
        except (FilterError, BusyError) as error:
            mine.set_exception(error)
        finally:
            del self._asked[program, version]
            mine.cancel()
        return mine.result()

    def close(self) -> None:
        """End the workers; nothing can be asked afterwards."""
        self._closed = True
        while True:
            try:
                self._idle.get_nowait().end()
            except queue.Empty:
                return

    def _run(self, program: bytes, version: str, state: bytes) -> bytes:
        worker = self._taken()
        try:
            good, answer = worker.ask(program, version, state)
        except _DeadError as death:
            raise FilterError(str(death)) from None
        finally:
            self._returned(worker)
        if not good:
            raise FilterError(answer.decode())
        return answer

    def _taken(self) -> "_Worker":
        """A living worker that nobody else uses. Raises BusyError."""
        self._start_missing()
        self._warm.wait(FIRST_WAIT_S)
        while True:
            self._start_missing()
            try:
                worker = self._idle.get(timeout=WAIT_S)
            except queue.Empty:
                raise BusyError(f"no filter could be run within {WAIT_S:g} s") from None
            if worker.alive():
                return worker
            self._returned(worker)

    def _returned(self, worker: "_Worker") -> None:
        if worker.alive() and not self._closed:
            self._idle.put(worker)
            return
        worker.end()
        with self._counting:
            self._missing += 1
        self._start_missing()

    def _start_missing(self) -> None:
        if self._missing == 0 or self._closed:
            return
        with self._counting:
            missing, self._missing = self._missing, 0
        for _ in range(missing):
            threading.Thread(target=self._start, name="jq", daemon=True).start()

    def _start(self) -> None:
        try:
            worker = _Worker()
        except OSError as error:
            log.error("no process for jq filters could be started: %s. The next request tries again.", error)
            with self._counting:
                self._missing += 1
            self._warm.set()
            return
        self._idle.put(worker)
        self._warm.set()
        if self._closed:
            self.close()


class _Worker:
    """One process and the socket to it; used by one thread at a time."""

    def __init__(self) -> None:
        """Takes the time of a Python's start. Raises OSError."""
        self._channel, theirs = socket.socketpair()
        with theirs:
            # No environment, and no part of Python that the filters do not need.
            self._process: subprocess.Popen[bytes] = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _START, *_places()],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
            )
        self._version: str | None = None
        self._leaving = False
        self._channel.settimeout(_START_S)
        try:
            self._receive(len(READY))
        except OSError:
            raise OSError(f"{sys.executable} ended with {self.end()}") from None
        self._channel.settimeout(WALL_S)

    def alive(self) -> bool:
        return not self._leaving and self._process.poll() is None

    def ask(self, program: bytes, version: str, state: bytes) -> tuple[bool, bytes]:
        """A result, or (False) jq's reason why there is none. The state travels once. Raises _DeadError."""
        if version == self._version:
            state = b""
        try:
            self._channel.sendall(REQUEST.pack(len(program), len(state)) + program + state)
            good, self._leaving, size = ANSWER.unpack(self._receive(ANSWER.size))
            answer = self._receive(size)
        except TimeoutError:
            self._process.kill()
            self.end()
            raise _DeadError(f"the filter took longer than {WALL_S:g} s") from None
        except OSError:
            raise _DeadError(_cause(self.end())) from None
        self._version = version
        return good, answer

    def end(self) -> int:
        """Kill the process if it lives. How it ended, as ``subprocess`` has it."""
        self._channel.close()
        try:
            # Who closed the socket is about to die of something else.
            return self._process.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _receive(self, size: int) -> bytes:
        received = bytearray()
        while len(received) < size:
            if not (piece := self._channel.recv(size - len(received))):
                raise ConnectionResetError
            received += piece
        return bytes(received)


class _Answers:
    """The answers for one state, the least used ones forgotten when they get too large together."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._used = 0
        self._version = ""
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, text: str, version: str) -> bytes | None:
        with self._lock:
            if version != self._version or text not in self._kept:
                return None
            self._kept.move_to_end(text)
            return self._kept[text]

    def put(self, text: str, version: str, answer: bytes) -> None:
        with self._lock:
            if version != self._version:
                self._kept.clear()
                self._used, self._version = 0, version
            if text in self._kept:
                return
            self._kept[text] = answer
            self._used += _size(text, answer)
            while self._used > self._room:
                self._used -= _size(*self._kept.popitem(last=False))


def _size(text: str, answer: bytes) -> int:
    # A character may take four bytes.
    return 4 * len(text) + len(answer) + _EACH


def _without_result(text: str) -> str:
    text = text.lstrip()
    if not (result := _RESULT.match(text)):
        return text
    rest = text[result.end() :]
    return rest if rest.startswith(".") else f".{rest}"


def _cause(code: int) -> str:
    if code == -signal.SIGPROF:
        return f"the filter took more than {PROCESSOR_S * 1000:.0f} ms of the processor"
    if code == -signal.SIGALRM:
        return f"the filter took longer than {WALL_S:g} s"
    return "the filter took too much memory, or jq crashed over it"


def _places() -> list[str]:
    """Where the worker finds us and the engine: it starts without Python's own search."""
    found = []
    for name in ("evcc_flask", "_pyjq" if sys.version_info < (3, 12) else "jq"):
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise OSError(f"{name} is not installed; install evcc-flask again")
        place = Path(spec.origin).parent
        found.append(str(place.parent if spec.submodule_search_locations else place))
    return list(dict.fromkeys(found))
