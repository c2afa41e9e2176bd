"""What answers around here: serial ports, slaves on their lines, and devices that make themselves known in the network.

Only reads are sent, and none before a line was silent for three seconds: another master may speak on it.
"""

import contextlib
import termios
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import minimalmodbus
import serial

from evcc_flask.clock import SystemClock
from evcc_flask.devices.library import rows

LISTEN_S = 3.0
FOREIGN_BYTES = 4
"""The shortest Modbus frame; less is noise."""
ANSWER_S = 0.2
"""A slave begins to answer within some 10 ms; the slowest meters need 100."""
IDS = tuple(range(1, 9))
"""Where devices are found as they were delivered, or numbered by hand."""
SLOWEST = 9600
"""Lines below it would take minutes to ask; who has one knows."""
READS = (4, 3)
"""Functions: an input register, else a holding register. An exception is an answer, too."""
LAN_S = 4.0
SERVICES = ("_http._tcp.local.", "_shelly._tcp.local.", "_hwenergy._tcp.local.", "_everhome._tcp.local.")
NAMES = {
    "go-e": "go-e-v3",
    "shellypro3em": "shelly-pro-3em",
    "shellyem3": "shelly-3em",
    "ecotracker": "everhome-ecotracker",
    "p1meter": "homewizard",
    "hwe-p1": "homewizard",
    "openwb": "openwb-pro",
    "tasmota": "tasmota-sml",
    "fronius": "fronius-solarapi-v1",
}
"""Beginnings of the names that devices give themselves, and the template that fits."""


@dataclass(frozen=True, slots=True, order=True)
class Slave:
    """Something that answers on a line. ``comset``: like 8N1."""

    baudrate: int
    comset: str
    id: int


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A device in the network that tells its name."""

    name: str
    host: str
    template: str


def ports() -> list[str]:
    """Serial adapters by a name that stays, where they have one; each port once."""
    found: dict[Path, str] = {}
    for pattern in ("rs485-*", "serial/by-id/*", "serial/by-path/*", "ttyUSB*", "ttyACM*", "ttyAMA*"):
        for path in sorted(Path("/dev").glob(pattern)):
            found.setdefault(path.resolve(), str(path))
    return list(found.values())


def heard(port: str) -> int:
    """Bytes that came while we only listened. Raises OSError where the port cannot be opened."""
    clock = SystemClock()
    with _opened(port, 9600, "8N1", 0.1) as line:
        until_s, count = clock.wire_s() + LISTEN_S, 0
        while clock.wire_s() < until_s and count < FOREIGN_BYTES:
            count += len(line.read(64))
    return count


def speeds() -> list[tuple[int, str]]:
    """How the devices of the library speak as they are delivered, the usual speed first."""
    links = [row["link"]["rtu"] for row in rows().values() if "rtu" in (row.get("link") or {})]
    known = [(link["baudrate"], link["comset"]) for link in links if link["baudrate"] >= SLOWEST]
    return sorted(set(known), key=lambda each: -known.count(each))


def present(port: str) -> Iterator[Slave]:
    """Every slave that answers, as it is found. Raises OSError where the port cannot be opened."""
    known: set[int] = set()
    usual = {row["link"]["rtu"]["id"] for row in rows().values() if "rtu" in (row.get("link") or {})}
    for baudrate, comset in speeds():
        with _opened(port, baudrate, comset, ANSWER_S) as line:
            for number in sorted({*IDS, *usual} - known):
                if _answers(line, number):
                    known.add(number)
                    yield Slave(baudrate, comset, number)


@contextlib.contextmanager
def _opened(port: str, baudrate: int, comset: str, timeout_s: float) -> Iterator[serial.Serial]:
    try:
        with serial.Serial(
            port, baudrate, int(comset[0]), comset[1], int(comset[2]), timeout=timeout_s, exclusive=True
        ) as line:
            yield line
    except termios.error as error:  # what pyserial lets through where the port knows no such setting
        raise OSError(f"the port does not take {baudrate} baud {comset} ({error.args[-1]})") from error


def _answers(line: serial.Serial, number: int) -> bool:
    instrument = minimalmodbus.Instrument(line, number)
    instrument.clear_buffers_before_each_transaction = True
    for function in READS:
        try:
            instrument.read_register(0, functioncode=function)
        except minimalmodbus.SlaveReportedException:
            return True
        except (minimalmodbus.ModbusException, serial.SerialException):
            continue
        return True
    return False


def candidates(slave: Slave) -> list[tuple[str, str]]:
    """Kind and template of all that speak so, recordings of real devices first."""
    fitting = [
        (row.get("proof") != "capture", row["kind"], name)
        for name, row in rows().items()
        if (link := (row.get("link") or {}).get("rtu"))
        and (link["baudrate"], link["comset"]) == (slave.baudrate, slave.comset)
    ]
    return [(kind, name) for _, kind, name in sorted(fitting)]


def neighbours() -> list[Neighbour]:
    """What makes itself known by mDNS and is in the library; nothing where zeroconf is not installed."""
    try:
        from zeroconf import ServiceBrowser, ServiceStateChange, Zeroconf
    except ImportError:
        return []
    seen: set[tuple[str, str]] = set()
    found: dict[str, Neighbour] = {}
    try:
        network = Zeroconf()
    except OSError:  # no network at all
        return []

    def changed(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        seen.add((service_type, name))

    with contextlib.closing(network):
        ServiceBrowser(network, list(SERVICES), handlers=[changed])
        threading.Event().wait(LAN_S)
        for service, name in sorted(seen):
            short = name.removesuffix(f".{service}")
            template = next((known for begin, known in NAMES.items() if short.lower().startswith(begin)), None)
            info = network.get_service_info(service, name, timeout=1000) if template else None
            if template and info and (addresses := info.parsed_addresses()):
                found.setdefault(addresses[0], Neighbour(short, addresses[0], template))
    return list(found.values())
