"""Memory and idle processor time of the controller. Usage: python benchmarks/footprint.py [seconds of idling, 60]"""

import sys
import time
import urllib.request

from server import demo, processor_s, pss_bytes


def main() -> None:
    idle_s = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    with demo() as running:
        time.sleep(10)
        pids = running.controller()
        print(f"processes: {len(pids)}")
        print(f"quiet: {pss_bytes(pids) / 1e6:.1f} MB Pss")
        before = processor_s(pids)
        time.sleep(idle_s)
        used = processor_s(pids) - before
        print(f"idle: {100 * used / idle_s:.2f} % of a core over {idle_s:.0f} s")
        for _ in range(5000):
            with urllib.request.urlopen(f"{running.url}/api/state") as answer:
                answer.read()
        print(f"after 5000 requests: {pss_bytes(pids) / 1e6:.1f} MB Pss")


main()
