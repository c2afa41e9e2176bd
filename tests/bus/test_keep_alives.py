"""Keep-alives of a link: they come again, and make nobody else wait."""

import threading

from evcc_flask.bus.needs import Need, Registers, Table
from evcc_flask.bus.specs import ModbusSpec


def tcp_link(bus, tcp, timeout_s=0.2):
    return bus.modbus(ModbusSpec(host="127.0.0.1", port=tcp.port, timeout_s=timeout_s))


def test_keep_alives_come_again_until_they_are_ended(bus, tcp):
    tcp.put(1)
    link = tcp_link(bus, tcp)
    end = link.every(0.02, lambda wire: wire.write_register(1, 5, 7))
    tcp.wait_asked(3)
    end()
    link.do(lambda wire: None)
    asked = len(tcp.asked)
    assert not threading.Event().wait(0.1)
    assert len(tcp.asked) == asked


def test_frequent_keep_alives_do_not_starve_the_reads(bus, tcp):
    tcp.put(1, holding={0: 1, 1000: 1})
    link = tcp_link(bus, tcp)
    link.every(0, lambda wire: wire.write_register(1, 5, 7))
    low, high = (Registers(1, Table.HOLDING, address, 1) for address in (0, 1000))
    assert bus.refresh([Need(link, low, 0.0), Need(link, high, 0.0)]).wait(10)
    assert [link.latest(request).error for request in (low, high)] == [None, None]


def test_keep_alives_leave_a_resting_slave_alone(bus, tcp):
    tcp.silent.add(1)
    link = tcp_link(bus, tcp, timeout_s=0.1)
    link.every(0.01, lambda wire: wire.write_register(1, 5, 7))
    tcp.wait_asked(1)
    assert not threading.Event().wait(0.5)
    assert len(tcp.asked) == 1
