"""A demo house with its controller, started for a measurement and ended after it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Running:
    """``url`` without a trailing slash; ``processes``: gunicorn's master and worker, and the filters'."""

    url: str
    process: subprocess.Popen[bytes]

    def controller(self) -> list[int]:
        """Process ids of gunicorn's master, its worker and the filters'; the simulated house is not one of them."""
        family = [self.process.pid, *_descendants(self.process.pid)]
        return [pid for pid in family if any(name in _command(pid) for name in (b"gunicorn", b"jq.worker"))]


@contextlib.contextmanager
def demo(environ: Mapping[str, str] = MappingProxyType({}), *options: str) -> Iterator[Running]:
    """The demo on a free port in a folder of its own; ready when this yields."""
    with socket.socket() as probe, tempfile.TemporaryDirectory() as folder:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        executable = Path(sys.executable).with_name("evcc-flask")
        process = subprocess.Popen(
            [executable, "demo", "--port", str(port), *options],
            cwd=folder,
            env={**os.environ, **environ},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/api/health", timeout=2):
                    break
                time.sleep(0.2)
            else:
                raise RuntimeError("the demo did not become healthy within 30 s")
            yield Running(url, process)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(10)


def _descendants(pid: int) -> list[int]:
    # Each thread has children of its own.
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    found = [int(word) for children in lists for word in children.read_text().split()]
    return found + [each for child in found for each in _descendants(child)]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def pss_bytes(pids: list[int]) -> int:
    """Proportional memory of these processes together."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def processor_s(pids: list[int]) -> float:
    """User and system time that these processes have used, in s."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
