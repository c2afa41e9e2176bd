"""An RS485 line as a pseudo terminal: Modbus RTU slaves by unit id, with the time that the bytes take on the wire.

Who opens ``path`` meets the line as behind a USB adapter. The pty carries bytes at once, so the line holds an answer
back until request, turnaround and answer would have passed a real one (10 bits a byte at 8N1). Slaves hear only a
master that speaks at their baud rate; parity a pty does not carry.
"""

import os
import select
import termios
import threading
import tty
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from evcc_flask.clock import SystemClock

from .pdu import WRITE_COILS, WRITE_REGISTERS, answer
from .station import Fault, Slave, Station

BITS_PER_BYTE = 10
TURNAROUND_S = 0.008
SILENCE_S = 0.05
"""Silence that ends a broken frame; far above 3.5 characters, since the writer may lose the processor meanwhile."""

NOISE = bytes.fromhex("00ff5537e2")


def crc(frame: bytes) -> bytes:
    """CRC-16 of Modbus (reflected polynomial 0xA001, start 0xFFFF), low byte first as sent."""
    value = 0xFFFF
    for byte in frame:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value.to_bytes(2, "little")


class SerialLine:
    """Slaves on one line, served by a thread from ``plug`` to ``unplug`` or ``close``; plugged in at the start.

    ``transactions`` and ``bytes`` (both directions) count what passed, ``busy_s`` the wire time.
    """

    def __init__(
        self,
        path: Path,
        slaves: Mapping[int, Slave],
        baudrate: int = 9600,
        turnaround_s: float = TURNAROUND_S,
    ) -> None:
        self.path = path
        self.stations = {unit: Station(slave) for unit, slave in slaves.items()}
        self.transactions = 0
        self.bytes = 0
        self.busy_s = 0.0
        self._speed = getattr(termios, f"B{baudrate}")
        self._byte_s = BITS_PER_BYTE / baudrate
        self._turnaround_s = turnaround_s
        self._clock = SystemClock()
        self._port: _Port | None = None
        self.plug()

    def station(self, unit: int) -> Station:
        """The slave with its fault switch."""
        return self.stations[unit]

    def plug(self) -> None:
        """The adapter goes in: ``path`` leads to a new terminal."""
        if self._port is None:
            self._port = _Port(self.path, self._serve)

    def unplug(self) -> None:
        """The adapter is pulled: whoever holds the port sees it hang up."""
        if self._port is not None:
            self._port.close()
            self._port = None

    close = unplug

    def chatter(self, raw: bytes) -> None:
        """Put bytes on the line that nobody asked for, as another master or a disturbance does."""
        if self._port is not None:
            self._port.send(raw)

    def _serve(self, port: "_Port") -> None:
        """Take requests until the port is closed. Silence drops what is no whole request."""
        heard = b""
        started_s = 0.0
        while (more := port.receive(SILENCE_S if heard else None)) is not None:
            if not more:
                heard = b""
                continue
            started_s = started_s if heard else self._clock.wire_s()
            heard += more
            length = _request_length(heard)
            if length is None or len(heard) < length:
                continue
            frame, heard = heard[:length], heard[length:]
            if crc(frame[:-2]) != frame[-2:] or port.speed() != self._speed:
                heard = b""
                continue
            self._answer(port, frame, started_s)
            started_s = self._clock.wire_s()

    def _answer(self, port: "_Port", request: bytes, started_s: float) -> None:
        self.transactions += 1
        self.bytes += len(request)
        station = self.stations.get(request[0])
        raw = self._answer_of(station, request) if station else b""
        needs_s = (len(request) + len(raw)) * self._byte_s + (self._turnaround_s if raw else 0.0)
        self.busy_s += needs_s
        self.bytes += len(raw)
        port.wait(started_s + needs_s - self._clock.wire_s())
        if raw:
            port.send(raw)

    def _answer_of(self, station: Station, request: bytes) -> bytes:
        fault = station.fault
        if station.slave.asleep or fault in (Fault.SILENT, Fault.RESET):
            return b""
        unit = request[0] ^ 0x40 if fault is Fault.WRONG_UNIT else request[0]
        frame = bytes([unit]) + answer(station, request[1:-2])
        raw = frame + crc(frame)
        if fault is Fault.WRONG_CRC:
            return frame + bytes([raw[-2] ^ 0x5A, raw[-1]])
        if fault is Fault.GARBAGE:
            return NOISE + raw
        if fault is Fault.HANG:
            return raw[: len(raw) // 2]
        return raw


class _Port:
    """One life of the terminal: both ends of the pty, the symbolic link, and the thread that serves it."""

    def __init__(self, path: Path, serve: Callable[["_Port"], None]) -> None:
        self._path = path
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._stop_read, self._stop_write = os.pipe()
        self._ended = threading.Event()
        self._name = os.ttyname(self._slave)
        fresh = path.with_name(f".{path.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(self._name)
        fresh.replace(path)
        self._thread = threading.Thread(target=serve, args=(self,), name=f"line {path.name}", daemon=True)
        self._thread.start()

    def receive(self, timeout_s: float | None) -> bytes | None:
        """Bytes, b"" after silence, None once the port is closed."""
        ready, _, _ = select.select([self._master, self._stop_read], [], [], timeout_s)
        if self._stop_read in ready:
            return None
        return os.read(self._master, 1024) if ready else b""

    def send(self, raw: bytes) -> None:
        # why: nobody has read for long and the terminal is full; a real line forgets such bytes, too
        with suppress(BlockingIOError):
            os.write(self._master, raw)

    def speed(self) -> int:
        """Baud rate that the master set, as termios numbers it."""
        return int(termios.tcgetattr(self._slave)[5])

    def wait(self, seconds: float) -> None:
        if seconds > 0:
            self._ended.wait(seconds)

    def close(self) -> None:
        self._ended.set()
        os.write(self._stop_write, b"x")
        self._thread.join()
        for end in (self._slave, self._master, self._stop_read, self._stop_write):
            os.close(end)
        if self._path.is_symlink() and self._path.readlink() == Path(self._name):
            self._path.unlink()


def _request_length(heard: bytes) -> int | None:
    """Bytes of the request that begins so; None while it cannot be told."""
    if len(heard) < 2:
        return None
    if heard[1] in (WRITE_COILS, WRITE_REGISTERS):
        return 9 + heard[6] if len(heard) > 6 else None
    return 8
