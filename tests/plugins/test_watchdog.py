"""Repetitions that end with the decisions: the dead man's handle."""

import pytest

from evcc_flask.bus.needs import ErrorKind, ReadError
from evcc_flask.plugins.made import Written
from evcc_flask.plugins.watchdog import Repeater


class HandLink:
    """A link whose timers a test fires."""

    def __init__(self):
        self.name = "line"
        self.timers = {}

    def every(self, period_s, job):
        key = object()
        self.timers[key] = (period_s, job)
        return lambda: self.timers.pop(key, None)

    def tick(self):
        for _, job in list(self.timers.values()):
            job(None)


class Handle:
    def __init__(self):
        self.held = True

    def alive(self):
        return self.held


class Bench:
    def __init__(self, clock, **keys):
        self.clock, self.lease, self.link, self.sent = clock, Handle(), HandLink(), []
        self.fails = False
        sink = Written(self.link, self._send)
        self.dog = Repeater(sink, self, 60.0, frozenset(keys.pop("reset", {"1"})), defer=keys.pop("defer", False))

    def _send(self, value):
        if self.fails:
            raise ReadError(ErrorKind.TIMEOUT, "silent")
        self.sent.append(value)


@pytest.fixture
def bench(hand_clock):
    return Bench(hand_clock)


def test_a_value_is_repeated_every_half_time_out(bench):
    bench.dog.write(2)
    ((period_s, _),) = bench.link.timers.values()
    bench.link.tick()
    assert (period_s, bench.sent) == (30.0, [2, 2])


def test_nothing_is_repeated_once_decisions_cease(bench):
    bench.dog.write(2)
    bench.lease.held = False
    bench.link.tick()
    assert bench.sent == [2]


def test_repetition_goes_on_when_decisions_come_back(bench):
    bench.dog.write(2)
    bench.lease.held = False
    bench.link.tick()
    bench.lease.held = True
    bench.link.tick()
    assert bench.sent == [2, 2]


def test_a_reset_value_ends_the_repetition(bench):
    bench.dog.write(2)
    bench.dog.write(1)
    bench.link.tick()
    assert (bench.sent, bench.link.timers) == ([2, 1], {})


def test_a_new_value_replaces_the_old_one(bench):
    bench.dog.write(2)
    bench.dog.write(3)
    bench.link.tick()
    assert bench.sent == [2, 3, 3]


def test_false_resets_where_reset_is_0(hand_clock):
    bench = Bench(hand_clock, reset={"0"})
    bench.dog.write(False)
    assert bench.link.timers == {}


def test_a_write_that_fails_is_told_and_not_repeated(bench):
    bench.fails = True
    with pytest.raises(ReadError):
        bench.dog.write(2)
    assert bench.link.timers == {}


def test_a_deferred_change_waits_until_the_old_value_has_lapsed(hand_clock):
    bench = Bench(hand_clock, defer=True)
    bench.dog.write(2)
    hand_clock.s += 20
    bench.dog.write(3)
    ((wait_s, _),) = bench.link.timers.values()
    assert (wait_s, bench.sent) == (40.0, [2])
    hand_clock.s += 40
    bench.link.tick()
    assert bench.sent == [2, 3]
    ((period_s, _),) = bench.link.timers.values()
    assert period_s == 30.0


def test_an_initial_value_is_repeated_and_never_written_before_a_decision(bench):
    bench.lease.held = False
    bench.dog.expect(2)
    bench.link.tick()
    assert bench.sent == []
    bench.lease.held = True
    bench.link.tick()
    assert bench.sent == [2]


def test_the_plugin_is_built_of_its_settings(refused, put, read):
    memo = {"source": "js", "vm": "house", "script": "state.mode = batterymode"}
    node = {"source": "watchdog", "timeout": "60s", "reset": [1, 4], "set": memo}
    put(node, 2, "batterymode")
    assert read({"source": "js", "vm": "house", "script": "state.mode"}) == 2
