"""Where a Modbus slave is reached and how it wants to be spoken to: values only, nothing is opened here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evcc_flask.domain.issues import Misconfigured

TCP_TIMEOUT_S = 3.0
"""Where the user names none. evcc waits 10 s; an answer that late is of no use to a control loop."""
SERIAL_TIMEOUT_S = 1.0
"""Where the user names none (evcc: 5 s): Modbus slaves answer within some 10 ms, slow ones within 300 ms."""
LONGEST_SERIAL_TIMEOUT_S = 4.0
"""A line is shared: whatever hangs, a command to its neighbour must not wait 5 s."""
BAUD_RATES = (
    *(300, 600, 1200, 1800, 2400, 4800, 9600, 14400, 19200, 28800, 38400, 57600, 76800, 115200, 128000, 230400),
    *(250000, 256000, 460800, 500000, 576000, 921600, 1000000, 1500000, 2000000, 3000000, 4000000),
)
"""What serial ports and RS485 adapters can be set to."""
FRAMINGS = ("tcp", "rtu", "udp")
_COMSET = re.compile(r"([78])([NEO])([12])")


@dataclass(frozen=True, slots=True)
class ModbusSpec:
    """``device``: a serial port; or ``host`` and ``port``, with framing tcp, udp or rtu (RTU frames inside TCP).

    ``unit``, where given, is the one slave that ``timeout_s``, ``delay_s`` and the limits hold for (else: all of the
    link). ``sleeps``: the first frame only wakes it, so an unanswered question is asked once more. ``delay_s``: pause
    before each request; ``connect_delay_s``: after connecting. ``max_registers`` and ``max_gap`` narrow what the block
    planner may merge, for slaves that cannot take long reads.
    """

    device: str = ""
    baudrate: int = 9600
    comset: str = "8N1"
    ascii: bool = False
    host: str = ""
    port: int = 502
    framing: str = "tcp"
    timeout_s: float | None = None
    delay_s: float | None = None
    connect_delay_s: float = 0.0
    unit: int | None = None
    max_registers: int | None = None
    max_gap: int | None = None
    sleeps: bool = False

    def __post_init__(self) -> None:
        found = list(self._wrong())
        if found:
            raise ExceptionGroup("this slave cannot be reached", found) if len(found) > 1 else found[0]

    def _wrong(self) -> Iterator[Misconfigured]:
        if self.device and self.host:
            remedy = "Remove one of them: a slave is reached by a serial port or over the network, never both."
            yield Misconfigured("stands beside a uri", ("device",), remedy)
        if not self.device and not self.host:
            yield Misconfigured("is missing", ("device",), "Name a device (serial) or a uri (network), never both.")
        if self.device and not _COMSET.fullmatch(self.comset.upper()):
            yield Misconfigured(f"{self.comset!r} is no serial format", ("comset",), "Write 8N1, 8E1 or 8N2.")
        if self.device and self.baudrate not in BAUD_RATES:
            nearest = min(BAUD_RATES, key=lambda rate: abs(rate - self.baudrate))
            yield Misconfigured(f"{self.baudrate} is no baud rate", ("baudrate",), f"Did you mean {nearest}?")
        if self.framing not in FRAMINGS:
            yield Misconfigured(f"{self.framing!r} is no framing", ("framing",), f"Known: {', '.join(FRAMINGS)}.")
        if self.host and not 0 < self.port < 65536:
            yield Misconfigured(f"{self.port} is no port number", ("uri",))
        if self.host and self.ascii and self.framing != "rtu":
            yield Misconfigured("ASCII frames travel on a serial line or with rtu: true", ("framing",))

    @property
    def serial(self) -> bool:
        """Whether serial frames are spoken (a port, or a gateway that passes them on)."""
        return bool(self.device) or self.framing == "rtu"

    @property
    def endpoint(self) -> str:
        """What is shared: the port itself, whatever link under /dev/serial/by-id names it; or host and port."""
        if self.device:
            return str(Path(self.device).resolve())
        host = self.host.lower()
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    @property
    def line(self) -> tuple[object, ...]:
        """What all slaves of one endpoint must agree on."""
        return (self.baudrate, self.comset.upper(), self.ascii) if self.device else (self.framing, self.ascii)

    @property
    def effective_timeout_s(self) -> float:
        """Seconds until a request counts as unanswered."""
        if self.timeout_s is None or self.timeout_s <= 0:
            return SERIAL_TIMEOUT_S if self.serial else TCP_TIMEOUT_S
        return min(self.timeout_s, LONGEST_SERIAL_TIMEOUT_S) if self.device else self.timeout_s
