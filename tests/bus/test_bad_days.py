"""Bad days of a serial line: noise, silence, strangers, and adapters that are pulled out."""

import fcntl
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from evcc_flask.bus.bus import Bus
from evcc_flask.bus.needs import ErrorKind, Need, Registers, Table
from evcc_flask.bus.specs import ModbusSpec

POWER = Registers(1, Table.INPUT, 52, 2)


@pytest.fixture
def meter(line):
    line.put(1, input=dict.fromkeys(range(60), 5))
    return line


def link_of(bus, line, **more):
    return bus.modbus(ModbusSpec(device=line.path, **{"timeout_s": 0.3} | more))


def poll(bus, link, request=POWER):
    assert bus.refresh([Need(link, request)]).wait(10)
    answer = link.latest(request)
    return answer.error.kind if answer.error else answer.value


def test_a_silent_slave_costs_its_time_out(bus, meter):
    meter.silent.add(1)
    began = time.monotonic()
    assert poll(bus, link_of(bus, meter)) == ErrorKind.TIMEOUT
    assert 0.25 < time.monotonic() - began < 0.6


def test_writes_to_a_silent_slave_one_after_the_other_do_not_starve_its_neighbours(bus, meter):
    meter.silent.add(3)
    link, ended = link_of(bus, meter), threading.Event()

    def again(error):
        if not ended.is_set():
            link.submit(lambda wire: wire.write_register(3, 261, 0), again)

    for _ in range(3):
        again(None)
    assert poll(bus, link) == (5, 5)
    ended.set()


def test_a_wrong_checksum_is_asked_again_at_once(bus, meter):
    faults = iter([True, False])
    meter.fault = lambda request, answer: answer[:-1] + bytes((answer[-1] ^ 1,)) if next(faults) else answer
    assert poll(bus, link_of(bus, meter)) == (5, 5)
    assert len(meter.asked) == 2


def test_wrong_checksums_are_no_value(bus, meter):
    meter.fault = lambda request, answer: answer[:-1] + bytes((answer[-1] ^ 1,))
    link = link_of(bus, meter)
    assert poll(bus, link) == ErrorKind.GARBLED
    assert bus.counters()[0]["errors"] == {"garbled": 2}


def test_stray_bytes_before_an_answer_are_skipped(bus, meter):
    meter.fault = lambda request, answer: b"\x00\xff\x01" + answer
    assert poll(bus, link_of(bus, meter)) == (5, 5)


def test_garbage_between_frames_is_thrown_away(bus, meter):
    link = link_of(bus, meter)
    assert poll(bus, link) == (5, 5)
    meter.say(b"\x01\x04\x04garbage")
    assert poll(bus, link) == (5, 5)


def test_an_answer_that_breaks_off_does_not_cost_the_time_out(bus, meter):
    meter.fault = lambda request, answer: answer[:6]
    began = time.monotonic()
    assert poll(bus, link_of(bus, meter, timeout_s=3)) == ErrorKind.GARBLED
    assert time.monotonic() - began < 1


def test_the_late_answer_of_another_slave_is_not_taken(bus, meter):
    meter.put(2, input=dict.fromkeys(range(60), 9))
    late = []

    def fault(request, answer):
        if request[0] == 2 and not late:
            late.append(answer)
            return None
        return late[0] + answer if late else answer

    meter.fault = fault
    link = link_of(bus, meter)
    assert poll(bus, link, Registers(2, Table.INPUT, 52, 2)) == ErrorKind.TIMEOUT
    assert poll(bus, link) == (5, 5)


def test_only_noise_is_garbled_not_silent(bus, meter):
    meter.fault = lambda request, answer: b"\xff" * 9
    assert poll(bus, link_of(bus, meter)) == ErrorKind.GARBLED


