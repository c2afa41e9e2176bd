"""Sixteen connections that read and write as fast as they are answered, while the loop controls the demo house.

Usage: python benchmarks/load.py [seconds, 60]

Each connection has settings of its own, writes the next value, and reads in between: the state (which must show what
was answered last), one value by its path, a sum by jq, health, the sessions. Told are answers by status, latencies,
lost writes, and the longest gap between two decisions, with and without load.
"""

import collections
import http.client
import json
import statistics
import sys
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import websocket
from server import Running, demo

Settings = tuple[str, Callable[[dict], object]]

LOADPOINT = (
    ("priority", "priority"),
    ("enable/threshold", "enableThreshold"),
    ("disable/threshold", "disableThreshold"),
)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    with demo() as running:
        print(f"longest gap between decisions without load: {gap(running, 25.0):.2f} s", flush=True)
        clients = [Client(running, number) for number in range(16)]
        end = time.monotonic() + seconds
        threads = [threading.Thread(target=client.work, args=(end,)) for client in clients]
        for thread in threads:
            thread.start()
        longest = gap(running, seconds)
        for thread in threads:
            thread.join()
        report(clients, seconds)
        print(f"longest gap between decisions under load: {longest:.2f} s")


class Client:
    """One connection and the setting that only it writes."""

    def __init__(self, running: Running, number: int) -> None:
        place = urlsplit(running.url)
        self.connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
        self.statuses: collections.Counter[int] = collections.Counter()
        self.took: dict[str, list[float]] = collections.defaultdict(list)
        self.lost = 0
        self.path, self.shown = setting(number)

    def work(self, end: float) -> None:
        value = 0
        while time.monotonic() < end:
            value = value % 99 + 1
            if self.path:
                self.ask("write", "POST", f"{self.path}/{value}")
            body = self.ask("state", "GET", "/api/state")
            if self.path and self.shown(json.loads(body)["result"]) != value:
                self.lost += 1
            self.ask("health", "GET", "/api/health")
            self.ask("value", "GET", "/api/state?jq=.loadpoints%5B0%5D.chargePower")
            self.ask("filter", "GET", "/api/state?jq=.loadpoints%7Cmap(.chargePower)%7Cadd")
            self.ask("sessions", "GET", "/api/sessions")

    def ask(self, kind: str, method: str, path: str) -> bytes:
        start = time.monotonic()
        self.connection.request(method, path)
        answer = self.connection.getresponse()
        body = answer.read()
        self.took[kind].append(time.monotonic() - start)
        self.statuses[answer.status] += 1
        return body


def setting(number: int) -> Settings:
    """What a client writes, and where the state shows it. The later ones only read."""
    if number < 6:
        index, (word, key) = number // 3, LOADPOINT[number % 3]
        return f"/api/loadpoints/{index + 1}/{word}", lambda state: state["loadpoints"][index][key]
    if number == 6:
        return "/api/residualpower", lambda state: state["residualPower"]
    if number == 7:
        return "/api/smartcostlimit", lambda state: state["loadpoints"][0]["smartCostLimit"]
    return "", lambda state: None


def gap(running: Running, seconds: float) -> float:
    """The longest time between two decisions, as a live connection sees them."""
    live = websocket.create_connection(f"ws{running.url[4:]}/ws", timeout=30)
    end, last, longest = time.monotonic() + seconds, time.monotonic(), 0.0
    live.recv()
    while time.monotonic() < end:
        if '"cycle":' in live.recv():
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
    live.close()
    return longest


def report(clients: list[Client], seconds: float) -> None:
    statuses = sum((client.statuses for client in clients), collections.Counter())
    print(f"{sum(statuses.values()) / seconds:.0f} requests/s, by status {dict(statuses)}")
    print(f"lost writes: {sum(client.lost for client in clients)}")
    for kind in ("write", "state", "health", "value", "filter", "sessions"):
        took = sorted(each for client in clients for each in client.took[kind])
        print(
            f"{kind:9} {len(took) / seconds:6.0f}/s  median {statistics.median(took) * 1e3:6.1f} ms  "
            f"p99 {took[int(len(took) * 0.99)] * 1e3:6.1f} ms  most {took[-1] * 1e3:6.1f} ms"
        )


main()
