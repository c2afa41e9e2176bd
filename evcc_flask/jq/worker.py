"""The process in which filters of requests run: it can compute, and that is all it can do.

Started by ``pool.py`` without an environment. Before it reads its first request it gives up everything but the socket
that it was started with: no file or connection can be opened, nothing written, no process made. Time is measured by
the kernel, whose signals end the process in the middle of jq.
"""

import json
import os
import resource
import signal
import time

from .agreement import ANSWER, MEMORY, PROCESSOR_S, READY, REQUEST, WALL_S, FilterError
from .filters import OLD, compile_filter

LARGEST = 1 << 20
"""Bytes of an answer."""
SPREAD = 32 << 20
"""Bytes of memory with which a worker ends itself: programs are kept, and large ones shall not be kept for ever."""

_NO_JSON = "the result holds a number or a character that JSON does not have"
_NUMBERS = f'if any(.. | numbers; isnan or isinfinite) then error("{_NO_JSON}") else . end'
"""Said to the newer engine, which writes null for nan and the largest double for infinite."""
_CHANNEL = 0
_MOST = (
    (resource.RLIMIT_AS, MEMORY),
    (resource.RLIMIT_NOFILE, 3),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_NPROC, 0),
    # Not 0: a program that collects dumps is kept away by 1 only, see core(5).
    (resource.RLIMIT_CORE, 1),
)


def main() -> None:
    """Answer requests until the server closes the socket, or ends in any way at all."""
    memory = os.open("/proc/self/statm", os.O_RDONLY)
    _shut_in()
    _send(READY)
    state = None
    with os.fdopen(_CHANNEL, "rb", closefd=False) as requests:
        while len(head := requests.read(REQUEST.size)) == REQUEST.size:
            filter_size, state_size = REQUEST.unpack(head)
            text = requests.read(filter_size).decode()
            if state_size:
                state = json.loads(requests.read(state_size))
            good, answer = _limited(text, state)
            last = int(os.pread(memory, 100, 0).split()[1]) * resource.getpagesize() > SPREAD
            _send(ANSWER.pack(good, last, len(answer)) + answer)
            if last:
                return


def _shut_in() -> None:
    # Read now, or jq could not tell local times.
    time.tzset()
    # Ctrl-C is for the server, whose end closes the socket.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The control loop goes first.
    os.nice(10)
    for what, most in _MOST:
        resource.setrlimit(what, (most, most))


def _limited(text: str, state: object) -> tuple[bool, bytes]:
    signal.setitimer(signal.ITIMER_PROF, PROCESSOR_S)
    # The server waits as long and then kills; this is for a server that died meanwhile.
    signal.setitimer(signal.ITIMER_REAL, WALL_S)
    try:
        return _answer(text, state)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def _answer(text: str, state: object) -> tuple[bool, bytes]:
    try:
        results = compile_filter(text if OLD else f"({text}\n) | {_NUMBERS}").all(state)
        if len(results) != 1:
            return False, b"too many results" if results else b"empty result"
        answer = json.dumps(results[0], ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except FilterError as error:
        return False, str(error).encode(errors="replace")
    except RecursionError:
        return False, b"this is nested too deeply"
    except ValueError:
        return False, _NO_JSON.encode()
    if len(answer) > LARGEST:
        return False, b"the result is larger than %d bytes" % LARGEST
    return True, answer


def _send(message: bytes) -> None:
    rest = memoryview(message)
    while rest:
        rest = rest[os.write(_CHANNEL, rest) :]
