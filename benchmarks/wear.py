"""Bytes that the controller writes to the disk, and its commits, while cars charge and while none does.

Usage: python benchmarks/wear.py [simulated minutes of each, 60] [speed, 12]

Written is what the kernel counts for gunicorn's worker (write_bytes of /proc/PID/io): pages of the database and of its
log, each time they go to the disk. What the file system adds to that is not in it. Needs a folder on a disk: TMPDIR.
"""

import json
import sqlite3
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

from server import Running, demo

DAY_S = 86_400


def main() -> None:
    given = [float(word) for word in sys.argv[1:]]
    minutes, speed = (*given, *(60.0, 12.0)[len(given) :])
    with demo({}, "--speed", f"{speed:g}") as running:
        for what, mode in (("charging", "pv"), ("nothing charges", "off")):
            for number, _ in enumerate(state(running)["loadpoints"], 1):
                urllib.request.urlopen(f"{running.url}/api/loadpoints/{number}/mode/{mode}", data=b"").close()
            time.sleep(15)  # what changes with the mode is written
            measure(running, what, minutes * 60, speed)


def measure(running: Running, what: str, house_s: float, speed: float) -> None:
    """One span of house time: commits are seen by another connection, which reads nothing else."""
    before, commits, version = written_bytes(running), 0, None
    end = time.monotonic() + house_s / speed
    with closing(sqlite3.connect(f"file:{state(running)['database']}?mode=ro", uri=True)) as database:
        while time.monotonic() < end:
            (now,) = database.execute("PRAGMA data_version").fetchone()
            commits += version is not None and now != version
            version = now
            time.sleep(0.02)
    written = written_bytes(running) - before
    charging = sum(loadpoint["charging"] for loadpoint in state(running)["loadpoints"])
    print(
        f"{what} ({charging} of {len(state(running)['loadpoints'])} loadpoints, {house_s / 60:.0f} minutes): "
        f"{commits} commits, {written / 1024:.0f} KiB, that is {written * DAY_S / house_s / 1e6:.1f} MB a day",
        flush=True,
    )


def state(running: Running) -> dict:
    with urllib.request.urlopen(f"{running.url}/api/state") as answer:
        return json.load(answer)["result"]


def written_bytes(running: Running) -> int:
    lines = (line for pid in running.controller() for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return sum(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


main()
