"""Modbus TCP and UDP: pymodbus as an independent oracle, and peers that behave badly."""

import asyncio
import socket
import struct
import threading
import time

import pytest
from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.server import ModbusTcpServer, ModbusUdpServer

from evcc_flask.bus.needs import ErrorKind, Need, Registers, Table
from evcc_flask.bus.specs import ModbusSpec

POWER = Registers(1, Table.HOLDING, 10)


def poll(bus, link, *requests, timeout_s=10.0):
    assert bus.refresh([Need(link, request) for request in requests]).wait(timeout_s)
    answers = [link.latest(request) for request in requests]
    return [answer.error.kind if answer.error else answer.value for answer in answers]


def link_to(bus, port, **more):
    return bus.modbus(ModbusSpec(host="127.0.0.1", port=port, **{"timeout_s": 0.3} | more))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(params=["tcp", "udp"])
def oracle(request):
    """A pymodbus server: (framing, port, its data)."""
    blocks = {name: ModbusSequentialDataBlock(1, list(range(200))) for name in ("di", "co", "hr", "ir")}
    context = ModbusServerContext(devices={7: ModbusDeviceContext(**blocks)}, single=False)
    port, loop, started = free_port(), asyncio.new_event_loop(), threading.Event()

    async def serve():
        kind = ModbusTcpServer if request.param == "tcp" else ModbusUdpServer
        server = kind(context, address=("127.0.0.1", port))
        await server.serve_forever(background=True)
        started.set()

    loop.create_task(serve())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    assert started.wait(5)
    yield request.param, port, blocks
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)


def test_pymodbus_understands_us(bus, oracle):
    framing, port, _ = oracle
    link = link_to(bus, port, framing=framing, timeout_s=2)
    ranges = [
        Registers(7, Table.HOLDING, 3, 2),
        Registers(7, Table.INPUT, 100, 3),
        Registers(7, Table.COIL, 0, 9),
        Registers(7, Table.DISCRETE, 5),
    ]
    assert poll(bus, link, *ranges) == [(3, 4), (100, 101, 102), (0, 1, 1, 1, 1, 1, 1, 1, 1), (1,)]

    def write(wire):
        wire.write_register(7, 20, 0xABCD)
        wire.write_registers(7, 21, (1, 2, 3))
        wire.write_coil(7, 30, False)

    link.do(write)
    written = [Registers(7, Table.HOLDING, 20, 4), Registers(7, Table.COIL, 30)]
    assert poll(bus, link, *written) == [(0xABCD, 1, 2, 3), (0,)]
    assert poll(bus, link, Registers(7, Table.HOLDING, 5000)) == [ErrorKind.REFUSED]


def test_a_late_answer_to_an_older_question_is_discarded(bus, tcp):
    tcp.put(1, holding={10: 42})

    def late(request, answer):
        older = struct.pack(">H", struct.unpack(">H", request[:2])[0] - 1) + answer[2:-2] + b"\0\1"
        return older + answer

    tcp.fault = late
    assert poll(bus, link_to(bus, tcp.port), POWER) == [(42,)]


def test_an_answer_in_pieces_is_put_together(bus, tcp):
    tcp.put(1, holding={10: 42})
    link = link_to(bus, tcp.port)

    def pieces(request, answer):
        for byte in answer[:-1]:
            tcp.open[-1].sendall(bytes((byte,)))
        return answer[-1:]

    tcp.fault = pieces
    assert poll(bus, link, POWER) == [(42,)]


def test_an_answer_for_another_unit_is_not_taken(bus, tcp):
    tcp.put(1, holding={10: 42})
    tcp.fault = lambda request, answer: answer[:6] + b"\x09" + answer[7:]
    link = link_to(bus, tcp.port)
    assert poll(bus, link, POWER) == [ErrorKind.GARBLED]
    assert "id 9" in str(link.latest(POWER).error)


def test_what_is_no_modbus_is_said(bus, tcp):
    tcp.put(1, holding={10: 42})
    tcp.fault = lambda request, answer: b"HTTP/1.1 400 Bad Request\r\n\r\n"
    link = link_to(bus, tcp.port)
    assert poll(bus, link, POWER) == [ErrorKind.GARBLED]
    assert "Modbus" in str(link.latest(POWER).error)


def test_a_peer_that_hangs_costs_its_time_out_and_keeps_the_last_value(bus, tcp):
    tcp.put(1, holding={10: 42})
    link = link_to(bus, tcp.port)
    poll(bus, link, POWER)
    tcp.silent.add(1)
    began = time.monotonic()
    assert poll(bus, link, POWER) == [ErrorKind.TIMEOUT]
    assert 0.25 < time.monotonic() - began < 1
    assert link.latest(POWER).value == (42,)


def test_a_reset_of_an_idle_connection_is_no_failure(bus, tcp):
    tcp.put(1, holding={10: 42})
    link = link_to(bus, tcp.port)
    poll(bus, link, POWER)
    tcp.drop()
    assert poll(bus, link, POWER) == [(42,)]
    assert tcp.connections == 2


def test_a_peer_that_resets_each_question_is_a_connection_error(bus, tcp):
    tcp.put(1, holding={10: 42})

    def reset(request, answer):
        tcp.drop()

    tcp.fault = reset
    assert poll(bus, link_to(bus, tcp.port), POWER) == [ErrorKind.CONNECTION]


def test_a_refused_connection_says_what_to_look_at(bus):
    link = link_to(bus, free_port())
    assert poll(bus, link, POWER) == [ErrorKind.CONNECTION]
    assert "refused" in str(link.latest(POWER).error)


def test_a_name_that_does_not_resolve_says_so(bus):
    link = bus.modbus(ModbusSpec(host="no-such-host.invalid"))
    poll(bus, link, POWER, timeout_s=30)
    assert "does not resolve" in str(link.latest(POWER).error)


def test_an_idle_connection_is_closed_after_a_minute(clock_ahead, bus_ahead, tcp):
    tcp.put(1, holding={10: 42})
    link = link_to(bus_ahead, tcp.port)
    poll(bus_ahead, link, POWER)
    clock_ahead.ahead_s = 61
    link.submit(lambda wire: None)
    assert tcp.hung_up.wait(5)
    assert poll(bus_ahead, link, POWER) == [(42,)]
    assert tcp.connections == 2


def test_the_pause_before_a_request_is_kept_per_slave(bus, tcp):
    tcp.put(1, holding={10: 42})
    tcp.put(2, holding={10: 42})
    link = link_to(bus, tcp.port, unit=2, delay_s=0.2)
    link_to(bus, tcp.port, unit=1)
    began = time.monotonic()
    poll(bus, link, POWER)
    poll(bus, link, POWER)
    assert time.monotonic() - began < 0.15
    poll(bus, link, Registers(2, Table.HOLDING, 10))
    assert time.monotonic() - began >= 0.2
