"""A line has one owner, us; others read it through here, over Modbus TCP.

What we have read lately is answered from memory, everything else is asked of the slave, one question at a time and
never for more than half of the line's time, so that nobody outside can hold up the house. Without a word in the
configuration nobody can write.
"""

import contextlib
import logging
import socket
import struct
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from operator import itemgetter
from threading import Event, Lock, Thread
from typing import Any

from marshmallow import ValidationError, fields

from evcc_flask.bus.needs import ErrorKind, Link, ModbusWire, ReadError, Registers, Table
from evcc_flask.bus.refusals import Refusal
from evcc_flask.domain.backoff import Backoff
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.domain.ports import Clock
from evcc_flask.plugins.fields import FALSE, TRUE, Whole, as_list
from evcc_flask.plugins.modbus import Connection, connect
from evcc_flask.plugins.problems import Problems
from evcc_flask.plugins.shop import Workshop

log = logging.getLogger("modbus")

FRESH_S = 3.0
"""House seconds for which a value is not asked for again: a little more than the time between two looks at a meter."""
MOST_CLIENTS = 16
MOST_REMEMBERED = 500
"""Answers to questions that are ours no more than once."""
SILENCE_S = 300.0
"""A client that says nothing for so long is let go."""
ACCEPT_S = 0.5
PATIENCE = Backoff(step_s=2.0, longest_s=60.0)
"""A slave that does not answer is not asked on others' behalf for a while: each time-out holds up the line."""

HEAD = struct.Struct(">HHHB")
READS = {1: Table.COIL, 2: Table.DISCRETE, 3: Table.HOLDING, 4: Table.INPUT}
WRITE_COIL, WRITE_REGISTER, WRITE_REGISTERS = 5, 6, 16
WRITES = (WRITE_COIL, WRITE_REGISTER, WRITE_REGISTERS)
MOST = {Table.COIL: 2000, Table.DISCRETE: 2000, Table.HOLDING: 125, Table.INPUT: 125}
ILLEGAL_FUNCTION, ILLEGAL_VALUE, BUSY, NO_ANSWER = 1, 3, 6, 11
"""Exception codes of the Modbus Application Protocol Specification V1.1b3, section 7."""


class Writes(Enum):
    """What becomes of a write: carried out, taken and forgotten, or refused; by evcc's words for ``readonly``."""

    PASSED = "false"
    SWALLOWED = "true"
    DENIED = "deny"


