"""A device's web server that gives fixed answers and keeps every request target as it came."""

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class WebDevice:
    """``pages``: request target to JSON. Any other target is taken as a command and answered with an empty object."""

    def __init__(self, pages: Mapping[str, Any]) -> None:
        self.pages = dict(pages)
        self.targets: list[str] = []
        self.posted: list[str] = []
        device = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                device.targets.append(self.path)
                body = json.dumps(device.pages.get(self.path, {})).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                device.posted.append(f"{self.path} {body}")
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def commands(self) -> list[str]:
        """Every target of a GET that is no page, and every POST with its body."""
        return [target for target in list(self.targets) if target not in self.pages] + self.posted

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
