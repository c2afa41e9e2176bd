"""Others read our line through a port: from what we know, else from the slave; and they write only where they may."""

import contextlib
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from pymodbus.client import ModbusTcpClient

from evcc_flask.bus.bus import Bus
from evcc_flask.bus.needs import Need, Registers, Table
from evcc_flask.integrations.modbusproxy import MOST_CLIENTS, ModbusProxy, Writes, proxies
from evcc_flask.plugins.shop import Workshop
from evcc_flask.simulation.wire.station import Fault, Memory
from evcc_flask.simulation.wire.tcp import ModbusTcpServer
from tests.broker import eventually, free_port


@pytest.fixture
def memory() -> Memory:
    return Memory(holdings={100 + place: place for place in range(20)}, inputs={5: 7}, coils={0: 1, 1: 0, 2: 1})


@pytest.fixture
def meter(memory: Memory) -> Iterator[ModbusTcpServer]:
    server = ModbusTcpServer({3: memory})
    yield server
    server.close()


@pytest.fixture
def bus(clock) -> Iterator[Bus]:
    bus = Bus(clock)
    yield bus
    bus.close()


@pytest.fixture
def proxy(bus, clock, meter, during) -> Callable[..., ModbusTcpClient]:
    """A client of a proxy in front of the meter; ``entry``: further keys."""

    def proxy(**entry) -> ModbusTcpClient:
        node = {"port": free_port(), "uri": f"127.0.0.1:{meter.port}", **entry}
        (spec,) = proxies([node], "127.0.0.1", Workshop(bus, clock))
        served = during(ModbusProxy(spec, clock))
        client = ModbusTcpClient("127.0.0.1", port=served.port, timeout=10, retries=0)
        assert client.connect()
        return client

    return proxy


def test_what_we_do_not_know_is_asked_of_the_slave(proxy):
    with closing(proxy()) as client:
        assert client.read_holding_registers(101, count=3, device_id=3).registers == [1, 2, 3]
        assert client.read_input_registers(5, count=1, device_id=3).registers == [7]
        assert client.read_coils(0, count=3, device_id=3).bits[:3] == [True, False, True]


def test_what_the_house_has_just_read_costs_the_line_nothing(proxy, bus, meter):
    client = proxy()
    link = bus._links()[0]
    need = Need(link, Registers(3, Table.HOLDING, 100, 10), 0.0)
    assert bus.refresh([need]).wait(10)
    before = meter.transactions
    with closing(client):
        assert client.read_holding_registers(102, count=4, device_id=3).registers == [2, 3, 4, 5]
        assert client.read_holding_registers(100, count=10, device_id=3).registers == list(range(10))
    assert meter.transactions == before


def test_the_same_question_from_many_is_one_on_the_line(proxy, meter):
    with closing(proxy()) as client:
        for _ in range(20):
            assert client.read_holding_registers(101, count=1, device_id=3).registers == [1]
    assert meter.transactions == 1


def test_an_old_value_is_read_anew(proxy, meter, memory, monkeypatch):
    monkeypatch.setattr("evcc_flask.integrations.modbusproxy.FRESH_S", 0.0)
    with closing(proxy()) as client:
        client.read_holding_registers(101, count=1, device_id=3)
        memory.tables[3][101] = 42
        assert client.read_holding_registers(101, count=1, device_id=3).registers == [42]


def test_nobody_may_write_unless_it_is_allowed(proxy, memory):
    with closing(proxy()) as client:
        answer = client.write_register(101, 9, device_id=3)
        assert (answer.isError(), answer.exception_code) == (True, 1)
    assert memory.writes == []


def test_writes_can_be_swallowed(proxy, memory):
    with closing(proxy(readonly=True)) as client:
        assert not client.write_register(101, 9, device_id=3).isError()
        assert not client.write_registers(101, [9, 8], device_id=3).isError()
    assert memory.writes == []


def test_writes_can_be_allowed_and_are_seen_at_once(proxy, memory):
    with closing(proxy(readonly="false")) as client:
        client.read_holding_registers(101, count=2, device_id=3)
        assert not client.write_register(101, 9, device_id=3).isError()
        assert not client.write_registers(102, [8, 7], device_id=3).isError()
        assert not client.write_coil(1, True, device_id=3).isError()
        assert client.read_holding_registers(101, count=2, device_id=3).registers == [9, 8]
    assert memory.writes == [(101, (9,)), (102, (8, 7)), (1, (1,))]


