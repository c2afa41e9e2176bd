"""The worker of a link: what goes first, what rests, what others notice of it."""

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

import pytest

from evcc_flask.bus.needs import Answer, ErrorKind, Need, ReadError, Registers, Table
from evcc_flask.bus.specs import ModbusSpec


def tcp_link(bus, tcp, **more):
    return bus.modbus(ModbusSpec(host="127.0.0.1", port=tcp.port, **{"timeout_s": 0.2} | more))


def serial_link(bus, line, **more):
    return bus.modbus(ModbusSpec(device=line.path, **{"timeout_s": 0.2} | more))


def reg(address, unit=1, count=1):
    return Registers(unit, Table.HOLDING, address, count)


def refresh(bus, link, *requests, max_age_s=0.0):
    assert bus.refresh([Need(link, request, max_age_s) for request in requests]).wait(10)


def errors(link, *requests):
    return [error.kind if (error := link.latest(request).error) else None for request in requests]


@dataclass(frozen=True, eq=False)
class Call:
    """A procedure that does what the test says."""

    action: Any

    def run(self, wire):
        return self.action(wire)


class Gate:
    """Holds a worker until the test lets it go."""

    def __init__(self):
        self.reached, self.open = threading.Event(), threading.Event()

    def __call__(self, *_):
        self.reached.set()
        assert self.open.wait(10)
        return 1


def test_a_write_goes_before_all_reads_that_wait(bus, tcp):
    gate = Gate()
    tcp.put(1, holding={0: 1, 1000: 2, 2000: 3})

    def held(request, answer):
        gate()
        return answer

    tcp.fault = held
    link = tcp_link(bus, tcp, timeout_s=5)
    round_ = bus.refresh([Need(link, reg(a)) for a in (0, 1000, 2000)])
    assert gate.reached.wait(5)
    link.submit(lambda wire: wire.write_register(1, 5, 7))
    gate.open.set()
    assert round_.wait(5)
    assert [(function, address) for _, function, address, _ in tcp.asked] == [(3, 0), (6, 5), (3, 1000), (3, 2000)]


def test_writes_keep_their_order(bus, tcp):
    tcp.put(1)
    link = tcp_link(bus, tcp)
    for value in range(5):
        link.submit(lambda wire, value=value: wire.write_register(1, 5, value))
    link.do(lambda wire: None)
    assert [asked[3] for asked in tcp.asked] == [0, 1, 2, 3, 4]


def test_a_dead_slave_costs_its_neighbours_one_time_out_and_then_rests(bus_ahead, clock_ahead, line):
    line.put(1, holding={0: 1, 500: 1})
    line.put(2, holding={0: 2, 500: 2})
    line.silent.add(1)
    link = serial_link(bus_ahead, line)
    requests = [reg(0, 1), reg(500, 1), reg(0, 2), reg(500, 2)]

    refresh(bus_ahead, link, *requests)
    assert [asked[0] for asked in line.asked] == [1, 2, 2]
    assert errors(link, *requests) == [ErrorKind.TIMEOUT, ErrorKind.TIMEOUT, None, None]

    refresh(bus_ahead, link, *requests)
    assert [asked[0] for asked in line.asked[3:]] == [2, 2]

    clock_ahead.ahead_s = 2.1
    line.silent.clear()
    refresh(bus_ahead, link, *requests)
    assert errors(link, *requests) == [None] * 4


def test_rests_grow_to_a_minute(bus_ahead, clock_ahead, line):
    link = serial_link(bus_ahead, line)
    for tries in range(1, 40):
        refresh(bus_ahead, link, reg(0))
        assert len(line.asked) == tries
        clock_ahead.ahead_s += min(2 * tries, 60) - 0.5
        refresh(bus_ahead, link, reg(0))
        assert len(line.asked) == tries
        clock_ahead.ahead_s += 0.51
        if tries == 3:
            break


