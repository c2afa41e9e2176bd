"""``/ws``: flask-sock shakes hands, then the socket is the hub's and the thread that served the request is free again.

The rules of the door hold here as for any reading request, because the handshake is one.
"""

import socket
import threading
from collections.abc import Callable

from flask import Blueprint, Flask, request
from flask_sock import Sock
from simple_websocket import Server

from .hub import Hub

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


def _uncompressed() -> None:
    """A stream compressed for each client would be different bytes, and 300 kB of tables, for each."""
    request.environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
