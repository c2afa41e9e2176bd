import socket
import threading

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Pong, Request, TextMessage

from evcc_flask.control.state import SharedState
from evcc_flask.control.view import View
from evcc_flask.domain.settings import LoadpointSettings, Settings
from evcc_flask.realtime.hub import Hub
from tests.served import serving


class Clock:
    """Moved by hand."""

    now_s = 100.0

    def wire_s(self):
        return self.now_s


class Kept:
    def save(self, values, changes=()):
        return self

    def wait(self, timeout_s):
        return None


class Client:
    """The other end of a socket that the hub was given after a handshake."""

    def __init__(self, hub, *, hears_log=False):
        ours, theirs = socket.socketpair()
        self.sock = ours
        self.protocol, served = WSConnection(ConnectionType.CLIENT), WSConnection(ConnectionType.SERVER)
        served.receive_data(self.protocol.send(Request(host="house", target="/ws")))
        list(served.events())
        self.protocol.receive_data(served.send(AcceptConnection()))
        list(self.protocol.events())
        self.sock.settimeout(10)
        hub.join(theirs, served, hears_log=hears_log)

    def next(self):
        """The next text, 'pong', the code of a close, or None at the end of the connection."""
        text = ""
        while True:
            for event in self.protocol.events():
                if isinstance(event, TextMessage):
                    text += event.data
                    if event.message_finished:
                        return text
                elif isinstance(event, Pong):
                    return "pong"
                elif isinstance(event, CloseConnection):
                    return event.code
            try:
                received = self.sock.recv(65_536)
            except ConnectionResetError:
                return None
            if not received:
                return None
            self.protocol.receive_data(received)

    def send(self, event):
        self.sock.sendall(self.protocol.send(event))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def state():
    return SharedState(Settings(title="Home", loadpoints=(LoadpointSettings(title="Carport"),)), View(), Kept())


@pytest.fixture
def hub(state, clock):
    hub = Hub(state, clock)
    hub.start()
    yield hub
    hub.stop()
    assert "live" not in {thread.name for thread in threading.enumerate()}


@pytest.fixture
def arrives(hub):
    """Another client, which has read its welcome."""
    there = []

    def arrive(**rights):
        there.append(Client(hub, **rights))
        there[-1].welcome = there[-1].next()
        return there[-1]

    yield arrive
    for client in there:
        client.sock.close()


@pytest.fixture
def serve(tmp_path):
    with serving(tmp_path) as start:
        yield start