def test_who_failed_is_tried_again_without_being_asked(bus_ahead, clock_ahead, tcp):
    tcp.put(1, holding={0: 1})
    tcp.silent.add(1)
    link = tcp_link(bus_ahead, tcp)
    refresh(bus_ahead, link, reg(0))
    tcp.silent.clear()
    clock_ahead.ahead_s = 2.1
    link.do(lambda wire: None)
    tcp.wait_asked(2)
    link.do(lambda wire: None)
    assert errors(link, reg(0)) == [None]


def test_a_command_to_a_resting_slave_is_sent_all_the_same(bus, tcp):
    tcp.put(1, holding={0: 1})
    tcp.silent.add(1)
    link = tcp_link(bus, tcp)
    refresh(bus, link, reg(0))
    tcp.silent.clear()
    link.do(lambda wire: wire.write_register(1, 5, 7))
    assert tcp.units[1].words[3][5] == 7
    refresh(bus, link, reg(0))
    assert errors(link, reg(0)) == [None]


def test_one_line_says_lost_and_one_says_back(bus_ahead, clock_ahead, tcp, caplog):
    caplog.set_level(logging.INFO, "bus")
    tcp.put(1, holding={0: 1})
    link = tcp_link(bus_ahead, tcp)
    tcp.silent.add(1)
    for _ in range(5):
        refresh(bus_ahead, link, reg(0))
        clock_ahead.ahead_s += 61
    assert link.report()["state"] == "lost"
    tcp.silent.clear()
    for _ in range(3):
        refresh(bus_ahead, link, reg(0))
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "id 1" in caplog.messages[0]
    assert "answers again" in caplog.messages[1]
    assert link.report()["state"] == "up"


def test_one_lost_frame_is_not_worth_a_line(bus_ahead, clock_ahead, tcp, caplog):
    caplog.set_level(logging.INFO, "bus")
    tcp.put(1, holding={0: 1})
    tcp.silent.add(1)
    link = tcp_link(bus_ahead, tcp)
    refresh(bus_ahead, link, reg(0))
    tcp.silent.clear()
    clock_ahead.ahead_s = 2.1
    refresh(bus_ahead, link, reg(0))
    assert errors(link, reg(0)) == [None]
    assert caplog.messages == []


def test_a_range_that_is_refused_is_learned_and_never_merged_again(bus, tcp):
    tcp.put(1, holding={0: 10, 5: 15, 6: 16})
    link = tcp_link(bus, tcp)
    requests = [reg(0), reg(5), reg(6)]
    refresh(bus, link, *requests)
    assert [link.latest(request).value for request in requests] == [(10,), (15,), (16,)]
    tcp.asked.clear()
    refresh(bus, link, *requests)
    assert sorted((address, count) for _, _, address, count in tcp.asked) == [(0, 1), (5, 2)]


def test_a_register_that_is_refused_alone_rests_and_spoils_no_block(bus, tcp):
    tcp.put(1, holding={0: 10, 1: 11, 3: 13})
    link = tcp_link(bus, tcp)
    requests = [reg(0), reg(1), reg(2), reg(3)]
    refresh(bus, link, *requests)
    assert errors(link, *requests) == [None, None, ErrorKind.REFUSED, None]
    tcp.asked.clear()
    refresh(bus, link, *requests)
    assert sorted((address, count) for _, _, address, count in tcp.asked) == [(0, 2), (3, 1)]
    assert errors(link, *requests) == [None, None, ErrorKind.REFUSED, None]


def test_a_slave_that_keeps_silent_about_a_hole_is_understood(bus_ahead, clock_ahead, tcp):
    tcp.put(1, holding={0: 10, 5: 15})
    tcp.fault = lambda request, answer: None if answer[7] & 0x80 else answer
    link = tcp_link(bus_ahead, tcp)
    for _ in range(3):
        refresh(bus_ahead, link, reg(0), reg(5))
        clock_ahead.ahead_s += 10
    refresh(bus_ahead, link, reg(0), reg(5))
    assert errors(link, reg(0), reg(5)) == [None, None]
    tcp.asked.clear()
    refresh(bus_ahead, link, reg(0), reg(5))
    assert len(tcp.asked) == 2


