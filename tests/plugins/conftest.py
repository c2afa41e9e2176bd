"""A shop over the real bus, and a Modbus TCP slave that shares no code with it."""

import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from evcc_flask.bus.bus import Bus
from evcc_flask.clock import SystemClock
from evcc_flask.plugins.ports import Sink, Value
from evcc_flask.plugins.problems import problems_of
from evcc_flask.plugins.registry import build_sink, build_source
from evcc_flask.plugins.shop import Shop, Workshop
from evcc_flask.plugins.values import Kind
from tests.broker import Broker, Speaker


class HandClock:
    """House and wire time that only a test moves."""

    def __init__(self) -> None:
        self.s = 1000.0

    def monotonic_s(self) -> float:
        return self.s

    def wire_s(self) -> float:
        return self.s

    def real_s(self, house_s: float) -> float:
        return 0.0

    def trusted(self) -> bool:
        return True


class Holding(socketserver.ThreadingTCPServer):
    """Holding registers behind Modbus TCP: ``words`` by address; what is not there is refused. ``seen``: all PDUs."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, words: dict[int, int]) -> None:
        self.words = words
        self.seen: list[bytes] = []
        super().__init__(("127.0.0.1", 0), _Talk)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def uri(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def answer(self, pdu: bytes) -> bytes:
        self.seen.append(pdu)
        function, address, count = struct.unpack(">BHH", pdu[:5])
        if function == 3:
            if any(at not in self.words for at in range(address, address + count)):
                return bytes((0x83, 2))
            data = struct.pack(f">{count}H", *(self.words[at] for at in range(address, address + count)))
            return bytes((3, len(data))) + data
        if function == 6:
            self.words[address] = count
        return pdu[:5]

    @property
    def written(self) -> list[tuple[int, ...]]:
        """Function code, address and what follows, of each write."""
        return [
            (pdu[0], *struct.unpack(f">{len(pdu[1:]) // 2}H", pdu[1:]))
            if pdu[0] != 16
            else (16, struct.unpack(">H", pdu[1:3])[0], *struct.unpack(f">{len(pdu[6:]) // 2}H", pdu[6:]))
            for pdu in self.seen
            if pdu[0] > 4
        ]


class _Talk(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        stream = self.request.makefile("rb")
        while header := stream.read(7):
            transaction, _, length, unit = struct.unpack(">HHHB", header)
            reply = self.server.answer(stream.read(length - 1))  # type: ignore[attr-defined]
            self.request.sendall(struct.pack(">HHHB", transaction, 0, len(reply) + 1, unit) + reply)


@pytest.fixture
def bus() -> Iterator[Bus]:
    bus = Bus(SystemClock())
    yield bus
    bus.close()


@pytest.fixture
def workshop(bus: Bus) -> Workshop:
    return Workshop(bus, SystemClock(), [{"vm": "house", "script": "var state = {power: 7};"}])


@pytest.fixture
def shop(workshop: Workshop) -> Shop:
    return workshop.shop("charger garage")


@pytest.fixture
def read(bus: Bus, shop: Shop) -> Callable[..., Value]:
    """Build a getter, refresh once, give its value."""

    def read_once(node: dict[str, Any], kind: Kind = Kind.FLOAT, rounds: int = 1) -> Value:
        source = build_source(node, shop, kind)
        for _ in range(rounds):
            assert bus.refresh(source.needs()).wait(10)
        value = source.value()
        assert source.at_s() is not None
        return value

    return read_once


@pytest.fixture
def put(shop: Shop) -> Callable[..., None]:
    """Build a setter and write on its link's worker, as devices do."""

    def write(node: dict[str, Any], value: Value, name: str = "maxcurrent") -> None:
        carry_out(build_sink(node, name, shop), value, shop)

    return write


def carry_out(sink: Sink, value: Value, shop: Shop) -> None:
    ended, errors = threading.Event(), []
    link = sink.link() or shop.calls()
    link.submit(lambda wire: sink.write(value), lambda error: (errors.append(error), ended.set()))
    assert ended.wait(10)
    if errors[0] is not None:
        raise errors[0]


@pytest.fixture
def refused(shop: Shop) -> Callable[..., list[tuple[tuple[str | int, ...], str]]]:
    """The problems of a getter's node: path and message with its remedy."""

    def problems(node: Any, build: Callable[..., Any] = build_source, *arguments: Any) -> list[Any]:
        try:
            build(node, shop) if build is build_source else build(node, "maxcurrent", shop)
        except Exception as error:  # noqa: BLE001 # why: what is no Misconfigured is raised again by problems_of
            return [(problem.path, f"{problem.message} {problem.remedy}") for problem in problems_of(error)]
        return []

    return problems


@pytest.fixture
def slave() -> Iterator[Callable[[dict[int, int]], Holding]]:
    servers: list[Holding] = []

    def start(words: dict[int, int]) -> Holding:
        servers.append(Holding(words))
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def hand_clock() -> HandClock:
    return HandClock()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as broker:
        yield broker


@pytest.fixture
def speaker(broker: Broker) -> Iterator[Speaker]:
    speaker = Speaker(broker)
    yield speaker
    speaker.close()
