"""``/ws``: flask-sock shakes hands, then the socket is the hub's and the thread that served the request is free again.

The rules of the door hold here as for any reading request, because the handshake is one.
"""

import base64
import binascii
import socket
import threading
from collections.abc import Callable, Mapping

from flask import Blueprint, Flask, Response, jsonify, request
from flask_sock import Sock
from simple_websocket import Server

from .hub import Hub

VERSION = "13"
"""Of the protocol; RFC 6455 is the only one."""

PATHS = ("/ws", "/bare/ws")
"""Nothing is ever wrapped here; the second one is for clients that know only a prefix."""


class _Unread(threading.Thread):
    """In the place of flask-sock's thread per socket: the hub reads."""

    def start(self) -> None:
        """Nothing."""


def register(app: Flask, hub: Hub, hears_log: Callable[[], bool]) -> None:
    """``hears_log``: whether the request at hand may read the log."""
    app.config["SOCK_SERVER_OPTIONS"] = {"thread_class": _Unread}
    blueprint = Blueprint("live", __name__)
    blueprint.before_request(_refused)
    blueprint.before_request(_uncompressed)
    sock = Sock()

    def live(connection: Server) -> None:
        """The state as it is, then every change of it."""
        owned = socket.socket(fileno=connection.sock.detach())
        # flask-sock has nothing left to close.
        connection.connected = False
        hub.join(owned, connection.ws, hears_log=hears_log())

    for path in PATHS:
        sock.route(path, bp=blueprint, endpoint=path.strip("/").replace("/", "_"))(live)
    app.register_blueprint(blueprint)


def _refused() -> Response | None:
    """An answer to a handshake that is none, as RFC 6455 4.2 and 4.4 have it; None: it is one."""
    headers = request.headers
    if headers.get("Sec-WebSocket-Version", VERSION).strip() != VERSION:
        answer = _answer(426, "this server speaks version 13 of the WebSocket protocol")
        answer.headers["Sec-WebSocket-Version"] = VERSION
        answer.headers["Upgrade"] = "websocket"
        return answer
    words = {word.strip().lower() for word in headers.get("Connection", "").split(",")}
    upgrades = "upgrade" in words and headers.get("Upgrade", "").strip().lower() == "websocket"
    if upgrades and request.method == "GET" and "Sec-WebSocket-Version" in headers and _keyed(headers):
        return None
    return _answer(400, "this is no handshake of a WebSocket")


def _keyed(headers: Mapping[str, str]) -> bool:
    try:
        return len(base64.b64decode(headers.get("Sec-WebSocket-Key", "").strip(), validate=True)) == 16
    except binascii.Error:
        return False


def _answer(status: int, sentence: str) -> Response:
    answer = jsonify(error=sentence)
    answer.status_code = status
    return answer


def _uncompressed() -> None:
    """A stream compressed for each client would be different bytes, and 300 kB of tables, for each."""
    request.environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
