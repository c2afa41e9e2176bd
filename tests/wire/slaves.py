"""Modbus slaves made of raw words: TCP, RTU and ASCII frames written out by hand, every request kept as it came.

Nothing here knows a data type, a scale or a device: what stands in a fixture is what goes over the wire.
"""

import os
import select
import socket
import threading
import tty
from collections.abc import Callable, Mapping
from pathlib import Path

ILLEGAL_ADDRESS = 2
READS = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}


class Image:
    """The registers of one slave. A block without any known register is refused; gaps read as 0.

    ``sleeps``: so many more requests on a serial line are not heard.
    """

    def __init__(self, tables: Mapping[str, Mapping[int, int]]) -> None:
        self.tables = {name: dict(tables.get(name, {})) for name in READS.values()}
        self.requests: list[bytes] = []
        self.silent = False
        self.sleeps = 0

    @property
    def writes(self) -> list[str]:
        """The PDUs of all writes so far, as hexadecimal text."""
        return [pdu.hex() for pdu in list(self.requests) if pdu[0] not in READS]

    @property
    def reads(self) -> list[tuple[int, int, int]]:
        """Function, address and count of all reads so far."""
        words = [(pdu[0], int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big")) for pdu in self.requests]
        return [read for read in words if read[0] in READS]

    def answer(self, pdu: bytes) -> bytes:
        """The answer's PDU."""
        self.requests.append(pdu)
        function, address = pdu[0], int.from_bytes(pdu[1:3], "big")
        if function in READS:
            return self._read(function, address, int.from_bytes(pdu[3:5], "big"))
        if function == 5:
            self.tables["coil"][address] = int(pdu[3] == 0xFF)
            return pdu[:5]
        if function == 6:
            self.tables["holding"][address] = int.from_bytes(pdu[3:5], "big")
            return pdu[:5]
        if function == 16:
            for place in range(int.from_bytes(pdu[3:5], "big")):
                self.tables["holding"][address + place] = int.from_bytes(pdu[6 + 2 * place : 8 + 2 * place], "big")
            return pdu[:5]
        return bytes([function | 0x80, 1])

    def _read(self, function: int, address: int, count: int) -> bytes:
        table = self.tables[READS[function]]
        words = [table.get(address + place) for place in range(count)]
        if all(word is None for word in words):
            return bytes([function | 0x80, ILLEGAL_ADDRESS])
        if function in (1, 2):
            packed = sum((word or 0) << place for place, word in enumerate(words))
            body = packed.to_bytes((count + 7) // 8, "little")
        else:
            body = b"".join((word or 0).to_bytes(2, "big") for word in words)
        return bytes([function, len(body)]) + body


class TcpSlave:
    """Modbus TCP on a free port of this machine."""

    def __init__(self, images: Mapping[int, Image]) -> None:
        self._images = images
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for opened in (self._server, *self._open):
            opened.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection.makefile("rb") as stream:
                while len(head := stream.read(7)) == 7:
                    pdu = stream.read(int.from_bytes(head[4:6], "big") - 1)
                    image = self._images.get(head[6])
                    if image is None or image.silent:
                        continue
                    answer = image.answer(pdu)
                    connection.sendall(head[:4] + (len(answer) + 1).to_bytes(2, "big") + head[6:7] + answer)
        except OSError:
            return


class SerialSlaves:
    """Slaves behind a pseudo terminal; ``path`` is what a program opens."""

    def __init__(self, images: Mapping[int, Image], take: Callable[[bytes], "tuple[bytes, bytes] | None"]) -> None:
        """``take`` splits the bytes heard so far into one frame's content (unit and PDU) and the rest, or None."""
        self._images = images
        self._take = take
        self._master, self._slave = os.openpty()
        tty.setraw(self._master)
        tty.setraw(self._slave)
        self.path = Path(os.ttyname(self._slave))
        self._closing, self._closed = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        os.close(self._closed)
        self._thread.join(2)
        for number in (self._master, self._slave, self._closing):
            os.close(number)

    def frame(self, content: bytes) -> bytes:
        """Overridden by the framing."""
        raise NotImplementedError

    def _serve(self) -> None:
        heard = b""
        while True:
            ready, _, _ = select.select([self._master, self._closing], [], [])
            if self._closing in ready:
                return
            heard += os.read(self._master, 512)
            while taken := self._take(heard):
                content, heard = taken
                image = self._images.get(content[0])
                if image is not None and image.sleeps:
                    image.sleeps -= 1
                elif image is not None and not image.silent:
                    os.write(self._master, self.frame(content[:1] + image.answer(content[1:])))


class RtuSlaves(SerialSlaves):
    """RTU frames: unit, PDU, CRC."""

    def __init__(self, images: Mapping[int, Image]) -> None:
        super().__init__(images, _rtu_frame)

    def frame(self, content: bytes) -> bytes:
        return content + crc(content)


class AsciiSlaves(SerialSlaves):
    """ASCII frames: a colon, hexadecimal digits, LRC, CR LF."""

    def __init__(self, images: Mapping[int, Image]) -> None:
        super().__init__(images, _ascii_frame)

    def frame(self, content: bytes) -> bytes:
        return b":" + (content + lrc(content)).hex().upper().encode() + b"\r\n"


def crc(content: bytes) -> bytes:
    """CRC-16 of the Modbus specification, low byte first."""
    value = 0xFFFF
    for byte in content:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return bytes([value & 0xFF, value >> 8])


def lrc(content: bytes) -> bytes:
    """Two's complement of the sum of all bytes."""
    return bytes([-sum(content) & 0xFF])


def _rtu_frame(heard: bytes) -> tuple[bytes, bytes] | None:
    if len(heard) < 8:
        return None
    size = 9 + heard[6] if heard[1] == 16 else 8
    if len(heard) < size:
        return None
    frame, rest = heard[:size], heard[size:]
    return (frame[:-2], rest) if crc(frame[:-2]) == frame[-2:] else None


def _ascii_frame(heard: bytes) -> tuple[bytes, bytes] | None:
    if b"\r\n" not in heard:
        return None
    frame, rest = heard.split(b"\r\n", 1)
    raw = bytes.fromhex(frame.lstrip(b":").decode())
    return (raw[:-1], rest) if lrc(raw[:-1]) == raw[-1:] else None