def test_a_slaves_own_refusal_comes_through(proxy):
    with closing(proxy()) as client:
        assert client.read_holding_registers(9000, count=1, device_id=3).exception_code == 2


def test_a_dead_slave_is_a_gateways_answer_and_is_left_alone_then(proxy, meter):
    meter.station(3).fault = Fault.SILENT
    with closing(proxy(timeout="200ms", id=3)) as client:
        assert client.read_holding_registers(101, count=1, device_id=3).exception_code == 11
        asked = meter.transactions
        for _ in range(5):
            assert client.read_holding_registers(101, count=1, device_id=3).exception_code == 11
    assert meter.transactions == asked


@pytest.mark.parametrize(
    "question",
    [
        struct.pack(">BHH", 3, 0, 0),
        struct.pack(">BHH", 3, 0, 126),
        struct.pack(">BHH", 3, 0xFFFF, 2),
        struct.pack(">BH", 3, 0),
        struct.pack(">BHHB", 16, 0, 2, 3),
        struct.pack(">BHH", 16, 5, 2),
        struct.pack(">BHHBHH", 16, 0, 1, 2, 0, 0),
        struct.pack(">BHHH", 6, 0, 1, 0),
        b"\x03",
    ],
)
def test_a_question_that_makes_no_sense_is_refused(proxy, question):
    with closing(proxy(readonly="false")) as client, closing(client.socket.dup()) as wire:
        wire.sendall(struct.pack(">HHHB", 7, 0, len(question) + 1, 3) + question)
        assert wire.recv(100) == struct.pack(">HHHBBB", 7, 0, 3, 3, question[0] | 0x80, 3)


def test_what_is_no_modbus_ends_the_connection(proxy):
    with closing(proxy()) as client, closing(client.socket.dup()) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert wire.recv(100) == b""


def test_a_newcomer_takes_the_place_of_who_was_silent_longest_and_that_is_logged_once(
    bus, clock, meter, during, caplog
):
    node = {"port": free_port(), "uri": f"127.0.0.1:{meter.port}"}
    served = during(ModbusProxy(proxies([node], "127.0.0.1", Workshop(bus, clock))[0], clock))
    question = struct.pack(">HHHBBHH", 1, 0, 6, 3, 3, 101, 1)
    with contextlib.ExitStack() as open_:

        def come() -> socket.socket:
            return open_.enter_context(closing(socket.create_connection(("127.0.0.1", served.port), timeout=20)))

        first = come()
        eventually(lambda: len(served._clients) == 1)
        others = [come() for _ in range(MOST_CLIENTS - 1)]
        eventually(lambda: len(served._clients) == MOST_CLIENTS)
        first.sendall(question)
        assert first.recv(100)
        for late in (come(), come()):
            late.sendall(question)
            assert late.recv(100)
        assert others[0].recv(1) == b""
        assert others[1].recv(1) == b""
        first.sendall(question)
        assert first.recv(100)
    assert caplog.text.count("which is all that it serves") == 1


def test_a_port_that_is_taken_is_said_and_stops_nothing(bus, clock, meter, during, caplog):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        node = {"port": taken.getsockname()[1], "uri": f"127.0.0.1:{meter.port}"}
        during(ModbusProxy(proxies([node], "127.0.0.1", Workshop(bus, clock))[0], clock))
    assert "cannot be served" in caplog.text


def test_every_problem_of_the_section_is_said_at_once(bus, clock):
    nodes = [
        {"uri": "a", "readonly": "perhaps"},
        {"port": 1502, "uri": "a", "device": "/dev/ttyUSB0"},
        {"port": 1502, "uri": "b", "readonly": "deny"},
    ]
    with pytest.raises(ExceptionGroup) as found:
        proxies(nodes, "", Workshop(bus, clock))
    paths = [problem.path for problem in found.value.exceptions]
    assert paths == [(0, "port"), (0, "readonly"), (1, "baudrate"), (1, "comset"), (1, "device")]
    (spec,) = proxies({"port": 1502, "uri": "b", "readonly": "deny"}, "", Workshop(bus, clock))
    assert spec.writes is Writes.DENIED
