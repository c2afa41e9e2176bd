"""A whole server in this process: files go in, the client of its web side comes out. No gunicorn, real threads."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from textwrap import dedent

import pytest

from evcc_flask import create_app
from evcc_flask.options import Options
from evcc_flask.wiring import Server


class Served:
    """A server, its web side and what it has logged."""

    def __init__(self, server: Server, lines: list[str]) -> None:
        self.server = server
        self.state = server.state
        self.lines = lines
        app = create_app(server.state, server.database, server.controller.health, server.clock, server.configuration)
        self.client = app.test_client()

    def shown(self, until: Callable[[dict], object] = lambda _: True, timeout_s: float = 10.0) -> dict:
        """The first published state that fulfils ``until``."""
        published, changed = [], threading.Condition()

        def note(new: object) -> None:
            with changed:
                published.append(new)
                changed.notify_all()

        self.state.subscribe(note)

        def fulfilled() -> bool:
            return bool(until(self.state.published.state))

        with changed:
            assert changed.wait_for(fulfilled, timeout_s), self.state.published.state
        return dict(self.state.published.state)


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Served]]:
    monkeypatch.setenv("HOME", str(tmp_path))
    running: list[Server] = []

    def start(house: str, own: str | None = None, *, control: bool = True, **options: object) -> Served:
        file = tmp_path / "evcc.yaml"
        file.write_text(dedent(house))
        if own is not None:
            (tmp_path / "evcc-flask.yaml").write_text(dedent(own))
        server = Server(Options(config=file, **options), {"HOME": str(tmp_path)})
        running.append(server)
        if control:
            server.start()
        return Served(server, [])

    yield start
    for server in running:
        server.stop()


class Device(ThreadingHTTPServer):
    """An HTTP device: ``answers`` by path, ``moved`` elsewhere; ``asked``: the paths that were asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.moved: dict[str, str] = {}
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Answering)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        device = self.server
        device.asked.append(self.path)
        body = device.answers.get(self.path.partition("?")[0])
        moved = device.moved.get(self.path)
        self.send_response(302 if moved else 200 if body is not None else 500)
        if moved:
            self.send_header("Location", moved)
        payload = (body or "no").encode()
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_POST = do_GET  # noqa: N815 - the name is the base class's

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def device() -> Iterator[Device]:
    device = Device()
    yield device
    device.shutdown()
    device.server_close()
