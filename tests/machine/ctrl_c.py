"""Run inside a fresh machine with its own python3: starts the demo, waits for its answer, presses Ctrl-C.

Prints one JSON object: what was answered after how many seconds, and what was left after how many seconds.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

PATIENCE_S = 60


def health(port: int) -> int:
    """The status of /api/health; 0 while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def processes() -> dict[int, str]:
    """All that run on this machine."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def main(port: int) -> None:
    before = processes()
    began = time.monotonic()
    demo = subprocess.Popen(["script/demo", "--port", str(port)], stdout=sys.stderr, start_new_session=True)
    while not health(port) and demo.poll() is None and time.monotonic() < began + PATIENCE_S:
        threading.Event().wait(0.05)
    answered_s = time.monotonic() - began
    while (status := health(port)) != 200 and demo.poll() is None and time.monotonic() < began + PATIENCE_S:
        threading.Event().wait(0.2)
    pressed = time.monotonic()
    os.killpg(demo.pid, signal.SIGINT)
    code = demo.wait(30)
    ended_s = time.monotonic() - pressed
    left = [words for number, words in processes().items() if number not in before]
    locks = [str(file) for file in Path().glob(".demo/*.lock")]
    report = {"status": status, "answered_s": answered_s, "code": code, "ended_s": ended_s, "left": left + locks}
    print(json.dumps(report))


if __name__ == "__main__":
    main(int(sys.argv[1]))
