"""A provider of prices on a socket of this machine, and feeds that ask it instead of the real one."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from evcc_flask.bus.bus import Bus
from evcc_flask.clock import SystemClock
from evcc_flask.plugins.shop import Workshop
from evcc_flask.tariffs.board import Board, Shelf
from tests.tariffs.boards import Moved


@dataclass
class Asked:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Provider:
    """``answer`` says status and body of each request; what was asked is kept, oldest first."""

    answer: Callable[[Asked], tuple[int, str]] = lambda asked: (404, "")
    asked: list[Asked] = field(default_factory=list)
    uri: str = ""


@pytest.fixture
def provider() -> Iterator[Provider]:
    served = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            asked = Asked(self.command, self.path, dict(self.headers), body)
            served.asked.append(asked)
            status, text = served.answer(asked)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET  # noqa: N815 — the server's name

        def log_message(self, *args: object) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.uri = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    clock = SystemClock()
    bus = Bus(clock)
    yield Workshop(bus, clock)
    bus.close()


@pytest.fixture
def clock():
    return Moved()


@pytest.fixture
def bus(clock):
    bus = Bus(SystemClock())
    yield bus
    bus.close()


@pytest.fixture
def board_of(clock):
    boards = []

    def build(*feeds, shelf=None, start=True):
        named = [(usage, feed, f"mark {feed.name}") for usage, feed in feeds]
        board = Board(named, clock, zone=UTC, shelf=shelf or Shelf())
        boards.append(board)
        if start:
            board.start()
        return board

    yield build
    for board in boards:
        board.close()
