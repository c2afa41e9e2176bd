"""Slaves for the bus to talk to: plain frame responders on a pty or a socket, with their own framing and checksums."""

import os
import select
import socket
import struct
import threading
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evcc_flask.bus.bus import Bus
from evcc_flask.clock import SystemClock

Fault = Callable[[bytes, bytes], bytes | None]
"""(request, right answer) → what is sent instead; None: silence."""


def crc(frame: bytes) -> bytes:
    value = 0xFFFF
    for byte in frame:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return struct.pack("<H", value)


class Image:
    """The registers of one slave: ``words[table][address]``; what is not there is refused with exception 2."""

    def __init__(self, **tables: dict[int, int]) -> None:
        names = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
        self.words = {number: dict(tables.get(name, {})) for name, number in names.items()}

    def answer(self, pdu: bytes) -> bytes:
        function, address, count = struct.unpack(">BHH", pdu[:5])
        if function <= 4:
            table = self.words[function]
            if any(a not in table for a in range(address, address + count)):
                return bytes((function | 0x80, 2))
            values = [table[a] for a in range(address, address + count)]
            if function <= 2:
                data = bytearray((count + 7) // 8)
                for bit, value in enumerate(values):
                    data[bit // 8] |= bool(value) << bit % 8
            else:
                data = bytearray(struct.pack(f">{count}H", *values))
            return bytes((function, len(data))) + data
        if function == 5:
            self.words[1][address] = int(count == 0xFF00)
        elif function == 6:
            self.words[3][address] = count
        else:
            self.words[3].update(enumerate(struct.unpack(f">{count}H", pdu[6:]), address))
        return pdu[:5]


class Slaves:
    """Slaves by unit, what was asked of them, and what goes wrong."""

    def __init__(self) -> None:
        self.units: dict[int, Image] = {}
        self.asked: list[tuple[int, int, int, int]] = []
        self.fault: Fault | None = None
        self.silent: set[int] = set()
        self.heard = threading.Condition()

    def put(self, unit: int = 1, **tables: dict[int, int]) -> Image:
        self.units[unit] = Image(**tables)
        return self.units[unit]

    def note(self, unit: int, pdu: bytes) -> None:
        with self.heard:
            self.asked.append((unit, *struct.unpack(">BHH", pdu[:5])))
            self.heard.notify_all()

    def wait_asked(self, times: int, timeout_s: float = 5.0) -> None:
        with self.heard:
            assert self.heard.wait_for(lambda: len(self.asked) >= times, timeout_s), self.asked

    @property
    def writes(self) -> list[tuple[int, int, int, int]]:
        return [asked for asked in self.asked if asked[1] > 4]


class RtuLine(Slaves):
    """RTU slaves behind a pty, which knows no wire time of its own."""

    turnaround_s = 0.0
    byte_s = 0.0

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self._ending = threading.Event()
        self.plug()

    def plug(self) -> None:
        self._ending.clear()
        self.master, self.slave = os.openpty()
        tty.setraw(self.master)
        tty.setraw(self.slave)
        Path(self.path).symlink_to(os.ttyname(self.slave))
        self._thread = threading.Thread(target=self._serve, args=(self.master,), daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        self._ending.set()
        self._thread.join()
        Path(self.path).unlink()
        os.close(self.master)
        os.close(self.slave)

    @property
    def plugged(self) -> bool:
        return not self._ending.is_set()

    def say(self, data: bytes) -> None:
        os.write(self.master, data)

    def _serve(self, master: int) -> None:
        frame = bytearray()
        while not self._ending.is_set():
            if not select.select([master], [], [], 0.05)[0]:
                frame.clear()
                continue
            frame += os.read(master, 512)
            length = 8 if len(frame) < 7 or frame[1] <= 6 else 9 + frame[6]
            if len(frame) < length:
                continue
            request = bytes(frame[:length])
            frame.clear()
            assert crc(request[:-2]) == request[-2:]
            self.note(request[0], request[1:-2])
            image = self.units.get(request[0])
            if image is None or request[0] in self.silent:
                continue
            body = request[:1] + image.answer(request[1:-2])
            answer: bytes | None = body + crc(body)
            if self.fault is not None:
                answer = self.fault(request, answer)
            if answer is not None:
                self._ending.wait(self.turnaround_s + (len(request) + len(answer)) * self.byte_s)
                os.write(master, answer)


class AsciiLine(RtuLine):
    """ASCII slaves behind a pty; ``mark`` begins an answer."""

    mark = b":"

    def _serve(self, master: int) -> None:
        frame = bytearray()
        while not self._ending.is_set():
            if not select.select([master], [], [], 0.05)[0]:
                continue
            frame += os.read(master, 512)
            if not frame.endswith(b"\r\n"):
                continue
            request = bytes.fromhex(frame[1:-2].decode())
            frame.clear()
            assert sum(request) % 256 == 0
            self.note(request[0], request[1:-1])
            if request[0] in self.units and request[0] not in self.silent:
                body = request[:1] + self.units[request[0]].answer(request[1:-1])
                checked = body + bytes((-sum(body) % 256,))
                os.write(master, self.mark + checked.hex().upper().encode() + b"\r\n")


class TcpSlaves(Slaves):
    """Modbus TCP slaves; ``raw_rtu``: RTU frames on the socket, as a gateway passes them on."""

    def __init__(self, port: int = 0, raw_rtu: bool = False) -> None:
        super().__init__()
        self._raw_rtu = raw_rtu
        self.connections = 0
        self.hung_up = threading.Event()
        self.open: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", port))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()
        self.drop()

    def drop(self) -> None:
        """Reset all connections."""
        while self.open:
            peer = self.open.pop()
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(peer)
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        try:
            while request := peer.recv(300):
                unit, pdu = (request[0], request[1:-2]) if self._raw_rtu else (request[6], request[7:])
                self.note(unit, pdu)
                if unit not in self.units or unit in self.silent:
                    continue
                body = bytes((unit,)) + self.units[unit].answer(pdu)
                right = body + crc(body) if self._raw_rtu else request[:4] + struct.pack(">H", len(body)) + body
                answer = right if self.fault is None else self.fault(request, right)
                if answer:
                    peer.sendall(answer)
            self.hung_up.set()
        except OSError:
            return


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


@pytest.fixture
def bus(clock: SystemClock) -> Iterator[Bus]:
    bus = Bus(clock)
    yield bus
    bus.close()


class ClockAhead(SystemClock):
    """Real time that a test can move forward."""

    ahead_s = 0.0

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self.ahead_s

    def wire_s(self) -> float:
        return super().wire_s() + self.ahead_s


@pytest.fixture
def clock_ahead() -> ClockAhead:
    return ClockAhead()


@pytest.fixture
def bus_ahead(clock_ahead: ClockAhead) -> Iterator[Bus]:
    bus = Bus(clock_ahead)
    yield bus
    bus.close()


@pytest.fixture
def unheard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines are listened to so briefly that tests stay quick."""
    monkeypatch.setattr("evcc_flask.bus.serial.LISTEN_S", 0.0)


@pytest.fixture
def line(tmp_path, unheard) -> Iterator[RtuLine]:
    line = RtuLine(str(tmp_path / "ttyRS485"))
    yield line
    if line.plugged:
        line.unplug()


@pytest.fixture
def ascii_line(tmp_path, unheard) -> Iterator[AsciiLine]:
    line = AsciiLine(str(tmp_path / "ttyRS485"))
    yield line
    line.unplug()


@pytest.fixture
def tcp() -> Iterator[TcpSlaves]:
    slaves = TcpSlaves()
    yield slaves
    slaves.close()


@pytest.fixture
def gateway() -> Iterator[TcpSlaves]:
    slaves = TcpSlaves(raw_rtu=True)
    yield slaves
    slaves.close()
