"""``evcc-flask demo``: the simulated house and the controller side by side, each a process, until Ctrl-C.

It is always the same day: a sunny June morning at half past nine, with a fresh database.
"""

import contextlib
import ctypes
import http.client
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from evcc_flask.clock import DemoClock, SystemClock
from evcc_flask.layout import server_command
from evcc_flask.options import DEFAULT_PORT, Options
from evcc_flask.port import is_free

from .demofolder import DemoFolder, DemoRefused, Ports, demo_folder, remove

PATIENCE_S = 30.0
"""So long may the server take to its first answer."""

SERVER_ENDS_S = 1.4
HOUSE_ENDS_S = 0.3
"""What each process gets to end in order: together below the two seconds that Ctrl-C may take."""

CYCLE_S = 0.75
"""Real seconds that the RS485 line needs for all its devices. Faster than real time, a cycle lasts so long."""

USUAL_INTERVAL_S = 5.0
"""What evcc.yaml says; a hurrying demo overrules it."""

PR_SET_PDEATHSIG = 1


def morning() -> datetime:
    """When each demo begins."""
    return datetime(2026, 6, 21, 9, 30).astimezone()


def main(
    port: int = DEFAULT_PORT,
    speed: float = 1.0,
    folder: Path | None = None,
    database: Path | None = None,
    locked: bool = False,
) -> int:
    """Run the demo until SIGINT or SIGTERM; returns the exit code.

    ``speed``: simulated seconds per second. ``folder``: None for ``.demo`` beside ``database``, else in the working
    directory. ``database``: None for one in the folder that begins empty; another one is used as it is. ``locked``: as
    evcc's ``--demo``, Demo Mode.
    """
    place, passing = demo_folder(folder or (database.parent / ".demo" if database else None))
    ended = _end_on_signals()
    try:
        with place.held():
            return _run(place, database or place.database, port, speed, locked, ended)
    except DemoRefused as refusal:
        print(f"evcc-flask demo: {refusal}", file=sys.stderr)
        return 1
    finally:
        if passing:
            remove(place)


def _run(place: DemoFolder, database: Path, port: int, speed: float, locked: bool, ended: threading.Event) -> int:
    if not is_free(port):
        raise DemoRefused(f"port {port} is in use; end what uses it, or choose another one with --port")
    if speed <= 0:
        raise DemoRefused(f"--speed {speed:g} stands still or runs backwards; 1 is real time, 60 a day in 24 minutes")
    ports = place.prepare(port, "Demo Mode" if locked else "Sonnenhaus")
    place.forget()
    clock = DemoClock(SystemClock().wire_s(), morning(), speed)
    options = Options(config=place.config, database=database, demo=locked, port=port, demo_clock=clock.spelled())
    try:
        with _house(place, ports, clock) as house, _server(options, speed) as server:
            # Side by side: the house needs a tenth of what the server needs before it reads anything.
            if house.stdout is None or house.stdout.readline() != "ready\n":
                raise DemoRefused("the simulated house did not start; what it said stands above")
            if not _answers(port, server, ended):
                return 0 if ended.is_set() else 1
            print(f"\nThe demo house runs: http://localhost:{port}", flush=True)
            print(f"Its file is {place.config}; changes count from the next start. Ctrl-C ends the demo.\n", flush=True)
            return _watch({"house": house, "server": server}, ended)
    finally:
        place.unlock()


def _end_on_signals() -> threading.Event:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: ended.set())
    return ended


@contextlib.contextmanager
def _house(place: DemoFolder, ports: Ports, clock: DemoClock) -> Iterator["subprocess.Popen[str]"]:
    ends = ("--inverter", ports.inverter, "--goe", ports.goe, "--market", ports.market)
    words = ("--clock", clock.spelled(), "--line", place.line, *ends)
    command = [sys.executable, "-m", "evcc_flask.simulation.houseprocess", *map(str, words)]
    with _child(command, dict(os.environ), HOUSE_ENDS_S, stdout=subprocess.PIPE) as house:
        yield house


@contextlib.contextmanager
def _server(options: Options, speed: float) -> Iterator["subprocess.Popen[str]"]:
    slower = {"EVCC_INTERVAL": f"{CYCLE_S * speed:.0f}s"} if CYCLE_S * speed > USUAL_INTERVAL_S else {}
    with _child(server_command(), os.environ | options.environment() | slower, SERVER_ENDS_S) as server:
        yield server


@contextlib.contextmanager
def _child(
    command: list[str], environ: Mapping[str, str], ends_s: float, stdout: int | None = None
) -> Iterator["subprocess.Popen[str]"]:
    """A process in a group of its own, so that Ctrl-C reaches it in our order; at the end none of the group is left."""
    child = subprocess.Popen(
        command, env=environ, stdout=stdout, text=True, start_new_session=True, preexec_fn=_die_with_parent
    )
    try:
        yield child
    finally:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(ends_s)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _die_with_parent() -> None:
    """Linux ends the child even if we are killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _answers(port: int, server: "subprocess.Popen[str]", ended: threading.Event) -> bool:
    """Wait for the first answer, whatever it says."""
    clock = SystemClock()
    give_up_s = clock.wire_s() + PATIENCE_S
    while clock.wire_s() < give_up_s and server.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/api/state")
            connection.getresponse().read()
            return True
        except (OSError, http.client.HTTPException):
            if ended.wait(0.1):
                return False
        finally:
            connection.close()
    print("evcc-flask demo: the server did not answer; what it said stands above", file=sys.stderr)
    return False


def _watch(children: Mapping[str, "subprocess.Popen[str]"], ended: threading.Event) -> int:
    """Wait for the signal, or for a child that ends by itself."""
    while not ended.wait(0.2):
        for name, child in children.items():
            if child.poll() is not None:
                print(f"evcc-flask demo: the {name} ended by itself (exit code {child.returncode})", file=sys.stderr)
                return 1
    return 0
