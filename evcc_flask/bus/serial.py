"""A serial line, or a gateway that passes serial frames on: minimalmodbus over one port object and one lock.

The port is opened exclusively, and listened to for a second before a word is spoken: two masters on one line spoil
each other's frames, and the other one may be an inverter that steers by that meter.
"""

import contextlib
import errno
import fcntl
import logging
import os
import termios
from collections.abc import Callable
from threading import Lock
from typing import Any

import minimalmodbus
import serial

from .frames import AsciiAnswer, RtuAnswer
from .manners import SLICE_S, Etiquette, Pace
from .needs import ErrorKind, ReadError, Table
from .refusals import refusal
from .specs import ModbusSpec

log = logging.getLogger("bus")

LISTEN_S = 1.0
FOREIGN_BYTES = 4
"""The shortest Modbus frame; less is noise of a line that was just switched on."""
UNIT_CHANGE_S = 0.05
"""Pause before another slave is asked where no ``delay`` is given: its receiver must see the last answer's end."""
PSEUDO_TERMINALS = range(136, 144)
"""Their major device numbers on Linux."""
QUIET_SLICES = 2
QUIET_SLICES_NETWORK = 6
"""An answer that was begun and stays silent this long is over; a network delivers in lumps."""
_WRITE_TIMEOUT_S = 2.0


class Line:
    """The serial object that all instruments of one port share: it ends reads early and counts what passes."""

    def __init__(self, spec: ModbusSpec, pace: Pace) -> None:
        self._spec = spec
        self._pace = pace
        self._port: serial.SerialBase | None = None
        self._request = b""
        self._began_s = 0.0
        self.lock = Lock()
        self.port = spec.device or f"socket://{spec.endpoint}"
        self.place = spec.device or spec.endpoint
        self.baudrate = spec.baudrate
        self.timeout = 1.0
        self.exception: int | None = None

    @property
    def is_open(self) -> bool:
        return self._port is not None

    @property
    def steady(self) -> bool:
        """A port stays open through silence; a connection may be dead without saying so."""
        return bool(self._spec.device)

    def open(self) -> None:
        """Open and listen. Raises ReadError (CONNECTION)."""
        try:
            self._port = self._opened()
        except (OSError, ValueError, termios.error) as error:
            raise ReadError(ErrorKind.CONNECTION, f"{self.place}: {_why(error)}") from error
        if not self._spec.device:
            self._pace.pause_until(self._pace.now_s() + self._spec.connect_delay_s)
            return
        if (heard := self._listen()) >= FOREIGN_BYTES:
            self.close()
            raise ReadError(
                ErrorKind.CONNECTION,
                f"{self.place}: {heard} bytes were heard before we spoke. Another master uses this line (an inverter, "
                "evcc, a data logger?), so we stay silent. Use a line of our own, or end the other one.",
            )

    def close(self) -> None:
        port, self._port = self._port, None
        if port is None:
            return
        if self._spec.device:
            # While somebody else still holds the port, what keeps all out would outlive us, and keep us out, too.
            with contextlib.suppress(OSError, termios.error):
                fcntl.ioctl(port.fileno(), termios.TIOCNXCL)
        with contextlib.suppress(OSError, termios.error):
            port.close()

    def write(self, data: bytes) -> int:
        self._request = bytes(data)
        self._began_s = self._pace.now_s()
        self._pace.counters.traffic(sent=len(data))
        return int(self._opened_port().write(data) or 0)

    def read(self, size: int) -> bytes:
        """The answer to what was written, of ``size`` bytes or less."""
        answer = (AsciiAnswer if self._spec.ascii else RtuAnswer)(self._request, size)
        port, patience = self._opened_port(), QUIET_SLICES if self._spec.device else QUIET_SLICES_NETWORK
        deadline_s = self._began_s + self.timeout
        quiet = 0
        try:
            while (missing := answer.missing) and quiet < patience and self._pace.now_s() < deadline_s:
                self._pace.check_open()
                data = port.read(missing)
                self._pace.counters.traffic(received=len(data))
                answer.take(data)
                quiet = quiet + 1 if answer.begun and not data else 0
        finally:
            self._pace.counters.transaction(self._began_s, self._pace.now_s())
        self.exception = answer.exception
        return answer.result()

    def flush(self) -> None:
        self._opened_port().flush()

    def reset_input_buffer(self) -> None:
        self._opened_port().reset_input_buffer()

    def reset_output_buffer(self) -> None:
        self._opened_port().reset_output_buffer()

    def _opened_port(self) -> serial.SerialBase:
        if self._port is None:
            raise serial.PortNotOpenError
        return self._port

    def _opened(self) -> serial.SerialBase:
        if not self._spec.device:
            return serial.serial_for_url(self.port, timeout=SLICE_S, write_timeout=_WRITE_TIMEOUT_S)
        comset = self._spec.comset.upper()
        port = serial.Serial(
            self._spec.device,
            self._spec.baudrate,
            int(comset[0]),
            comset[1],
            int(comset[2]),
            timeout=SLICE_S,
            write_timeout=_WRITE_TIMEOUT_S,
            exclusive=True,
        )
        # pyserial's lock binds only those who ask for it; this keeps all others out. A pseudo terminal stays exclusive
        # after its owner was killed, as long as its other end lives, and would keep the next start out, too.
        if os.major(os.fstat(port.fileno()).st_rdev) not in PSEUDO_TERMINALS:
            fcntl.ioctl(port.fileno(), termios.TIOCEXCL)
        return port

    def _listen(self) -> int:
        """How many bytes came within a second, or until it is clear that others speak."""
        heard, until_s = 0, self._pace.now_s() + LISTEN_S
        try:
            while heard < FOREIGN_BYTES and self._pace.now_s() < until_s:
                self._pace.check_open()
                heard += len(self._opened_port().read(64))
        except OSError as error:
            self.close()
            raise ReadError(ErrorKind.CONNECTION, f"{self.place}: {_why(error)}") from error
        return heard


