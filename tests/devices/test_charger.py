"""What a wallbox does with commands: their order, what is never written, and what it tells of itself."""

import pytest

from evcc_flask.bus.needs import Answer, ErrorKind, ReadError, Registers, Table
from evcc_flask.devices.parts import FailsafePoints, KeepAlive
from evcc_flask.devices.sources import fixed
from evcc_flask.domain.commands import Disable, Enable, Ending, OfferCurrent, SwitchPhases, WakeUp
from evcc_flask.domain.readings import Failsafe
from evcc_flask.domain.words import Status
from tests.devices.hand import Box


def test_a_disabled_box_that_starts_by_its_current_gets_it_only_when_enabled(box: Box) -> None:
    box.says(1, 0)
    charger = box.charger()
    box.send(charger, OfferCurrent(0, 10.0))
    box.link.work()
    assert box.written == []
    box.send(charger, Enable(0))
    box.link.work()
    assert box.written == [("current", 10.0)]


def test_an_enabled_box_gets_a_new_current_at_once(box: Box) -> None:
    box.says(1, 1)
    charger = box.charger()
    box.send(charger, OfferCurrent(0, 10.0), OfferCurrent(0, 12.5))
    box.link.work()
    assert box.written == [("current", 10.0), ("current", 12.5)]


def test_enabling_without_any_current_before_offers_six_ampere(box: Box) -> None:
    charger = box.charger()
    box.send(charger, Enable(0))
    box.link.work()
    assert box.written == [("current", 6.0)]


def test_a_command_given_last_counts_more_than_an_older_reading(box: Box) -> None:
    box.says(1, 1)
    charger = box.charger()
    box.clock.s += 5
    box.send(charger, Disable(0), OfferCurrent(0, 10.0))
    box.link.work()
    assert box.written == [("off", False)]


def test_a_box_with_a_switch_of_its_own_gets_current_and_switch(box: Box) -> None:
    box.says(1, 0)
    charger = box.charger(on=box.sink("on"))
    box.send(charger, OfferCurrent(0, 10.0), Enable(0))
    box.link.work()
    assert box.written == [("current", 10.0), ("on", True)]


def test_less_than_six_ampere_is_refused(box: Box) -> None:
    box.says(1, 1)
    charger = box.charger(least_a=6.0)
    box.send(charger, OfferCurrent(0, 5.9))
    box.link.work()
    assert box.written == []
    assert box.outcomes == [("OfferCurrent", Ending.FAILED, "5.9 A is below 6 A: disable instead")]


def test_whole_amperes_are_cut_never_rounded_up(box: Box) -> None:
    box.says(1, 1)
    charger = box.charger(fine=False)
    box.send(charger, OfferCurrent(0, 15.97))
    box.link.work()
    assert box.written == [("current", 15)]


def test_what_waits_for_a_busy_link_is_replaced_by_what_is_newer(box: Box) -> None:
    box.says(1, 1)
    charger = box.charger()
    box.send(charger, OfferCurrent(0, 16.0), OfferCurrent(0, 10.0), Enable(0), Disable(0), OfferCurrent(0, 8.0))
    box.link.work()
    # The first had begun; then only the newest of each kind, in their order.
    assert box.written == [("current", 16.0), ("off", False)]
    assert box.outcomes == [
        ("Enable", Ending.OVERTAKEN, ""),
        ("OfferCurrent", Ending.OVERTAKEN, ""),
        ("OfferCurrent", Ending.TAKEN, ""),
        ("Disable", Ending.TAKEN, ""),
        ("OfferCurrent", Ending.TAKEN, ""),
    ]


def test_a_refused_write_is_told_with_its_reason(box: Box) -> None:
    charger = box.charger()
    box.fails = ReadError(ErrorKind.REFUSED, "box: refused")
    box.send(charger, Enable(0))
    box.link.work()
    assert box.outcomes == [("Enable", Ending.FAILED, "box: refused")]


def test_what_a_box_cannot_do_is_not_available_and_no_error(box: Box) -> None:
    charger = box.charger()
    box.send(charger, SwitchPhases(0, 1), WakeUp(0), WakeUp(0, by_vehicle=True))
    assert box.outcomes == [(name, Ending.UNAVAILABLE, "") for name in ("SwitchPhases", "WakeUp", "WakeUp")]


def test_a_write_makes_all_that_the_box_said_due_again(box: Box) -> None:
    charger = box.charger()
    box.send(charger, Disable(0))
    box.link.work()
    assert box.link.forgotten == [1]


def test_a_failed_switch_does_not_count_as_done(box: Box) -> None:
    box.says(1, 1)
    charger = box.charger()
    box.clock.s += 1
    box.fails = ReadError(ErrorKind.TIMEOUT, "no answer")
    box.send(charger, Disable(0))
    box.link.work()
    box.fails = None
    box.send(charger, OfferCurrent(0, 9.0))
    box.link.work()
    assert box.written == [("current", 9.0)]


def test_preparation_goes_before_the_first_command_and_is_not_repeated(box: Box) -> None:
    box.says(0, "B")
    charger = box.charger(prepare=box.sink("prepare"))
    box.send(charger, Enable(0), Disable(0))
    box.link.work()
    assert [name for name, _ in box.written] == ["prepare", "current", "off"]