def test_a_port_that_is_pulled_out_is_used_again_when_it_is_back(bus_ahead, clock_ahead, meter):
    link = link_of(bus_ahead, meter)
    assert poll(bus_ahead, link) == (5, 5)
    meter.unplug()
    assert poll(bus_ahead, link) == ErrorKind.CONNECTION
    clock_ahead.ahead_s += 3
    assert poll(bus_ahead, link) == ErrorKind.CONNECTION
    assert "no such port" in str(link.latest(POWER).error)
    meter.plug()
    clock_ahead.ahead_s += 61
    assert poll(bus_ahead, link) == (5, 5)


def test_a_port_that_another_program_holds_is_not_shared(bus, meter):
    holder = os.open(meter.path, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    link = link_of(bus, meter)
    assert poll(bus, link) == ErrorKind.CONNECTION
    assert "another program" in str(link.latest(POWER).error)
    assert meter.asked == []
    os.close(holder)


def test_no_other_program_gets_our_port(bus, meter):
    assert poll(bus, link_of(bus, meter)) == (5, 5)
    script = f"import serial; serial.Serial({meter.path!r}, exclusive=True)"
    refused = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False).stderr
    assert b"busy" in refused or b"lock" in refused, "the lock is what holds root, too"


def test_a_line_on_which_others_speak_is_not_spoken_on(clock_ahead, meter, monkeypatch):
    monkeypatch.setattr("evcc_flask.bus.serial.LISTEN_S", 1.0)
    bus, stop = Bus(clock_ahead), threading.Event()

    def master() -> None:
        while not stop.wait(0.05):
            meter.say(bytes.fromhex("0104003400023005"))

    speaker = threading.Thread(target=master)
    speaker.start()
    link = link_of(bus, meter)
    assert poll(bus, link) == ErrorKind.CONNECTION
    stop.set()
    speaker.join()
    assert "Another master uses this line" in str(link.latest(POWER).error)
    assert meter.asked == []
    monkeypatch.setattr("evcc_flask.bus.serial.LISTEN_S", 0.1)
    clock_ahead.ahead_s += 3
    assert poll(bus, link) == (5, 5)
    bus.close()


def test_a_line_is_listened_to_for_a_second_before_the_first_word(bus, meter, monkeypatch):
    monkeypatch.setattr("evcc_flask.bus.serial.LISTEN_S", 1.0)
    began = time.monotonic()
    assert poll(bus, link_of(bus, meter)) == (5, 5)
    assert 1.0 <= time.monotonic() - began < 1.5


def test_close_ends_a_line_that_waits_for_an_answer(clock, meter):
    bus = Bus(clock)
    meter.silent.add(1)
    bus.refresh([Need(link_of(bus, meter, timeout_s=4), POWER)])
    meter.wait_asked(1)
    began = time.monotonic()
    bus.close()
    assert time.monotonic() - began < 0.5
    fcntl.flock(os.open(Path(meter.path), os.O_RDWR | os.O_NOCTTY), fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_three_slaves_at_9600_baud_hold_a_one_second_cycle(bus, line):
    line.turnaround_s, line.byte_s = 0.008, 10 / 9600
    for unit in (1, 2):
        line.put(unit, input=dict.fromkeys(range(100), 1))
    line.put(3, holding=dict.fromkeys(range(1000, 1010), 1))
    link = bus.modbus(ModbusSpec(device=line.path))
    bus.modbus(ModbusSpec(device=line.path, unit=3, delay_s=0.2))
    needs = [
        *(Need(link, Registers(1, Table.INPUT, address, 2)) for address in (6, 8, 10, 12, 14, 16)),
        Need(link, Registers(2, Table.INPUT, 52, 2)),
        *(Need(link, Registers(3, Table.HOLDING, address)) for address in (1000, 1002, 1006)),
    ]
    began = time.monotonic()
    for _ in range(3):
        assert bus.refresh(needs).wait(5)
    assert len(line.asked) == 9
    assert (time.monotonic() - began) / 3 < 0.5
