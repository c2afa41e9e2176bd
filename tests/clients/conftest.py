import json
from contextlib import contextmanager

import pytest
import websocket

from tests.served import serving


class Caller:
    """A program in the network: one connection, no cookies unless it is given one."""

    def __init__(self, served):
        self.served = served
        self.headers = {}
        self._connection = served.connection()

    def ask(self, method, path, body=None, **headers):
        headers = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        answer.text = answer.read().decode()
        return answer

    def state(self):
        return json.loads(self.ask("GET", "/api/state").text)["result"]

    def live(self):
        return websocket.create_connection(f"ws://127.0.0.1:{self.served.port}/ws", timeout=20)

    def close(self):
        self._connection.close()


@contextmanager
def calling(folder, **environ):
    with serving(folder) as start:
        caller = Caller(start(**environ).ready())
        yield caller
        caller.close()


@pytest.fixture
def caller(tmp_path):
    """A server of its own."""
    with calling(tmp_path) as caller:
        yield caller


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """One server for all of a module, which leave it as it was."""
    with calling(tmp_path_factory.mktemp("house")) as caller:
        yield caller
