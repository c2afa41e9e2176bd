"""The demo's exchange and weather service on HTTP: ``/prices`` and ``/sun``, lists of start, end and value."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ..market import prices, sunshine
from .live import LiveHouse

ACCEPT_POLL_S = 0.2


class MarketServer:
    """Listens on 127.0.0.1 from its making until ``close``. ``silent``: it refuses everybody."""

    def __init__(self, live: LiveHouse, port: int = 0) -> None:
        self.live = live
        self.silent = False
        self._server = _Server(("127.0.0.1", port), self)
        self.port: int = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, args=(ACCEPT_POLL_S,), name=f"market {self.port}", daemon=True
        ).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    block_on_close = False

    def __init__(self, address: tuple[str, int], owner: MarketServer) -> None:
        self.owner = owner
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """Answer with what is known at the house's time."""
        owner = self.server.owner
        with owner.live.now() as house:
            described, now = house.description, house.now
        if owner.silent:
            self._send(503, b"")
        elif self.path == "/prices":
            self._send(200, json.dumps(prices(now, described.seed)).encode())
        elif self.path == "/sun":
            self._send(200, json.dumps(sunshine(described, now)).encode())
        else:
            self._send(404, b"")

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing on the terminal."""
