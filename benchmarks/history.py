"""How many bytes a year of quarters takes in the database, and how long its sums take; what one commit writes.

A house with battery and two loadpoints, one of which charges on half of the nights. Usage: python benchmarks/history.py
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from evcc_flask.clock import SystemClock
from evcc_flask.domain.quarters import Charged, Quarter, quarter_of
from evcc_flask.storage.database import Database
from evcc_flask.storage.history import Resolution

FIRST, AFTER = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)


def year() -> Iterator[Quarter]:
    """A made-up one: sun by day, a steady home, cars at night and at noon."""
    dice = Random(1)
    for number in range(quarter_of(FIRST), quarter_of(AFTER)):
        day = 28 < number % 96 < 76
        sun = max(0.0, dice.gauss(0.7, 0.4)) if day else 0.0
        home = max(0.02, dice.gauss(0.1, 0.05))
        charge, discharge = max(0.0, sun - home) * dice.random(), 0.0 if day else home * dice.random()
        points = {}
        if number % 96 < 12 and dice.random() < 0.5:
            points["Carport"] = Charged(dice.uniform(1, 2.75), dice.random())
        if day and dice.random() < 0.2:
            points["Garage"] = Charged(dice.uniform(0.3, 2), dice.uniform(0, 0.3))
        export, green = max(0.0, sun - home - charge), home * dice.random()
        prices = round(dice.uniform(0.05, 0.45), 5), 0.0803, round(dice.uniform(100, 500), 1)
        yield Quarter(number, 900.0, home * 0.7, export, sun, charge, discharge, home, green, points, *prices)


def written() -> int:
    """Bytes that the kernel counts as written by this process."""
    lines = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(lines["write_bytes"])


def main(folder: Path) -> None:
    path = folder / "evcc.db"
    Database.open(path, SystemClock()).close()
    empty = path.stat().st_size
    database = Database.open(path, SystemClock())
    parts = {quarter.number: quarter for quarter in year()}
    assert database.save_sessions((), {}, parts).wait(60.0) is None
    for resolution in Resolution:
        began_s = time.perf_counter()
        count = len(list(database.history(FIRST, AFTER, resolution)))
        print(f"{count:6} spans of resolution {resolution.value:5} in {time.perf_counter() - began_s:.2f} s")
    database.close()
    print(f"a year takes {(path.stat().st_size - empty) / 1e6:.1f} MB")
    database, before = Database.open(path, SystemClock()), written()
    for number, quarter in list(parts.items())[:40]:
        later = Quarter(**{name: getattr(quarter, name) for name in Quarter.__slots__} | {"number": number + 40_000})
        assert database.save_sessions((), {}, {later.number: later}).wait(60.0) is None
    print(f"a commit of one quarter writes {(written() - before) / 40 / 1024:.0f} KiB")
    database.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else ".") as name:
        main(Path(name))
