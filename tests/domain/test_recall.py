"""Killed and started again: the charge goes on as it was, its energy is complete, and no contactor pays for it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from evcc_flask.domain.commands import OfferCurrent
from evcc_flask.domain.memory import Memory
from evcc_flask.domain.moment import Moment
from evcc_flask.domain.readings import ChargerTraits
from evcc_flask.domain.recall import recalled, remembered
from evcc_flask.domain.settings import LoadpointSettings
from evcc_flask.domain.words import Mode

NOW = LoadpointSettings(mode=Mode.NOW)
PV = LoadpointSettings(mode=Mode.PV)
TELLS_NOTHING = {"enabled": None, "offered_a": None}


def killed(house, away_s=30.0):
    """Started again after ``away_s``, with the memory of the last cycle and a new count of seconds."""
    kept = json.loads(json.dumps(remembered(house.memory, house.now.wall)))
    back = house.now_s + away_s
    for box in house.boxes:
        box.energy_kwh += box.power_w * away_s / 3.6e6
    wall = house.now.wall + timedelta(seconds=away_s)
    house.memory = recalled(kept, Moment(back, wall))
    house.now_s = back


def charged_kwh(house):
    return house.last.loadpoints[0].session_energy_wh / 1000


def without_meter(house):
    house.boxes[0].traits = ChargerTraits(has_power=False)
    house.boxes[0].says = TELLS_NOTHING
    return house


def test_a_box_that_reports_no_current_goes_on_with_what_it_was_told(bench):
    house = without_meter(bench(PV))
    house.pv_w = 7300.0
    house.cycles(180)
    assert house.last.loadpoints[0].offered_a == 10
    killed(house)
    for decision in house.cycles(300):
        assert decision.loadpoints[0].offered_a == 10
        assert set(decision.commands) <= {OfferCurrent(0, 10.0)}
    assert house.boxes[0].offered_a == 10


def test_a_current_younger_than_the_memory_is_put_right_in_a_box_that_does_not_tell_it(bench):
    house = without_meter(bench(replace(NOW, max_current_a=10.0)))
    house.cycles(60)
    killed(house)
    house.boxes[0].offered_a = 16.0
    house.cycle()
    assert house.boxes[0].offered_a == 10
    house.cycle()
    assert house.sent() == []


def test_what_the_box_reports_wins_over_what_it_was_told(bench):
    house = bench(PV)
    house.pv_w = 7300.0
    house.cycles(180)
    killed(house)
    house.boxes[0].offered_a = 8.0
    house.pv_w = 400.0 + 8 * 690
    decision = house.cycle()
    assert decision.loadpoints[0].offered_a == 8
    assert decision.commands == ()


def test_what_was_told_counts_no_more_when_the_car_has_left(bench):
    house = bench(NOW)
    house.cycles(60)
    killed(house)
    house.boxes[0].plugged = False
    house.boxes[0].says = TELLS_NOTHING
    decision = house.cycle()
    assert decision.loadpoints[0].offered_a == 0
    assert house.memory.loadpoints[0].box.told_a is None


def test_a_box_that_is_silent_after_the_start_is_not_touched(bench):
    house = bench(NOW)
    house.cycles(60)
    killed(house)
    house.boxes[0].says = {"at_s": None, "status": None}
    assert all(decision.commands == () for decision in house.cycles(120))
    house.boxes[0].says = {}
    assert house.cycle().commands == ()


def test_a_crash_loop_gets_no_fresh_budget(bench):
    house = bench(PV)
    house.cycle()
    (loadpoint,) = house.memory.loadpoints
    times = tuple(house.now_s - age for age in (3000.0, 1200.0, 60.0))
    house.memory = replace(house.memory, loadpoints=(replace(loadpoint, switches=times, phase_switches=times[1:]),))
    for _ in range(3):
        killed(house, away_s=100.0)
        house.cycle()
    shown = house.last.loadpoints[0]
    assert shown.switches_last_hour == 3
    assert shown.phase_switches_last_hour == 2
    killed(house, away_s=400.0)
    house.cycle()
    assert house.last.loadpoints[0].switches_last_hour == 2


@pytest.mark.parametrize("meter", [True, False], ids=["power", "nothing"])
def test_without_a_counter_the_energy_goes_on_over_a_restart(bench, meter):
    house = bench(NOW)
    if meter:
        house.boxes[0].says = {"energy_kwh": None}
    else:
        without_meter(house)
    house.cycles(300)
    before, seconds = charged_kwh(house), house.last.loadpoints[0].charge_duration_s
    killed(house, away_s=290.0)
    house.cycle()
    assert charged_kwh(house) == pytest.approx(before + 11.04 * 300 / 3600, rel=0.01)
    assert house.last.loadpoints[0].charge_duration_s == pytest.approx(seconds + 300, abs=1)
    house.cycles(60)
    assert charged_kwh(house) == pytest.approx(before + 11.04 * 360 / 3600, rel=0.01)


def test_power_that_changed_meanwhile_counts_half_before_and_half_after(bench):
    house = bench(NOW)
    house.boxes[0].says = {"energy_kwh": None}
    house.cycles(120)
    before = charged_kwh(house)
    killed(house, away_s=350.0)
    house.boxes[0].takes_a = 8.0
    house.cycle()
    assert charged_kwh(house) == pytest.approx(before + 0.75 * 11.04 * 360 / 3600, rel=0.01)


def test_an_unheard_box_and_a_second_crash_lose_no_energy(bench):
    house = bench(NOW)
    house.boxes[0].says = {"energy_kwh": None}
    house.cycles(120)
    before = charged_kwh(house)
    killed(house, away_s=100.0)
    house.boxes[0].says = {"energy_kwh": None, "at_s": None, "status": None}
    house.cycles(100)
    killed(house, away_s=90.0)
    house.boxes[0].says = {"energy_kwh": None}
    house.cycle()
    assert charged_kwh(house) == pytest.approx(before + 11.04 * 300 / 3600, rel=0.01)


@pytest.mark.parametrize("why", ["long", "stopped", "clock"])
def test_energy_that_nobody_can_know_is_not_invented(bench, why):
    house = bench(NOW)
    house.boxes[0].says = {"energy_kwh": None}
    house.cycles(120)
    before = charged_kwh(house)
    if why == "clock":
        kept = remembered(house.memory, None)
        house.memory = recalled(kept, Moment(house.now_s, house.now.wall))
    else:
        killed(house, away_s=601.0 if why == "long" else 60.0)
    house.boxes[0].asleep = why == "stopped"
    house.cycle()
    assert charged_kwh(house) == pytest.approx(before)


def test_a_counter_stays_exact_over_a_restart(bench):
    house = bench(NOW)
    house.cycles(120)
    before = charged_kwh(house)
    killed(house, away_s=300.0)
    house.boxes[0].energy_kwh -= 0.5
    house.cycle()
    assert charged_kwh(house) == pytest.approx(before + 11.04 * 310 / 3600 - 0.5, rel=0.001)


@pytest.mark.parametrize(
    "kept", [{"box": 7}, {"box": {"offered_a": "x", "phases": []}}, {"switches_age_s": [None, "a"]}]
)
def test_damage_in_what_was_told_is_left_out(bench, kept):
    house = bench(NOW)
    house.cycles(60)
    good = remembered(house.memory, house.now.wall)
    damaged = {**good, "loadpoints": [{**good["loadpoints"][0], **kept}]}
    assert isinstance(recalled(damaged, house.now), Memory)


FOR_THE_NEXT = {"limit_soc_percent": 80, "limit_energy_kwh": 12.0, "vehicle": "golf", "chosen": True}


def for_the_next(house):
    settings = house.settings.loadpoints[0]
    return {name: getattr(settings, name) for name in FOR_THE_NEXT}


def test_what_is_chosen_for_the_next_car_is_kept_over_restarts(bench):
    house = bench(PV)
    house.boxes[0].plugged = False
    house.cycle()
    house.wish(**FOR_THE_NEXT)
    for _ in range(2):
        house.cycle()
        killed(house)
        assert house.cycle().changes == ()
    assert for_the_next(house) == FOR_THE_NEXT


def test_what_stood_in_the_database_before_the_first_start_is_kept(bench):
    house = bench(replace(PV, **FOR_THE_NEXT))
    house.boxes[0].plugged = False
    assert house.cycle().changes == ()
    assert for_the_next(house) == FOR_THE_NEXT


def test_what_was_meant_for_a_car_that_left_meanwhile_ends(bench):
    house = bench(replace(PV, **FOR_THE_NEXT, default_mode=Mode.OFF))
    house.cycles(30)
    killed(house)
    house.boxes[0].plugged = False
    assert {change.rule for change in house.cycle().changes} == {"restart"}
    assert for_the_next(house) == {
        "limit_soc_percent": 0,
        "limit_energy_kwh": 0.0,
        "vehicle": None,
        "chosen": False,
    }
    assert house.settings.loadpoints[0].mode is Mode.OFF


def test_the_car_of_the_file_stands_at_an_empty_place_from_the_first_start_on(bench):
    house = bench(replace(PV, default_vehicle="golf"))
    house.boxes[0].plugged = False
    house.cycle()
    assert house.settings.loadpoints[0].vehicle == "golf"
