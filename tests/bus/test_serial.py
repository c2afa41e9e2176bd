"""A serial line over a real pty, against slaves with their own framing."""

import time

import pytest

from evcc_flask.bus.needs import ErrorKind, Need, Registers, Table
from evcc_flask.bus.specs import ModbusSpec


def link_of(bus, line, **more):
    return bus.modbus(ModbusSpec(device=line.path, baudrate=9600, timeout_s=0.3, **more))


def poll(bus, link, *requests, max_age_s=0.0):
    """One refresh; the answers, errors as their kinds."""
    assert bus.refresh([Need(link, request, max_age_s) for request in requests]).wait(10)
    answers = [link.latest(request) for request in requests]
    return [answer.error.kind if answer.error else answer.value for answer in answers]


def test_registers_of_every_table_are_read(bus, line):
    line.put(1, holding={10: 0xBEEF}, input={20: 1, 21: 2}, coil={0: 1, 1: 0, 2: 1}, discrete={9: 1})
    link = link_of(bus, line)
    requests = [
        Registers(1, Table.HOLDING, 10),
        Registers(1, Table.INPUT, 20, 2),
        Registers(1, Table.COIL, 0, 3),
        Registers(1, Table.DISCRETE, 9),
    ]
    assert poll(bus, link, *requests) == [(0xBEEF,), (1, 2), (1, 0, 1), (1,)]


def test_neighbouring_ranges_cost_one_transaction(bus, line):
    line.put(1, input=dict.fromkeys(range(100), 7))
    link = link_of(bus, line)
    poll(bus, link, Registers(1, Table.INPUT, 0, 2), Registers(1, Table.INPUT, 12, 2), Registers(1, Table.INPUT, 52, 2))
    assert line.asked == [(1, 4, 0, 14), (1, 4, 52, 2)]


def test_an_exception_answer_does_not_cost_the_time_out(bus, line):
    line.put(1, holding={0: 1})
    link = bus.modbus(ModbusSpec(device=line.path, timeout_s=3))
    poll(bus, link, Registers(1, Table.HOLDING, 0))
    began = time.monotonic()
    assert poll(bus, link, Registers(1, Table.HOLDING, 99, 40)) == [ErrorKind.REFUSED]
    assert time.monotonic() - began < 0.5


@pytest.mark.parametrize("function", [5, 6, 16])
def test_writes_reach_the_slave(bus, line, function):
    image = line.put(3)
    link = link_of(bus, line)

    def write(wire):
        if function == 5:
            wire.write_coil(3, 7, True)
        elif function == 6:
            wire.write_register(3, 7, 0xFFFF)
        else:
            wire.write_registers(3, 7, (1, 2))

    link.do(write)
    assert (image.words[1], image.words[3]) == ({7: 1}, {}) if function == 5 else image.words[3][7] in (0xFFFF, 1)


def test_ascii_frames(bus, ascii_line):
    image = ascii_line.put(1, holding={4: 0x1234})
    link = link_of(bus, ascii_line, ascii=True)
    assert poll(bus, link, Registers(1, Table.HOLDING, 4)) == [(0x1234,)]
    link.do(lambda wire: wire.write_registers(1, 20, (5,)))
    assert image.words[3][20] == 5


def test_ascii_answers_that_begin_as_those_of_abl(bus, ascii_line):
    ascii_line.mark = b">"
    ascii_line.put(1, holding={4: 0x1234})
    link = link_of(bus, ascii_line, ascii=True)
    assert poll(bus, link, Registers(1, Table.HOLDING, 4)) == [(0x1234,)]


def test_an_ascii_exception_does_not_cost_the_time_out(bus, ascii_line):
    ascii_line.put(1)
    link = bus.modbus(ModbusSpec(device=ascii_line.path, ascii=True, timeout_s=3))
    began = time.monotonic()
    assert poll(bus, link, Registers(1, Table.HOLDING, 4)) == [ErrorKind.REFUSED]
    assert time.monotonic() - began < 0.5


def test_rtu_frames_inside_tcp(bus, gateway):
    image = gateway.put(5, input={1: 17})
    link = bus.modbus(ModbusSpec(host="127.0.0.1", port=gateway.port, framing="rtu"))
    assert poll(bus, link, Registers(5, Table.INPUT, 1)) == [(17,)]
    link.do(lambda wire: wire.write_register(5, 2, 3))
    assert image.words[3][2] == 3


def test_a_gateway_that_ends_the_connection_is_connected_again(bus, gateway):
    gateway.put(5, input={1: 17})
    link = bus.modbus(ModbusSpec(host="127.0.0.1", port=gateway.port, framing="rtu"))
    request = Registers(5, Table.INPUT, 1)
    poll(bus, link, request)
    gateway.drop()
    assert poll(bus, link, request) == [(17,)]
    assert gateway.connections == 2
