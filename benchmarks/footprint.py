"""Memory and idle processor time of the controller: gunicorn's master and worker, the simulated house not counted.

Usage: python benchmarks/footprint.py [seconds of idling, 60] [seconds of soaking at 60 times the speed of life, 0]
"""

import sys
import time
import urllib.request

from server import Running, demo, processor_s, pss_bytes

SPEED = 60


def main() -> None:
    given = [float(word) for word in sys.argv[1:]]
    idle_s, soak_s = (*given, *(60.0, 0.0)[len(given) :])
    with demo({"EVCC_INTERVAL": "10s"}) as running:
        time.sleep(10)
        pids = running.controller()
        print(f"processes: {len(pids)}; interval: 10 s")
        print(f"quiet: {pss_bytes(pids) / 1e6:.1f} MB Pss")
        before = processor_s(pids)
        time.sleep(idle_s)
        used = processor_s(pids) - before
        print(f"idle: {100 * used / idle_s:.2f} % of a core over {idle_s:.0f} s")
        for _ in range(5000):
            with urllib.request.urlopen(f"{running.url}/api/state") as answer:
                answer.read()
        print(f"after 5000 requests: {pss_bytes(pids) / 1e6:.1f} MB Pss")
        with urllib.request.urlopen(f"{running.url}/api/state?jq=.siteTitle") as answer:
            answer.read()
        pids = running.controller()
        print(f"after a jq filter, {len(pids)} processes: {pss_bytes(pids) / 1e6:.1f} MB Pss")
    if soak_s:
        with demo({"EVCC_INTERVAL": "10s"}, "--speed", str(SPEED)) as running:
            soak(running, soak_s)


def soak(running: Running, soak_s: float) -> None:
    """Pss over a long time, five looks; the first after everything was imported."""
    time.sleep(20)
    for look in range(5):
        minutes = look * soak_s / 4 * SPEED / 60
        print(f"soak, {minutes:4.0f} simulated minutes: {pss_bytes(running.controller()) / 1e6:.1f} MB Pss", flush=True)
        if look < 4:
            time.sleep(soak_s / 4)


main()
