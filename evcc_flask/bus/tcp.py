"""Modbus TCP and UDP: MBAP frames over a plain socket that is opened when needed and again after every error."""

import contextlib
import socket
import struct

from .manners import SLICE_S, Etiquette, Pace
from .needs import ErrorKind, ReadError, Table
from .refusals import refusal

IDLE_CLOSE_S = 60.0
_HEADER = struct.Struct(">HHHB")
_LONGEST_FRAME = 260


class _Gone(Exception):
    """The peer closed or reset the connection."""


class TcpWire:
    """Implements ModbusWire; for the thread of one worker."""

    def __init__(
        self, host: str, port: int, udp: bool, etiquette: Etiquette, connect_delay_s: float, pace: Pace
    ) -> None:
        self._host = host
        self._port = port
        self._udp = udp
        self._etiquette = etiquette
        self._connect_delay_s = connect_delay_s
        self._pace = pace
        self._socket: socket.socket | None = None
        self._buffer = bytearray()
        self._transaction = 0
        self._last_s = float("-inf")
        self.place = f"{host}:{port}"

    def read(self, unit: int, table: Table, address: int, count: int) -> tuple[int, ...]:
        """Registers, or bits as 0 and 1."""
        answer = self._ask(unit, struct.pack(">BHH", table, address, count))
        if table in (Table.COIL, Table.DISCRETE):
            if len(answer) != 2 + (count + 7) // 8 or answer[1] != len(answer) - 2:
                raise self._garbled(unit, "an answer of the wrong length")
            return tuple(answer[2 + bit // 8] >> bit % 8 & 1 for bit in range(count))
        if len(answer) != 2 + 2 * count or answer[1] != 2 * count:
            raise self._garbled(unit, "an answer of the wrong length")
        return struct.unpack(f">{count}H", answer[2:])

    def write_register(self, unit: int, address: int, value: int) -> None:
        self._tell(unit, struct.pack(">BHH", 6, address, value))

    def write_registers(self, unit: int, address: int, values: tuple[int, ...]) -> None:
        head = struct.pack(">BHHB", 16, address, len(values), 2 * len(values))
        self._tell(unit, head + struct.pack(f">{len(values)}H", *values))

    def write_coil(self, unit: int, address: int, value: bool) -> None:
        self._tell(unit, struct.pack(">BHH", 5, address, 0xFF00 if value else 0))

    def idle_until_s(self) -> float | None:
        """When the unused connection should be closed; None while there is none."""
        return None if self._socket is None else self._last_s + IDLE_CLOSE_S

    def close(self) -> None:
        """Safe to call twice."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
        self._socket = None
        self._buffer.clear()

    def _tell(self, unit: int, request: bytes) -> None:
        if self._ask(unit, request)[:5] != request[:5]:
            raise self._garbled(unit, "another answer than the write expects")

    def _ask(self, unit: int, request: bytes) -> bytes:
        """The answer's PDU. Raises ReadError; an exception answer is a refusal."""
        manners = self._etiquette.of(unit)
        self._pace.pause_until(self._last_s + (manners.delay_s or 0.0))
        self._pace.check_open()
        reused = self._socket is not None
        try:
            answer = self._exchange(unit, request, manners.timeout_s)
        except _Gone as gone:
            # A peer may close an idle connection whenever it likes: that is no failure, a fresh one is tried once.
            if not reused:
                raise ReadError(ErrorKind.CONNECTION, f"{self.place}: {gone}") from None
            try:
                answer = self._exchange(unit, request, manners.timeout_s)
            except _Gone as again:
                raise ReadError(ErrorKind.CONNECTION, f"{self.place}: {again}") from None
        if answer[0] == request[0] | 0x80 and len(answer) >= 2:
            raise refusal(f"{self.place}, id {unit}", answer[1])
        if answer[0] != request[0]:
            raise self._garbled(unit, f"an answer to function {answer[0]} instead of {request[0]}")
        return answer

    def _exchange(self, unit: int, request: bytes, timeout_s: float) -> bytes:
        if self._socket is None:
            self._socket = self._connect(timeout_s)
        self._transaction = self._transaction % 0xFFFF + 1
        frame = _HEADER.pack(self._transaction, 0, len(request) + 1, unit) + request
        began_s = self._pace.now_s()
        try:
            self._socket.settimeout(timeout_s)
            self._socket.sendall(frame)
            self._pace.counters.traffic(sent=len(frame))
            return self._answer(unit, began_s + timeout_s)
        except (ReadError, _Gone):
            self.close()
            raise
        except OSError as error:
            self.close()
            raise _Gone(f"the connection broke ({error.strerror or error})") from error
        finally:
            self._last_s = self._pace.now_s()
            self._pace.counters.transaction(began_s, self._last_s)

    def _answer(self, unit: int, deadline_s: float) -> bytes:
        """Waits for our own answer: late ones to older requests and those of other units are discarded."""
        stranger: int | None = None
        while (frame := self._frame(deadline_s)) is not None:
            transaction, protocol, _, sender = _HEADER.unpack(frame[:7])
            if protocol != 0:
                raise self._garbled(unit, "no Modbus frame")
            if transaction != self._transaction:
                continue
            if sender != unit:
                stranger = sender
                continue
            return frame[7:]
        if stranger is not None:
            raise self._garbled(unit, f"an answer for id {stranger}")
        raise ReadError(
            ErrorKind.TIMEOUT, f"{self.place}, id {unit}: no answer in time. Is the id right, and Modbus enabled there?"
        )

    def _frame(self, deadline_s: float) -> bytes | None:
        """The next whole frame; None at the deadline."""
        while True:
            if len(self._buffer) >= 6:
                length = int.from_bytes(self._buffer[4:6], "big")
                if not 3 <= length <= _LONGEST_FRAME - 6:
                    raise ReadError(ErrorKind.GARBLED, f"{self.place}: what answers there does not speak Modbus TCP")
                if len(self._buffer) >= 6 + length:
                    frame = bytes(self._buffer[: 6 + length])
                    del self._buffer[: 6 + length]
                    return frame
            if not self._receive(deadline_s):
                return None

    def _receive(self, deadline_s: float) -> bool:
        assert self._socket is not None
        while (left_s := deadline_s - self._pace.now_s()) > 0:
            self._pace.check_open()
            self._socket.settimeout(min(left_s, SLICE_S))
            try:
                data = self._socket.recv(_LONGEST_FRAME)
            except TimeoutError:
                continue
            if not data:
                raise _Gone("the device closed the connection")
            self._pace.counters.traffic(received=len(data))
            if self._udp:
                self._buffer.clear()
            self._buffer += data
            return True
        return False

    def _connect(self, timeout_s: float) -> socket.socket:
        try:
            if self._udp:
                family, kind, protocol, _, address = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_DGRAM)[
                    0
                ]
                connection = socket.socket(family, kind, protocol)
                connection.connect(address)
            else:
                connection = socket.create_connection((self._host, self._port), timeout_s)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            raise ReadError(ErrorKind.CONNECTION, f"{self.place}: {_why(error)}") from error
        self._pace.pause_until(self._pace.now_s() + self._connect_delay_s)
        return connection

    def _garbled(self, unit: int, what: str) -> ReadError:
        self.close()
        return ReadError(ErrorKind.GARBLED, f"{self.place}, id {unit}: {what}")


def _why(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "the host name does not resolve. Is it spelled right, and the network up?"
    if isinstance(error, TimeoutError):
        return "no connection in time. Is the device on, and the address right?"
    if isinstance(error, ConnectionRefusedError):
        return "the connection is refused. Is Modbus enabled there, and the port right?"
    return f"no connection ({error.strerror or error})"