def test_slow_values_are_read_when_they_are_old_and_ride_along_for_nothing(bus_ahead, clock_ahead, tcp):
    tcp.put(1, holding=dict.fromkeys(range(3000), 1))
    link = tcp_link(bus_ahead, tcp)
    needs = [Need(link, reg(0)), Need(link, reg(10)), Need(link, reg(5), 60), Need(link, reg(2000), 60)]
    transactions = []
    for _ in range(4):
        assert bus_ahead.refresh(needs).wait(5)
        transactions.append(len(tcp.asked))
        clock_ahead.ahead_s += 25
    assert transactions == [2, 3, 4, 6]
    assert link.latest(reg(5)).at_s == link.latest(reg(0)).at_s


def test_after_a_write_what_was_read_of_that_slave_is_due_again(bus, tcp):
    tcp.put(1, holding={0: 1})
    tcp.put(2, holding={0: 1})
    link = tcp_link(bus, tcp)
    refresh(bus, link, reg(0, 1), reg(0, 2), max_age_s=60)
    link.forget(2)
    refresh(bus, link, reg(0, 1), reg(0, 2), max_age_s=60)
    assert [asked[0] for asked in tcp.asked] == [1, 2, 2]
    link.forget()
    refresh(bus, link, reg(0, 1), reg(0, 2), max_age_s=60)
    assert len(tcp.asked) == 5


def test_a_part_of_a_range_is_had_from_the_whole(bus, tcp):
    tcp.put(1, holding={100: 1, 101: 2, 102: 3})
    link = tcp_link(bus, tcp)
    refresh(bus, link, reg(100, count=3))
    assert link.latest(reg(101, count=2)).value == (2, 3)
    assert link.latest(reg(103)) == Answer()


def test_a_worker_reaches_another_links_wire(bus, tcp):
    tcp.put(1)
    wired, calls = tcp_link(bus, tcp), bus.calls("script")
    calls.do(lambda _: wired.do(lambda wire: wire.write_register(1, 5, 7)))
    assert tcp.units[1].words[3][5] == 7
    with pytest.raises(ReadError, match="has no such address"):
        calls.do(lambda _: wired.do(lambda wire: wire.read(1, Table.INPUT, 0, 1)))


def test_on_its_own_worker_a_job_is_done_at_once(bus, tcp):
    tcp.put(1)
    link = tcp_link(bus, tcp)
    link.do(lambda _: link.do(lambda wire: wire.write_register(1, 5, 7)))
    assert tcp.units[1].words[3][5] == 7


def test_a_hung_link_keeps_nobody_waiting(bus, tcp):
    tcp.put(1, holding={0: 1})
    gate = Gate()
    hung, well = bus.calls("hung"), tcp_link(bus, tcp)
    needs = [Need(hung, Call(gate)), Need(well, reg(0))]
    first = bus.refresh(needs)
    assert gate.reached.wait(5)
    tcp.wait_asked(1)
    well.do(lambda wire: None)
    began = time.monotonic()
    second = bus.refresh(needs)
    hung.submit(lambda wire: None)
    assert hung.latest(needs[0].request) == Answer()
    assert time.monotonic() - began < 0.1
    assert not first.wait(0.05)
    tcp.wait_asked(2)
    gate.open.set()
    assert first.wait(5)
    assert second.wait(5)


def test_a_round_without_needs_is_over(bus):
    assert bus.refresh([]).wait(0)


