"""Values that a real WebSocket server pushes: the last message with a value in it counts."""

import base64
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from simple_websocket import ConnectionClosed, Server
from werkzeug.serving import make_server

from evcc_flask.bus.bus import Bus
from evcc_flask.bus.needs import ReadError
from evcc_flask.plugins.registry import build_source
from evcc_flask.plugins.shop import Shop
from evcc_flask.plugins.values import Kind
from tests.broker import eventually, free_port


class Pusher:
    """Says the same to everybody who connects while it is ``open``; ``cut`` ends all connections."""

    def __init__(self) -> None:
        self.greeting: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.open = threading.Event()
        self.open.set()
        self._there: list[Server] = []
        self._server = make_server("127.0.0.1", 0, self._serve, threaded=True)
        self.uri = f"ws://127.0.0.1:{self._server.server_port}/socket"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def says(self, *messages: Any) -> None:
        for socket in list(self._there):
            for message in messages:
                socket.send(message if isinstance(message, str) else json.dumps(message))

    def cut(self) -> None:
        while self._there:
            self._there.pop().close()

    def close(self) -> None:
        self.open.set()
        self.cut()
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        self.headers.append({key: str(value) for key, value in environ.items() if key.startswith("HTTP_")})
        self.open.wait(30)
        socket = Server(environ)
        self._there.append(socket)
        for message in self.greeting:
            socket.send(message)
        try:
            while True:
                socket.receive()
        except ConnectionClosed:
            return []


@pytest.fixture
def pusher() -> Iterator[Pusher]:
    pusher = Pusher()
    yield pusher
    pusher.close()


def test_the_last_message_with_a_value_counts(bus: Bus, shop: Shop, pusher: Pusher) -> None:
    ours = {"source": "websocket", "uri": pusher.uri, "jq": '.data | select(.uuid == "ours") | .tuples[0][1]'}
    source = build_source(ours | {"scale": 0.5}, shop)
    pusher.greeting = [json.dumps({"data": {"uuid": "ours", "tuples": [[1, 100]]}})]
    assert bus.refresh(source.needs()).wait(10)
    assert source.value() == 50
    pusher.says(
        {"data": {"uuid": "theirs", "tuples": [[1, 7]]}}, "nonsense", {"data": {"uuid": "ours", "tuples": [[2, 8]]}}
    )
    assert eventually(lambda: source.value() == 4)
    pusher.says({"data": {"uuid": "theirs", "tuples": [[1, 7]]}})
    assert source.value() == 4


def test_two_values_share_one_connection(bus: Bus, shop: Shop, pusher: Pusher) -> None:
    pusher.greeting = ['{"w": 5, "on": true}']
    power = build_source({"source": "ws", "uri": pusher.uri, "jq": ".w"}, shop)
    on = build_source({"source": "ws", "uri": pusher.uri, "jq": ".on"}, shop, Kind.BOOL)
    assert bus.refresh([*power.needs(), *on.needs()]).wait(10)
    assert (power.value(), on.value(), len(pusher.headers)) == (5, True, 1)


def test_headers_and_login_are_sent(bus: Bus, shop: Shop, pusher: Pusher) -> None:
    pusher.greeting = ["3"]
    auth = {"type": "basic", "user": "me", "password": "secret"}
    source = build_source({"source": "ws", "uri": pusher.uri, "auth": auth, "headers": {"X-Key": "k"}}, shop)
    assert bus.refresh(source.needs()).wait(10)
    assert source.value() == 3
    sent = pusher.headers[0]
    assert sent["HTTP_X_KEY"] == "k"
    assert base64.b64decode(sent["HTTP_AUTHORIZATION"].removeprefix("Basic ")) == b"me:secret"
    assert "secret" not in str(bus.counters())


def test_a_cut_line_is_an_error_until_it_stands_again(bus: Bus, shop: Shop, pusher: Pusher) -> None:
    pusher.greeting = ["3"]
    source = build_source({"source": "ws", "uri": pusher.uri}, shop)
    assert bus.refresh(source.needs()).wait(10)
    pusher.greeting = ["4"]
    pusher.open.clear()
    pusher.cut()
    assert eventually(lambda: bus.counters()[0]["state"] == "lost")
    with pytest.raises(ReadError, match="closed the connection"):
        source.value()
    pusher.open.set()
    assert eventually(lambda: bus.counters()[0]["state"] == "up")
    assert eventually(lambda: source.value() == 4)


def test_a_socket_that_is_not_there_says_so(bus: Bus, shop: Shop) -> None:
    source = build_source({"source": "ws", "uri": f"127.0.0.1:{free_port()}/x"}, shop)
    assert bus.refresh(source.needs()).wait(10)
    eventually(lambda: bus.counters()[0]["error"])
    with pytest.raises(ReadError, match="connection refused"):
        source.value()


@pytest.mark.parametrize("uri", ["ftp://x", "ws://"])
def test_what_is_no_socket_is_refused(refused, uri: str) -> None:
    assert "is no address of a socket" in refused({"source": "websocket", "uri": uri})[0][1]
