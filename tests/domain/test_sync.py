"""Boxes that refuse, change by themselves, are commanded by others, or start again."""

from dataclasses import replace

import pytest

from evcc_flask.domain.commands import Disable, Ending, OfferCurrent, Outcome
from evcc_flask.domain.memory import Memory
from evcc_flask.domain.settings import LoadpointSettings
from evcc_flask.domain.words import Mode, Status

OFF = LoadpointSettings(mode=Mode.OFF)
NOW = LoadpointSettings(mode=Mode.NOW)
PV = LoadpointSettings(mode=Mode.PV)


def times_of(house, name, seconds):
    """When, in seconds from now, this command is sent."""
    start = house.now_s
    found = []
    for _ in range(int(seconds // 5)):
        house.cycle(5.0)
        found += [house.now_s - start] * (name in house.sent())
    return found


def test_a_refused_start_is_repeated_and_said(bench):
    house = bench(NOW)
    house.boxes[0].refuses = True
    house.cycle()
    house.cycle()
    assert house.sent() == ["OfferCurrent", "Enable"]
    assert "command_failed" in house.codes()
    shown = house.last.loadpoints[0]
    assert (shown.enabled, shown.offered_a) == (False, 0.0), "the repetition is under way, and proves nothing"
    assert "waits_for_car" not in house.codes()
    house.boxes[0].refuses = False
    house.cycle()
    assert house.boxes[0].enabled
    house.cycle()
    assert "command_failed" not in house.codes()
    assert house.last.loadpoints[0].enabled


def test_a_refused_current_leaves_the_old_one_and_is_repeated(bench):
    house = bench(NOW)
    house.cycles(60)
    house.boxes[0].refuses = True
    house.wish(max_current_a=10.0)
    house.cycle()
    house.cycle()
    assert house.last.commands
    assert house.sent() == ["OfferCurrent"]
    house.boxes[0].refuses = False
    house.cycle()
    assert house.boxes[0].offered_a == 10


def test_a_refused_stop_is_repeated(bench):
    house = bench(NOW)
    house.cycles(60)
    house.boxes[0].refuses = True
    house.wish(mode=Mode.OFF)
    house.cycle()
    house.cycle()
    assert house.sent() == ["Disable"]


def test_a_box_that_charges_though_off_is_stopped_in_the_first_cycle_that_sees_it(bench):
    house = bench(OFF)
    house.cycles(60)
    house.boxes[0].enabled, house.boxes[0].offered_a = True, 16.0
    house.cycle()
    assert house.sent() == ["Disable"]
    assert "somebody_else" in house.codes()


def test_a_box_that_does_not_obey_is_told_again_with_growing_patience(bench):
    house = bench(OFF)
    house.cycles(60)
    house.boxes[0].enabled, house.boxes[0].offered_a, house.boxes[0].obeys = True, 16.0, False
    assert times_of(house, "Disable", 800) == [5, 20, 80, 380, 680]
    assert "does_not_obey" in house.codes()
    assert "Enable" not in house.sent()


def test_a_stopped_box_that_reports_off_and_then_on_again_is_stopped_in_that_cycle(bench):
    house = bench(NOW)
    house.cycles(60)
    box = house.boxes[0]
    house.wish(mode=Mode.OFF)
    house.cycle(2.0)
    assert house.sent() == ["Disable"]
    box.says = {"status": Status.C}
    house.cycle(2.0)
    assert house.sent() == []
    box.enabled, box.offered_a, box.says = True, 16.0, {}
    house.cycle(2.0)
    assert house.sent() == ["Disable"]
    assert "somebody_else" in house.codes()
    box.enabled, box.obeys = True, False
    assert times_of(house, "Disable", 400) == [60, 360]


def test_what_still_flows_after_our_stop_is_said_at_once_and_stopped_once(bench):
    house = bench(NOW)
    house.cycles(60)
    house.wish(mode=Mode.OFF)
    house.cycle(2.0)
    house.boxes[0].says = {"status": Status.C, "power_w": 3450.4}
    for since_s in (2, 4, 6):
        house.cycle(2.0)
        assert house.sent() == []
        assert house.fact("settles", "power_w") == 3450
        assert house.fact("settles", "since_s") == since_s
    house.boxes[0].says = {}
    house.cycle(2.0)
    assert house.codes() == ["mode_off"]


@pytest.mark.parametrize("hidden", [(), ("offered_a",), ("enabled", "offered_a")])
def test_whoever_switches_a_box_on_again_after_our_stop_is_put_right_in_that_cycle_each_time_and_named(bench, hidden):
    house = bench(NOW)
    house.boxes[0].says = dict.fromkeys(hidden)
    house.cycles(60)
    house.wish(mode=Mode.OFF)
    house.cycle(2.0)
    assert house.sent() == ["Disable"]
    for _ in range(5):
        house.cycle(2.0)
        assert house.sent() == []
        house.boxes[0].enabled, house.boxes[0].offered_a = True, 16.0
        house.cycle(2.0)
        assert house.sent() == ["Disable"]
        assert "somebody_else" in house.codes()


def test_a_box_that_says_on_all_the_time_is_told_anew_when_current_flows_again(bench):
    house = bench(NOW)
    house.cycles(60)
    house.boxes[0].says = {"enabled": True}
    house.wish(mode=Mode.OFF)
    house.cycle(2.0)
    house.cycle(2.0)
    assert house.sent() == []
    house.boxes[0].enabled = True
    house.cycle(2.0)
    assert house.sent() == ["Disable"]
    assert "somebody_else" in house.codes()


def test_a_box_stopped_before_anything_flowed_may_be_late_and_nobody_is_blamed(bench):
    house = bench(NOW)
    house.boxes[0].asleep = True
    house.cycles(20)
    house.wish(mode=Mode.OFF)
    house.cycle(2.0)
    house.cycle(2.0)
    house.boxes[0].asleep, house.boxes[0].enabled = False, True
    house.cycle(2.0)
    assert house.sent() == ["Disable"]
    assert "settles" in house.codes()
    assert "somebody_else" not in house.codes()


def test_a_car_that_charges_while_the_box_reports_off_is_stopped_and_never_switched_on(bench):
    house = bench(OFF)
    house.cycles(60)
    house.boxes[0].enabled, house.boxes[0].offered_a, house.boxes[0].obeys = True, 16.0, False
    house.boxes[0].says = {"enabled": False}
    house.cycle()
    assert house.sent() == ["Disable"]
    assert "does_not_obey" in house.codes()


def test_a_slow_box_raises_no_alarm_within_a_minute(bench):
    house = bench(NOW)
    house.cycle()
    house.boxes[0].says = {"enabled": False}
    for decision in house.cycles(50):
        assert not decision.commands
        assert "out_of_sync" not in house.codes()


def test_a_box_that_went_off_by_itself_is_switched_on_once_settled(bench):
    house = bench(NOW)
    house.cycles(30)
    house.boxes[0].enabled = False
    house.cycles(20)
    assert not house.boxes[0].enabled
    house.cycles(30)
    assert house.boxes[0].enabled


def test_a_current_changed_by_somebody_else_is_put_right_and_said(bench):
    house = bench(replace(NOW, max_current_a=10.0))
    house.cycles(120)
    house.boxes[0].offered_a = 16.0
    house.cycle()
    assert house.boxes[0].offered_a == 10
    assert "somebody_else" in house.codes()


def test_a_box_that_keeps_its_own_current_is_not_written_to_in_every_cycle(bench):
    house = bench(NOW)
    house.cycles(120)
    house.boxes[0].obeys, house.boxes[0].offered_a = False, 13.0
    assert times_of(house, "OfferCurrent", 400) == [5, 20, 80, 380]


def test_a_car_that_draws_too_much_shows_what_is_really_offered(bench):
    house = bench(replace(NOW, max_current_a=8.0))
    house.boxes[0].says = {"offered_a": None}
    house.cycles(120)
    house.boxes[0].offered_a = 16.0
    house.cycle()
    assert house.sent() == ["OfferCurrent"]
    assert house.boxes[0].offered_a == 8


def test_after_a_start_a_charging_box_goes_on_with_its_own_current(bench):
    house = bench(PV)
    house.pv_w = 7300
    house.boxes[0].enabled, house.boxes[0].offered_a = True, 10.0
    house.cycle()
    assert house.sent() == []
    assert house.last.loadpoints[0].offered_a == 10


def test_after_a_start_without_sun_the_disable_delay_still_counts(bench):
    house = bench(PV)
    house.boxes[0].enabled, house.boxes[0].offered_a = True, 10.0
    house.cycle()
    assert house.boxes[0].enabled
    assert house.codes()[0] == "stops_soon"


def test_no_command_before_a_reading_that_is_younger_than_the_start(bench):
    house = bench(NOW)
    house.memory = Memory(started_s=1005.0)
    house.boxes[0].says = {"at_s": 1000.0}
    house.cycle()
    assert house.sent() == []
    assert house.codes()[0] == "waits_for_reading"
    house.boxes[0].says = {}
    house.cycle()
    assert house.boxes[0].enabled


def test_a_silent_box_is_left_alone_and_the_other_runs(bench):
    house = bench(NOW, NOW)
    house.cycles(30)
    house.boxes[0].says = {"at_s": house.now_s}
    house.cycles(70)
    house.wish(0, max_current_a=10.0)
    house.wish(1, max_current_a=10.0)
    house.cycle()
    assert [box.offered_a for box in house.boxes] == [16, 10]
    assert house.codes(0)[0] == "charger_silent"


def test_a_switch_that_the_box_refuses_leaves_the_phases_and_is_not_repeated_at_once(bench):
    house = bench(replace(NOW, phases=3))
    house.boxes[0].traits = replace(house.boxes[0].traits, switches_phases=True)
    house.cycles(30)
    house.boxes[0].refuses = True
    house.wish(phases=1)
    assert times_of(house, "SwitchPhases", 180) == [5, 70, 135]
    assert house.last.loadpoints[0].phases_active == 3


def test_flash_memory_is_written_once_a_minute_and_not_for_an_ampere(bench):
    house = bench(PV)
    house.boxes[0].traits = replace(house.boxes[0].traits, persistent_current=True)
    house.pv_w = 7300
    house.cycles(90)
    house.pv_w = 7700
    assert times_of(house, "OfferCurrent", 180) == []
    house.pv_w = 9000
    assert len(times_of(house, "OfferCurrent", 30)) == 1
    house.pv_w = 6000
    house.cycle()
    assert "spares_flash" in house.codes()


def test_a_box_that_switches_itself_off_for_a_phase_switch_is_switched_on_again(bench):
    house = bench(replace(NOW, phases=3))
    house.boxes[0].traits = replace(house.boxes[0].traits, switches_phases=True)
    house.cycles(90)
    house.wish(phases=1)
    house.cycle()
    house.boxes[0].enabled = False
    house.cycles(20)
    assert house.boxes[0].enabled


def test_stale_measured_phases_end_with_a_switch(bench):
    house = bench(replace(NOW, phases=3))
    house.boxes[0].traits = replace(house.boxes[0].traits, switches_phases=True)
    house.cycles(120)
    assert house.memory.loadpoints[0].measured_phases == 3
    house.wish(phases=1)
    house.cycle()
    assert house.memory.loadpoints[0].measured_phases is None


def test_a_command_that_a_newer_one_overtook_is_no_failure_and_changes_nothing(bench):
    house = bench(NOW)
    house.cycles(120)
    before = house.memory.loadpoints[0].box
    house.outcomes = [Outcome(each, house.now_s, Ending.OVERTAKEN) for each in (OfferCurrent(0, 10.0), Disable(0))]
    house.cycle()
    assert (house.sent(), house.memory.loadpoints[0].box) == ([], before)
    assert "command_failed" not in house.codes()


def test_a_box_that_keeps_refusing_less_is_told_again_and_named(bench):
    house = bench(NOW)
    house.cycles(60)
    house.boxes[0].lowest_a = 15.0
    house.wish(max_current_a=10.0)
    said = []
    for _ in range(6):
        house.cycle()
        assert house.sent() == ["OfferCurrent"]
        assert house.boxes[0].enabled, "a person's maximum switches nothing off"
        said.append("does_not_obey" in house.codes())
    assert said == [False, False, False, True, True, True]
    assert house.fact("does_not_obey", "reported_a") == 16
    assert house.fact("does_not_obey", "told_a") == 10
    house.boxes[0].lowest_a = 0.0
    house.cycles(20)
    assert house.boxes[0].offered_a == 10
    assert "does_not_obey" not in house.codes()


def test_a_refused_raise_is_no_disobedience(bench):
    house = bench(NOW)
    house.wish(max_current_a=10.0)
    house.cycles(60)
    house.boxes[0].refuses = True
    house.wish(max_current_a=16.0)
    for _ in house.cycles(60):
        assert "does_not_obey" not in house.codes()
    assert "command_failed" in house.codes()
