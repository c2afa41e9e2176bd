"""The first reason is the one that decides."""

from dataclasses import replace

import pytest

from evcc_flask.domain.commands import Enable, Ending, Outcome
from evcc_flask.domain.readings import MeterReading
from evcc_flask.domain.refused import admitted
from evcc_flask.domain.settings import Circuit, LoadpointSettings
from evcc_flask.domain.words import Mode

NOW = LoadpointSettings(mode=Mode.NOW, circuit="main")


def test_a_circuit_that_stops_a_charge_comes_before_the_wish_to_charge(bench):
    house = bench(NOW, circuits=(Circuit("main", max_current_a=20, meter=True),))
    house.snapshot_says = {"circuit_meters": {"main": MeterReading("main")}}
    house.cycles(60)
    assert house.codes()[0] == "circuit_meter_missing"
    assert "mode_now" in house.codes()


def test_a_circuit_that_only_limits_comes_after_it(bench):
    house = bench(NOW, circuits=(Circuit("main", max_current_a=10),))
    house.cycles(60)
    assert house.codes()[:1] == ["mode_now"]
    assert "limited_by_circuit" in house.codes()


@pytest.mark.parametrize("milliampere", [True, False])
def test_bounds_between_which_no_step_lies_are_named(bench, milliampere):
    house = bench(LoadpointSettings(mode=Mode.NOW, min_current_a=6.52, max_current_a=6.58))
    house.boxes[0].traits = replace(house.boxes[0].traits, milliampere=milliampere)
    house.cycles(60)
    assert house.codes()[0] == "minimum_above_maximum"


def test_a_budget_that_is_spent_comes_first(bench):
    house = bench(LoadpointSettings(mode=Mode.PV))
    house.cycles(120)
    spent = replace(house.memory.loadpoints[0], switches=tuple(house.now_s - back for back in range(12, 0, -1)))
    house.memory = replace(house.memory, loadpoints=(spent,))
    house.pv_w = 12_000.0
    house.cycles(200)
    assert house.codes()[0] == "switch_budget"


def test_a_refused_switch_comes_first_also_between_two_decisions(bench):
    house = bench(NOW)
    house.boxes[0].refuses = True
    decision = house.cycle()
    assert house.codes()[0] == "mode_now"
    shown = admitted(decision, [Outcome(Enable(0), house.now_s, Ending.FAILED, "refused")]).loadpoints[0]
    assert shown.reasons[0].code.value == "command_failed"
    house.cycle()
    assert house.codes()[0] == "command_failed"


def test_a_car_that_takes_nothing_comes_first_after_half_a_minute(bench):
    house = bench(NOW)
    house.boxes[0].asleep = True
    house.cycles(20)
    assert house.codes()[0] == "mode_now"
    house.cycles(60)
    assert house.codes()[0] in ("waits_for_car", "wakes_car")


def test_a_box_that_is_lost_is_silent_before_anything_else_and_goes_on_as_it_was(bench):
    house = bench(NOW)
    house.cycles(120)
    heard_s = house.now_s
    house.boxes[0].says = {"at_s": heard_s, "error": "no answer"}
    house.cycle()
    assert house.codes()[0] == "mode_now"
    house.cycle()
    assert house.codes()[0] == "charger_silent"
    assert house.fact("charger_silent", "error") == "no answer"
    assert house.last.loadpoints[0].offered_a == 16
    house.boxes[0].says = {}
    house.cycle()
    assert house.codes()[0] == "mode_now"
    house.wish(mode=Mode.OFF)
    house.boxes[0].says = {"at_s": house.now_s, "error": "no answer"}
    house.cycles(30)
    assert house.codes()[0] == "mode_off"
