"""A Modbus TCP server: slaves behind one port, each request framed by a seven-byte head."""

import socket
import socketserver
import struct
import threading
from collections.abc import Mapping

from .pdu import answer
from .station import Fault, Slave, Station

HEAD = struct.Struct(">HHHB")
TURNAROUND_S = 0.005
"""What a small inverter needs for an answer."""

POLL_S = 0.02
ACCEPT_POLL_S = 0.1


class ModbusTcpServer:
    """Listens from its making until ``close``. ``port`` is the one it got; ``transactions`` and ``bytes`` count."""

    def __init__(
        self,
        slaves: Mapping[int, Slave],
        port: int = 0,
        host: str = "127.0.0.1",
        turnaround_s: float = TURNAROUND_S,
    ) -> None:
        self.stations = {unit: Station(slave) for unit, slave in slaves.items()}
        self.transactions = 0
        self.bytes = 0
        self._turnaround_s = turnaround_s
        self._ended = threading.Event()
        self._connections: set[socket.socket] = set()
        self._server = _Server((host, port), self)
        self.port: int = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, args=(ACCEPT_POLL_S,), name=f"modbus {self.port}", daemon=True
        ).start()

    def station(self, unit: int) -> Station:
        """The slave with its fault switch."""
        return self.stations[unit]

    def close(self) -> None:
        """Stop listening and end every connection."""
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        for connection in tuple(self._connections):
            reset(connection)

    def serve(self, connection: socket.socket) -> None:
        """Answer one client until it goes."""
        self._connections.add(connection)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while head := _receive(connection, HEAD.size):
                transaction, _, length, unit = HEAD.unpack(head)
                request = _receive(connection, length - 1)
                if not request:
                    return
                self.transactions += 1
                self.bytes += HEAD.size + len(request)
                if not self._reply(connection, transaction, unit, request):
                    return
        except OSError:
            return
        finally:
            self._connections.discard(connection)

    def _reply(self, connection: socket.socket, transaction: int, unit: int, request: bytes) -> bool:
        """Whether the connection goes on."""
        station = self.stations.get(unit)
        if station is None or station.slave.asleep or station.fault is Fault.SILENT:
            return True
        if station.fault is Fault.RESET:
            reset(connection)
            return False
        while station.fault is Fault.HANG and not self._ended.wait(POLL_S):
            pass
        self._ended.wait(self._turnaround_s)
        body = answer(station, request)
        if station.fault is Fault.WRONG_CRC:
            transaction ^= 0x5A5A
        if station.fault is Fault.WRONG_UNIT:
            unit ^= 0x40
        raw = HEAD.pack(transaction, 0, len(body) + 1, unit) + body
        if station.fault is Fault.GARBAGE:
            raw = b"\xde\xad\xbe\xef\x00\xff\x55" + raw
        self.bytes += len(raw)
        connection.sendall(raw)
        return True


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], owner: ModbusTcpServer) -> None:
        self.owner = owner
        super().__init__(address, _Handler)


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.server.owner.serve(self.request)


def reset(connection: socket.socket) -> None:
    """End a connection with RST instead of FIN."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)
        connection.close()
    except OSError:
        return


def _receive(connection: socket.socket, count: int) -> bytes:
    """Exactly ``count`` bytes; b"" where the client has gone."""
    received = b""
    while len(received) < count:
        more = connection.recv(count - len(received))
        if not more:
            return b""
        received += more
    return received
