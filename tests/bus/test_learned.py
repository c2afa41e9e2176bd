"""What slaves refuse is told once, and an earlier run's knowledge saves asking again."""

import json

import pytest

from evcc_flask.bus.bus import Bus
from evcc_flask.bus.learned import read, spelled
from evcc_flask.bus.needs import Need, Registers, Table
from evcc_flask.bus.specs import ModbusSpec
from evcc_flask.clock import SystemClock

ONE, TWO = Registers(1, Table.HOLDING, 10), Registers(1, Table.HOLDING, 14, 2)


def poll(bus, tcp):
    link = bus.modbus(ModbusSpec(host="127.0.0.1", port=tcp.port, timeout_s=0.5))
    assert bus.refresh([Need(link, ONE, 0), Need(link, TWO, 0)]).wait(5)
    return link.latest(ONE).value, link.latest(TWO).value


def test_a_second_run_does_not_ask_what_the_first_one_was_refused(tcp):
    tcp.put(1, holding={10: 1, 14: 2, 15: 3})
    told = {}
    first = Bus(SystemClock(), learn=told.__setitem__)
    assert poll(first, tcp) == ((1,), (2, 3))
    first.close()
    assert list(told.values()) == [{"1": [["holding", 10, 16]]}]
    del tcp.asked[:]
    second = Bus(SystemClock(), json.loads(json.dumps(told)))
    assert poll(second, tcp) == ((1,), (2, 3))
    second.close()
    assert sorted(tcp.asked) == [(1, 3, 10, 1), (1, 3, 14, 2)]


def test_it_is_read_as_it_was_spelled():
    refusals = {3: frozenset({(Table.INPUT, 52, 58), (Table.COIL, 0, 4)}), 1: frozenset({(Table.HOLDING, 1, 2)})}
    assert read(json.loads(json.dumps(spelled(refusals)))) == refusals


@pytest.mark.parametrize(
    "nonsense", [None, 1, [], "x", {"one": []}, {"1": None}, {"1": [["holding", 1]]}, {"1": [["none", 1, 2]]}]
)
def test_what_makes_no_sense_is_passed_over(nonsense):
    assert not any(read(nonsense).values())
