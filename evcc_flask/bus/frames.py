"""Where an answer on a serial line begins and ends: pure, so that noise and exceptions can be tried without a line.

minimalmodbus asks for the byte count of a good answer. An exception answer is shorter, and would cost the whole
time-out; a line that turns around may put a stray byte before an answer.
"""

_EXCEPTION_BYTES = 5
_ASCII_EXCEPTION_BYTES = 11


class RtuAnswer:
    """Collects the answer to ``request``, which a good slave gives in ``size`` bytes."""

    def __init__(self, request: bytes, size: int) -> None:
        self._size = size
        function = request[1]
        # Reads answer with unit, function and byte count; writes repeat unit, function and address.
        self._head = bytes((*request[:2], size - 5)) if function <= 4 else request[:4]
        self._frame = bytearray()
        self._skipped = bytearray()

    def take(self, data: bytes) -> None:
        """Bytes from the line; what cannot be the beginning of the answer is skipped."""
        self._frame += data
        while self._frame and not self._begins():
            self._skipped.append(self._frame.pop(0))

    @property
    def missing(self) -> int:
        """How many more bytes to read; 0: the answer is whole."""
        return max(0, (_EXCEPTION_BYTES if self._short() else self._size) - len(self._frame))

    @property
    def begun(self) -> bool:
        return bool(self._frame)

    @property
    def exception(self) -> int | None:
        """The code of an exception answer."""
        return self._frame[2] if len(self._frame) == _EXCEPTION_BYTES and self._frame[1] & 0x80 else None

    def result(self) -> bytes:
        """The answer, or the noise where there was none."""
        return bytes(self._frame or self._skipped)

    def _begins(self) -> bool:
        refused = bytes((self._head[0], self._head[1] | 0x80))
        known = len(self._frame)
        return self._head.startswith(self._frame[: len(self._head)]) or refused[:known] == self._frame[:2]

    def _short(self) -> bool:
        return len(self._frame) < 2 or bool(self._frame[1] & 0x80)


class AsciiAnswer:
    """The same for ASCII frames, which end with CR LF. ABL boxes begin theirs with ``>`` instead of a colon."""

    def __init__(self, request: bytes, size: int) -> None:
        self._size = size
        self._frame = bytearray()
        self._skipped = bytearray()

    def take(self, data: bytes) -> None:
        self._frame += data
        while self._frame and self._frame[0] not in b":>":
            self._skipped.append(self._frame.pop(0))

    @property
    def missing(self) -> int:
        if self._frame.endswith(b"\r\n"):
            return 0
        known = len(self._frame)
        return (_ASCII_EXCEPTION_BYTES if known < _ASCII_EXCEPTION_BYTES else max(known, self._size)) - known

    @property
    def begun(self) -> bool:
        return bool(self._frame)

    @property
    def exception(self) -> int | None:
        whole = len(self._frame) == _ASCII_EXCEPTION_BYTES and self._frame.endswith(b"\r\n")
        try:
            return int(self._frame[5:7], 16) if whole and int(self._frame[3:5], 16) & 0x80 else None
        except ValueError:
            return None

    def result(self) -> bytes:
        return b":" + bytes(self._frame[1:]) if self._frame else bytes(self._skipped)