class SerialWire:
    """Implements ModbusWire; for the thread of one worker."""

    def __init__(self, spec: ModbusSpec, etiquette: Etiquette, pace: Pace) -> None:
        self._mode = minimalmodbus.MODE_ASCII if spec.ascii else minimalmodbus.MODE_RTU
        self._etiquette = etiquette
        self._pace = pace
        self._line = Line(spec, pace)
        self._instruments: dict[int, minimalmodbus.Instrument] = {}
        self._last_s = float("-inf")
        self.last_unit: int | None = None

    def read(self, unit: int, table: Table, address: int, count: int) -> tuple[int, ...]:
        """Registers, or bits as 0 and 1."""
        if unit == 0:
            raise ReadError(ErrorKind.VALUE, f"{self._line.place}: id 0 speaks to all and none answers; give the id")
        bits = table in (Table.COIL, Table.DISCRETE)
        return tuple(
            self._ask(
                unit,
                lambda to: (to.read_bits if bits else to.read_registers)(address, count, functioncode=int(table)),
            )
        )

    def write_register(self, unit: int, address: int, value: int) -> None:
        self._ask(unit, lambda to: to.write_register(address, value, functioncode=6))

    def write_registers(self, unit: int, address: int, values: tuple[int, ...]) -> None:
        self._ask(unit, lambda to: to.write_registers(address, list(values)))

    def write_coil(self, unit: int, address: int, value: bool) -> None:
        self._ask(unit, lambda to: to.write_bit(address, int(value), functioncode=5))

    def idle_until_s(self) -> float | None:
        """A serial line stays ours."""
        return None

    def close(self) -> None:
        self._line.close()

    def _ask(self, unit: int, question: Callable[[minimalmodbus.Instrument], Any]) -> Any:
        """Put one question to a slave. Raises ReadError."""
        fresh = self._line.steady or not self._line.is_open
        try:
            return self._asked(unit, question)
        except ReadError as error:
            # A gateway may close an idle connection whenever it likes: that is no failure, a fresh one is tried once.
            if fresh or error.kind is not ErrorKind.CONNECTION or self._pace.closing.is_set():
                raise
        return self._asked(unit, question)

    def _asked(self, unit: int, question: Callable[[minimalmodbus.Instrument], Any]) -> Any:
        manners = self._etiquette.of(unit)
        line = self._line
        place = f"{line.place}, id {unit}"
        self._pace.check_open()
        with line.lock:
            if not line.is_open:
                line.open()
            self._pace.pause_until(self._last_s + self._pause_s(unit, manners.delay_s))
            line.timeout, line.exception = manners.timeout_s, None
            try:
                return question(self._instrument(unit))
            except minimalmodbus.NoResponseError:
                if not line.steady:
                    line.close()
                raise ReadError(
                    ErrorKind.TIMEOUT,
                    f"{place}: no answer within {manners.timeout_s:g} s. "
                    "Is the line connected, the id right, the termination set?",
                ) from None
            except minimalmodbus.ModbusException as error:
                # minimalmodbus takes code 5 (needs more time) for no error, and stumbles over the function code.
                if line.exception is not None and (_refused(error) or line.exception == 5):
                    raise refusal(place, line.exception) from error
                log.debug("%s: %s", place, error)
                raise ReadError(
                    ErrorKind.GARBLED,
                    f"{place}: the answer is garbled. Are baud rate and parity right, each id used once, the line "
                    "terminated?",
                ) from error
            except (OSError, termios.error) as error:
                line.close()
                raise ReadError(ErrorKind.CONNECTION, f"{line.place}: {_why(error)}") from error
            except (ValueError, TypeError) as error:
                raise ReadError(ErrorKind.VALUE, f"{place}: {error}") from error
            finally:
                self._last_s = self._pace.now_s()
                self.last_unit = unit

    def _pause_s(self, unit: int, delay_s: float | None) -> float:
        # The 3.5 characters between frames are kept by minimalmodbus.
        if unit == self.last_unit or delay_s == 0:
            return delay_s or 0.0
        return max(delay_s or 0.0, UNIT_CHANGE_S)

    def _instrument(self, unit: int) -> minimalmodbus.Instrument:
        if unit not in self._instruments:
            self._instruments[unit] = minimalmodbus.Instrument(self._line, unit, self._mode)
        return self._instruments[unit]


def _refused(error: minimalmodbus.ModbusException) -> bool:
    return isinstance(error, minimalmodbus.SlaveReportedException)


def _why(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else error.args[0] if error.args else None
    if number in (errno.EIO, errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return "there is no such port. Is the adapter plugged in?"
    if number == errno.EACCES:
        return "no permission to open the port. Add the user to the group dialout."
    if number in (errno.EAGAIN, errno.EBUSY):
        return "another program has opened the port (evcc, an evcc-flask that runs?). End it, or use a line of our own."
    return f"the connection does not work ({error}). Is the adapter plugged in, the gateway on?"
