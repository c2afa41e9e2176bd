"""When a keep-alive speaks, and what it says: the last decision, a stop included, and never more than that."""

from typing import Any

from evcc_flask.bus.needs import ErrorKind, ReadError, Table
from evcc_flask.devices.charger import SourceCharger
from evcc_flask.devices.parts import KeepAlive
from evcc_flask.domain.commands import Disable, Enable, OfferCurrent
from tests.devices.hand import Box


def test_a_keep_alive_repeats_the_last_current_while_decisions_come(box: Box) -> None:
    box.says(1, 1)
    charger = box.charger(keep_alive=KeepAlive(25.0))
    box.send(charger, OfferCurrent(0, 11.0))
    box.link.work()
    charger.renew(box.clock.s + 20)
    box.link.tick()
    assert box.written == [("current", 11.0), ("current", 11.0)]
    assert [period for period, _ in box.link.ticking] == [25.0]


def test_a_frozen_control_loop_ends_the_keep_alive_though_the_bus_lives(box: Box) -> None:
    box.says(1, 1)
    charger = box.charger(keep_alive=KeepAlive(25.0))
    box.send(charger, OfferCurrent(0, 11.0))
    box.link.work()
    charger.renew(box.clock.s + 20)
    box.clock.s += 20
    box.link.tick()
    assert box.written == [("current", 11.0)]


def test_no_lease_lasts_longer_than_a_minute(box: Box) -> None:
    charger = box.charger(keep_alive=KeepAlive(25.0))
    box.says(1, 0)
    charger.renew(box.clock.s + 3600)
    box.clock.s += 60
    box.link.tick()
    assert box.written == []


def test_a_box_held_at_zero_is_kept_at_zero_for_half_an_hour(box: Box) -> None:
    charger = box.charger(keep_alive=KeepAlive(25.0))
    box.send(charger, Disable(0))
    box.link.work()
    for _ in range(1800 // 25):
        box.clock.s += 25
        charger.renew(box.clock.s + 20)
        box.link.tick()
    assert len(box.written) == 1 + 72
    assert set(box.written) == {("off", False)}


def kept(box: Box, charger: SourceCharger) -> list[tuple[str, Any]]:
    """What the keep-alive writes when its time has come."""
    before = len(box.written)
    box.clock.s += 25
    charger.renew(box.clock.s + 20)
    box.link.tick()
    return box.written[before:]


def test_a_box_that_somebody_else_enables_after_our_stop_is_kept_at_zero(box: Box) -> None:
    box.says(1, 1)
    charger = box.charger(keep_alive=KeepAlive(25.0), offered=box.source(2))
    box.send(charger, OfferCurrent(0, 16.0), Disable(0))
    box.link.work()
    box.clock.s += 5
    box.says(1, 1)
    box.says(2, 16)
    assert kept(box, charger) == [("off", False)]
    box.send(charger, OfferCurrent(0, 8.0))
    box.link.work()
    assert kept(box, charger) == [("current", 8.0)]


def test_a_stop_that_failed_or_still_waits_is_what_the_keep_alive_writes(box: Box) -> None:
    box.says(1, 1)
    charger = box.charger(keep_alive=KeepAlive(25.0))
    box.send(charger, OfferCurrent(0, 16.0))
    box.link.work()
    box.send(charger, Disable(0))
    assert kept(box, charger) == [("off", False)]
    box.fails = ReadError(ErrorKind.TIMEOUT, "no answer")
    box.link.work()
    box.fails = None
    assert kept(box, charger) == [("off", False)]


def test_a_box_that_could_not_be_enabled_is_not_started_by_the_keep_alive(box: Box) -> None:
    charger = box.charger(keep_alive=KeepAlive(25.0))
    box.send(charger, Disable(0))
    box.link.work()
    box.fails = ReadError(ErrorKind.TIMEOUT, "no answer")
    box.send(charger, OfferCurrent(0, 16.0), Enable(0))
    box.link.work()
    box.fails = None
    box.clock.s += 5
    box.says(1, 1)
    assert kept(box, charger) == [("off", False)]


def test_a_box_that_went_off_by_itself_stays_off_until_it_is_enabled(box: Box) -> None:
    box.says(1, 1)
    charger = box.charger(keep_alive=KeepAlive(25.0))
    box.send(charger, OfferCurrent(0, 16.0))
    box.link.work()
    box.says(1, 0)
    assert kept(box, charger) == [("off", False)]
    box.says(1, 1)
    assert kept(box, charger) == [("off", False)]
    box.send(charger, Enable(0))
    box.link.work()
    assert kept(box, charger) == [("current", 16.0)]


def test_after_a_restart_a_running_charge_is_kept_as_the_box_reports_it(box: Box) -> None:
    box.says(1, 1)
    box.says(2, 13)
    charger = box.charger(keep_alive=KeepAlive(25.0), offered=box.source(2))
    charger.renew(box.clock.s + 20)
    box.link.tick()
    assert box.written == [("current", 13.0)]


def test_a_heartbeat_is_written_as_often_as_the_box_asks(box: Box) -> None:
    box.says(3, 40)
    charger = box.charger(keep_alive=KeepAlive(5.0, write=box.sink("heartbeat"), timeout_s=box.source(3)))
    for _ in range(9):
        charger.renew(box.clock.s + 20)
        box.link.tick()
        box.clock.s += 5
    # At 0, 20 and 40 s: half of the 40 s that the box reports.
    assert box.written == [("heartbeat", True)] * 3


def test_a_box_that_wants_to_be_read_is_read_only_when_the_regular_poll_is_late(box: Box) -> None:
    reads: list[tuple[int, Table, int, int]] = []

    class Wire:
        def read(self, *asked: Any) -> tuple[int, ...]:
            reads.append(asked)
            return (2,)

    charger = box.charger(keep_alive=KeepAlive(4.0, read=box.source(0)))
    for silent_s in (0, 1, 4):
        box.says(0, "B")
        box.clock.s += silent_s
        charger.renew(box.clock.s + 20)
        box.link.tick(Wire())
    assert reads == [(1, Table.INPUT, 0, 1)]
