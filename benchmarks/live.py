"""From a change to the frame on the socket, for one live connection and for a hundred; what a hundred cost in memory.

Usage: python benchmarks/live.py [changes of each round, 100]

A change is a POST; the clock starts before it is sent and stops when the frame that tells it was read, at each socket.
The clients are one thread beside the server, on the same machine.
"""

import http.client
import selectors
import statistics
import sys
import time
from urllib.parse import urlsplit

import websocket
from server import Running, demo, pss_bytes


def main() -> None:
    changes = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with demo() as running:
        time.sleep(5)
        before = pss_bytes(running.controller())
        for count in (1, 100):
            lives = [websocket.create_connection(f"ws{running.url[4:]}/ws", timeout=20) for _ in range(count)]
            for live in lives:
                live.recv()
            took = measured(running, lives, changes)
            memory = pss_bytes(running.controller())
            print(
                f"{count} live: median {statistics.median(took) * 1e3:.1f} ms, "
                f"p99 {sorted(took)[int(len(took) * 0.99)] * 1e3:.1f} ms, most {max(took) * 1e3:.1f} ms; "
                f"memory {before / 1e6:.1f} MB before, {memory / 1e6:.1f} MB with them",
                flush=True,
            )
            for live in lives:
                live.close()


def measured(running: Running, lives: list[websocket.WebSocket], changes: int) -> list[float]:
    """Seconds of each change at each socket."""
    place = urlsplit(running.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port)
    selector = selectors.DefaultSelector()
    for live in lives:
        live.sock.setblocking(False)
        selector.register(live.sock, selectors.EVENT_READ)
    took = []
    for number in range(1, changes + 1):
        words = f'"residualPower":{number}'.encode()
        start = time.monotonic()
        connection.request("POST", f"/api/residualpower/{number}")
        waiting = {live.sock for live in lives}
        while waiting:
            for key, _ in selector.select(10) or sys.exit("a frame did not come within 10 s"):
                # A frame is small, and comes in one piece.
                if words in key.fileobj.recv(65_536):
                    took.append(time.monotonic() - start)
                    waiting.discard(key.fileobj)
        connection.getresponse().read()
    for live in lives:
        live.sock.setblocking(True)
    connection.close()
    return took


main()