def test_close_does_not_wait_for_what_hangs_and_tells_what_was_dropped(bus, tcp):
    tcp.put(1, holding={0: 1})
    tcp.silent.add(1)
    gate, told = Gate(), []
    link, hung = tcp_link(bus, tcp, timeout_s=30), bus.calls("hung")
    rounds = [bus.refresh([Need(link, reg(0)), Need(hung, Call(gate))])]
    tcp.wait_asked(1)
    assert gate.reached.wait(5)
    hung.submit(lambda wire: None, told.append)
    rounds.append(bus.refresh([Need(hung, Call(gate))]))
    began = time.monotonic()
    bus.close()
    assert time.monotonic() - began < 1
    assert [error.kind for error in told] == [ErrorKind.CONNECTION]
    link.submit(lambda wire: None, told.append)
    assert len(told) == 2
    assert rounds[1].wait(0)
    gate.open.set()


def test_a_faulty_driver_does_not_end_the_worker(bus, caplog):
    link, told, heard = bus.calls("device"), [], threading.Event()

    def broken(_):
        raise RuntimeError("driver")

    link.submit(broken, told.append)
    link.submit(lambda wire: None, broken)
    link.submit(lambda wire: None, lambda error: heard.set())
    assert heard.wait(5)
    assert told[0].kind is ErrorKind.VALUE
    refresh(bus, link, faulty := Call(broken), good := Call(lambda _: 5))
    assert link.latest(faulty).error.kind is ErrorKind.VALUE
    assert link.latest(good).value == 5


def test_a_failed_call_rests_alone(bus_ahead, clock_ahead, caplog):
    counts = {"bad": 0, "good": 0}

    def bad(_):
        counts["bad"] += 1
        raise ReadError(ErrorKind.TIMEOUT, "http://box/status: no answer")

    def good(_):
        counts["good"] += 1

    link = bus_ahead.calls("box")
    requests = [Call(bad), Call(good)]
    for _ in range(3):
        refresh(bus_ahead, link, *requests)
    assert counts == {"bad": 1, "good": 3}
    clock_ahead.ahead_s += 2.1
    refresh(bus_ahead, link, *requests)
    assert counts == {"bad": 2, "good": 4}
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize("kind", [ErrorKind.ASLEEP, ErrorKind.MUST_RETRY, ErrorKind.NOT_AVAILABLE])
def test_asleep_is_no_failure(bus, caplog, kind):
    tries = []

    def asleep(_):
        tries.append(1)
        raise ReadError(kind, "asleep")

    link, call = bus.calls("car"), Call(asleep)
    for _ in range(3):
        refresh(bus, link, call)
    assert len(tries) == 3
    assert errors(link, call) == [kind]
    assert caplog.messages == []


def test_a_procedure_uses_the_wire_of_its_link(bus, tcp):
    tcp.put(1, holding={0: 0x5375, 1: 0x6E53})
    link = tcp_link(bus, tcp)
    scan = Call(lambda wire: wire.read(1, Table.HOLDING, 0, 2))
    refresh(bus, link, scan)
    assert link.latest(scan).value == (0x5375, 0x6E53)


def test_a_busy_slave_is_asked_once_more(bus, tcp):
    tcp.put(1, holding={0: 1})
    answers = iter([b"\x83\x06", None])

    def busy(request, answer):
        pdu = next(answers)
        return answer if pdu is None else request[:4] + b"\0\3" + request[6:7] + pdu

    tcp.fault = busy
    link = tcp_link(bus, tcp)
    refresh(bus, link, reg(0))
    assert link.latest(reg(0)).value == (1,)


def test_counters_tell_what_was_done(bus, tcp):
    tcp.put(1, holding={0: 1})
    link = tcp_link(bus, tcp)
    refresh(bus, link, reg(0))
    refresh(bus, link, reg(9))
    report = bus.counters()[0]
    assert (report["name"], report["transactions"]) == (f"127.0.0.1:{tcp.port}", 2)
    assert (report["bytesSent"], report["bytesReceived"]) == (24, 20)
    assert report["errors"] == {"refused": 1}
    assert report["latencyMs"] > 0
    assert 0 < report["busyShare"] <= 1