class ReadOnly(fields.Field[Any]):
    """``false``, ``true`` or ``deny``."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Writes:
        word = str(value).strip().lower()
        if word in FALSE:
            return Writes.PASSED
        if word in TRUE:
            return Writes.SWALLOWED
        if word != Writes.DENIED.value:
            raise ValidationError(f"{word!r} is not possible here. Write false, true or deny.")
        return Writes.DENIED


def _port(number: int) -> None:
    if not 1 <= number <= 65535:
        raise ValidationError(f"{number} is no port. Ports are 1 to 65535.")


class Entry(Connection):
    port = Whole(required=True, validate=_port)
    readonly = ReadOnly(load_default=Writes.DENIED)


@dataclass(frozen=True, slots=True)
class ProxySpec:
    """One port, and the line behind it. ``host``: the address to listen at, empty: all."""

    port: int
    link: Link
    writes: Writes = Writes.DENIED
    host: str = ""


def proxies(section: Any, host: str, workshop: Workshop) -> tuple[ProxySpec, ...]:
    """The section ``modbusproxy``. Raises a group of Misconfigured."""
    problems = Problems()
    found: list[ProxySpec] = []
    for number, node in enumerate(as_list(section)):
        spec = problems.build(partial(_proxy, node, host, workshop), number)
        if spec is not None:
            if spec.port in (each.port for each in found):
                problems.found.append(Misconfigured(f"{spec.port} is used twice", (number, "port")))
            found.append(spec)
    problems.end()
    return tuple(found)


def _proxy(node: Any, host: str, workshop: Workshop) -> ProxySpec:
    problems = Problems()
    settings = problems.load(Entry(), node)
    link = problems.build(lambda: connect(settings, workshop.shop("modbus proxy"))) if settings else None
    problems.end()
    assert settings is not None
    assert link is not None
    return ProxySpec(settings["port"], link, settings["readonly"], host)


class _Exception(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code


class ModbusProxy:
    """One port, served until it is stopped."""

    def __init__(self, spec: ProxySpec, clock: Clock) -> None:
        self._spec = spec
        self._clock = clock
        self._turn = Lock()
        self._ending = Event()
        self._listener: socket.socket | None = None
        self._clients: dict[socket.socket, float] = {}
        """When each was heard last."""
        self._crowded = False
        self._remembered: OrderedDict[Registers, tuple[float, tuple[int, ...]]] = OrderedDict()
        self._patience: dict[int, Backoff] = {}

    @property
    def port(self) -> int:
        """Where it listens, once it has been started."""
        return int(self._listener.getsockname()[1]) if self._listener else self._spec.port

    def start(self) -> None:
        """Listen. A port that cannot be had is an error in the log and stops nothing else."""
        spec = self._spec
        dual = not spec.host and socket.has_dualstack_ipv6()
        family = socket.AF_INET6 if dual or ":" in spec.host else socket.AF_INET
        try:
            self._listener = socket.create_server((spec.host, spec.port), family=family, dualstack_ipv6=dual)
        except OSError as error:
            log.error("modbusproxy: port %d cannot be served: %s", spec.port, error.strerror or error)
            return
        self._listener.settimeout(ACCEPT_S)
        Thread(target=self._accept, name=f"modbus proxy {self.port}", daemon=True).start()

    def stop(self) -> None:
        """End, and close all connections. A second call does nothing."""
        self._ending.set()
        for client in list(self._clients):
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        if self._listener is not None:
            self._listener.close()

    def _accept(self) -> None:
        assert self._listener is not None
        while not self._ending.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            if len(self._clients) >= MOST_CLIENTS:
                self._make_room()
            self._clients[client] = self._clock.wire_s()
            Thread(target=self._serve, args=(client,), name=f"modbus client {self.port}", daemon=True).start()

    def _make_room(self) -> None:
        """Who has been silent longest goes: one that hangs must not lock out who comes."""
        if not self._crowded:
            self._crowded = True
            log.warning(
                "modbusproxy: port %d has %d clients, which is all that it serves; for each that comes now, the one "
                "that was silent longest is hung up on",
                *(self.port, MOST_CLIENTS),
            )
        for client, _ in sorted(self._clients.copy().items(), key=itemgetter(1))[:1]:
            self._clients.pop(client, None)
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(SILENCE_S)
        try:
            with contextlib.suppress(OSError, EOFError), client:
                while not self._ending.is_set():
                    transaction, protocol, length, unit = HEAD.unpack(_exactly(client, HEAD.size))
                    if client in self._clients:
                        self._clients[client] = self._clock.wire_s()
                    if protocol != 0 or not 2 <= length <= 254:
                        return
                    answer = self._answer(unit, _exactly(client, length - 1))
                    client.sendall(HEAD.pack(transaction, 0, len(answer) + 1, unit) + answer)
        finally:
            self._clients.pop(client, None)
            self._crowded = self._crowded and len(self._clients) >= MOST_CLIENTS // 2

    def _answer(self, unit: int, question: bytes) -> bytes:
        """Function code and data, both ways."""
        function = question[0]
        try:
            if function in READS:
                return bytes((function,)) + self._read(unit, READS[function], question)
            if function in WRITES and self._spec.writes is not Writes.DENIED:
                return bytes((function,)) + self._write(unit, function, question)
            raise _Exception(ILLEGAL_FUNCTION)
        except _Exception as refused:
            return bytes((function | 0x80, refused.code))
        except struct.error:
            return bytes((function | 0x80, ILLEGAL_VALUE))

    def _read(self, unit: int, table: Table, question: bytes) -> bytes:
        address, count = struct.unpack(">HH", question[1:])
        if not 1 <= count <= MOST[table] or address + count > 0x10000:
            raise _Exception(ILLEGAL_VALUE)
        values = self._values(Registers(unit, table, address, count))
        if table in (Table.HOLDING, Table.INPUT):
            return struct.pack(f">B{count}H", 2 * count, *values)
        packed = bytearray((count + 7) // 8)
        for place, bit in enumerate(values):
            packed[place // 8] |= (1 if bit else 0) << place % 8
        return bytes((len(packed),)) + packed

    def _values(self, asked: Registers) -> tuple[int, ...]:
        if (known := self._known(asked)) is not None:
            return known
        with self._turn:
            # Somebody else may have asked for the same meanwhile.
            if (known := self._known(asked)) is not None:
                return known
            found: list[tuple[int, ...]] = []

            def read(wire: ModbusWire) -> None:
                found.append(wire.read(asked.unit, asked.table, asked.address, asked.count))

            self._ask(asked.unit, read)
            self._remembered[asked] = self._clock.monotonic_s(), found[0]
            while len(self._remembered) > MOST_REMEMBERED:
                self._remembered.popitem(last=False)
            return found[0]

    def _known(self, asked: Registers) -> tuple[int, ...] | None:
        """What the house itself has read, or somebody here, unless it is too old."""
        now_s = self._clock.monotonic_s()
        answer = self._spec.link.latest(asked)
        if answer.error is None and answer.at_s is not None and now_s - answer.at_s <= FRESH_S:
            return tuple(answer.value)
        at_s, values = self._remembered.get(asked, (float("-inf"), ()))
        return values if now_s - at_s <= FRESH_S else None

    def _write(self, unit: int, function: int, question: bytes) -> bytes:
        address, argument = struct.unpack(">HH", question[1:5])
        values: tuple[int, ...] = (argument,)
        if function == WRITE_REGISTERS:
            if not 1 <= argument <= 123 or question[5:6] != bytes((2 * argument,)):
                raise _Exception(ILLEGAL_VALUE)
            values = struct.unpack(f">{argument}H", question[6:])
        elif len(question) != 5:
            raise _Exception(ILLEGAL_VALUE)
        if function == WRITE_COIL and argument not in (0, 0xFF00):
            raise _Exception(ILLEGAL_VALUE)
        if self._spec.writes is Writes.SWALLOWED:
            return question[1:5]

        def write(wire: ModbusWire) -> None:
            if function == WRITE_COIL:
                wire.write_coil(unit, address, argument != 0)
            elif function == WRITE_REGISTER:
                wire.write_register(unit, address, argument)
            else:
                wire.write_registers(unit, address, values)

        with self._turn:
            self._ask(unit, write)
            self._remembered.clear()
            self._spec.link.forget(unit)
        log.info("port %d: %s written to id %d from %d on", self.port, list(values), unit, address)
        return question[1:5]

    def _ask(self, unit: int, job: Any) -> None:
        """One transaction, with the turn held: and as long a pause behind it as it took. Raises _Exception."""
        patience = self._patience.get(unit)
        began_s = self._clock.wire_s()
        if patience is not None and patience.rests(began_s):
            raise _Exception(NO_ANSWER)
        try:
            self._spec.link.do(job)
        except Refusal as refused:
            self._patience.pop(unit, None)
            raise _Exception(refused.code) from None
        except ReadError as error:
            if error.kind is ErrorKind.MUST_RETRY:
                raise _Exception(BUSY) from None
            self._patience[unit] = (patience or PATIENCE).failed(self._clock.wire_s())
            raise _Exception(NO_ANSWER) from None
        else:
            self._patience.pop(unit, None)
        finally:
            self._ending.wait(self._clock.wire_s() - began_s)


def _exactly(client: socket.socket, count: int) -> bytes:
    """Raises EOFError where the client leaves."""
    data = b""
    while len(data) < count:
        piece = client.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def shown(specs: tuple[ProxySpec, ...]) -> list[Mapping[str, Any]]:
    """As evcc's state lists them."""
    return [{"Port": spec.port, "ReadOnly": spec.writes.value, "Settings": {"URI": spec.link.name}} for spec in specs]