def test_preparation_is_repeated_when_the_box_was_gone(box: Box) -> None:
    box.says(0, "B")
    charger = box.charger(prepare=box.sink("prepare"))
    charger.renew(box.clock.s + 20)
    box.link.work()
    box.is_silent(0)
    charger.reading()
    box.says(0, "B")
    charger.reading()
    charger.renew(box.clock.s + 20)
    box.link.work()
    assert [name for name, _ in box.written] == ["prepare", "prepare"]


def test_a_box_that_is_silent_is_prepared_when_it_answers_and_not_called_upon_before(box: Box) -> None:
    charger = box.charger(prepare=box.sink("prepare"))
    for _ in range(3):
        box.is_silent(0)
        charger.reading()
        charger.renew(box.clock.s + 20)
    assert box.link.jobs == []
    box.says(0, "B")
    charger.reading()
    charger.renew(box.clock.s + 20)
    box.link.work()
    assert box.written == [("prepare", True)]


def test_a_nonsense_status_is_no_reason_to_prepare_the_box_again(box: Box) -> None:
    charger = box.charger(prepare=box.sink("prepare"))
    for word in ("B", "Z", "Z"):
        box.says(0, word)
        charger.reading()
        charger.renew(box.clock.s + 20)
        box.link.work()
    assert box.written == [("prepare", True)]


def test_nothing_is_written_before_the_first_decision(box: Box) -> None:
    charger = box.charger(prepare=box.sink("prepare"), keep_alive=KeepAlive(25.0))
    box.says(0, "C")
    charger.reading()
    assert (box.link.jobs, box.link.ticking, box.written) == ([], [], [])


def test_a_wake_up_releases_the_box_again_when_its_time_has_come(box: Box) -> None:
    charger = box.charger(wakeup=((0.0, box.sink("lock")), (10.0, box.sink("unlock"))))
    box.send(charger, WakeUp(0))
    box.link.work()
    for _ in range(3):
        box.clock.s += 5
        charger.renew(box.clock.s + 20)
        box.link.work()
    assert box.written == [("lock", True), ("unlock", True)]


@pytest.mark.parametrize(
    ("word", "status"),
    [("A", Status.A), ("B", Status.B), ("C1", Status.B), ("D1", Status.B), ("C2", Status.C), ("c", Status.C)],
)
def test_a_status_is_told_by_its_letter(box: Box, word: str, status: Status) -> None:
    box.says(0, word)
    assert box.charger().reading().status is status


@pytest.mark.parametrize("word", ["F", "E", "Z", ""])
def test_an_error_or_nonsense_is_no_status(box: Box, word: str) -> None:
    box.says(0, word)
    reading = box.charger().reading()
    assert reading.status is None
    assert reading.error


def test_an_old_status_stays_with_its_time_and_the_reason(box: Box) -> None:
    charger = box.charger()
    box.says(0, "C")
    charger.reading()
    box.clock.s += 10
    box.is_silent(0)
    reading = charger.reading()
    assert (reading.status, reading.at_s, reading.error) == (Status.C, 1000.0, "no answer")


def test_the_box_tells_its_fail_safe_and_zero_means_none(box: Box) -> None:
    points = FailsafePoints("how", Failsafe(15.0, 0.0, "how"), box.source(5), box.source(6))
    charger = box.charger(failsafe=points)
    assert charger.reading().traits.failsafe == Failsafe(15.0, 0.0, "how")
    box.says(5, 30)
    box.says(6, 8)
    assert charger.reading().traits.failsafe == Failsafe(30.0, 8.0, "how")
    box.says(5, 0)
    assert charger.reading().traits.failsafe is None


def test_a_box_without_a_power_meter_says_so(box: Box) -> None:
    box.says(0, "C")
    assert not box.charger().reading().traits.has_power
    assert box.charger(power=fixed(2300, box.clock)).reading().traits.has_power


def test_a_side_value_that_fails_is_told_beside_the_status_and_logged_once(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    box.says(0, "C")
    box.says(4, "maybe")
    charger = box.charger(energy=box.source(4))
    for _ in range(3):
        reading = charger.reading()
        assert (reading.error, reading.notes) == (None, ("energy: 'maybe' is no number",))
    assert caplog.messages == ["box: energy: 'maybe' is no number"]
    box.says(4, 7)
    assert charger.reading().notes == ()


def test_what_a_box_of_the_library_lacks_is_no_fault_what_a_user_asked_for_is(box: Box) -> None:
    box.says(0, "C")
    box.link.answers[Registers(1, Table.INPUT, 4)] = Answer(error=ReadError(ErrorKind.REFUSED, "no such register"))
    assert box.charger(energy=box.source(4)).reading().notes == ()
    assert box.charger(energy=box.source(4), own=True).reading().notes == ("energy: no such register",)


def test_of_a_box_that_is_gone_only_the_status_is_complained_of(box: Box) -> None:
    box.is_silent(0)
    box.is_silent(4)
    reading = box.charger(energy=box.source(4), own=True).reading()
    assert (reading.error, reading.notes) == ("no answer", ())
