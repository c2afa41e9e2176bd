"""Whose minimum and whose maximum counts, and what becomes of a current that a box does not take."""

from dataclasses import replace

from evcc_flask.domain.settings import Circuit, LoadpointSettings
from evcc_flask.domain.words import Mode

NOW = LoadpointSettings(mode=Mode.NOW)
FUSED = replace(NOW, circuit="main")
MAIN = Circuit("main", max_current_a=20)


def built_for(house, least_a=6.0, most_a=None):
    for box in house.boxes:
        box.traits = replace(box.traits, least_a=least_a, most_a=most_a)
    return house


def test_a_minimum_below_what_the_box_takes_is_what_the_box_takes(bench):
    house = built_for(bench(replace(NOW, min_current_a=2.0)))
    assert house.cycle().loadpoints[0].effective_min_a == 6


def test_a_box_that_takes_less_gets_less(bench):
    house = built_for(bench(replace(NOW, min_current_a=2.0, max_current_a=3.0)), least_a=0.0)
    house.cycle()
    assert house.boxes[0].offered_a == 3
    assert house.boxes[0].enabled


def test_a_fuse_that_leaves_less_than_the_box_takes_stops_it(bench):
    house = built_for(bench(replace(FUSED, min_current_a=2.0), replace(FUSED, min_current_a=2.0, priority=5)))
    house.settings = replace(house.settings, circuits=(MAIN,))
    house.boxes[1].plugged = False
    house.cycles(90)
    assert house.boxes[0].offered_a == 16
    house.boxes[1].plugged = True
    house.cycles(90)
    assert not house.boxes[0].enabled
    assert "limited_by_circuit" in house.codes(0)
    assert house.boxes[1].enabled


def test_a_maximum_below_what_the_box_takes_charges_nothing_and_says_why(bench):
    house = built_for(bench(replace(NOW, min_current_a=2.0)))
    house.cycle()
    assert house.boxes[0].enabled
    house.wish(max_current_a=3.0)
    house.cycle()
    assert not house.boxes[0].enabled
    assert house.fact("minimum_above_maximum", "minimum_a") == 6
    assert house.fact("minimum_above_maximum", "maximum_a") == 3


def test_a_box_that_refuses_to_go_down_is_switched_off_where_it_must(bench):
    house = bench(replace(FUSED, min_current_a=2.0), circuits=(MAIN,))
    house.boxes[0].lowest_a = 6.0
    house.cycles(90)
    assert house.boxes[0].offered_a == 16
    house.settings = replace(house.settings, circuits=(Circuit("main", max_current_a=4),))
    house.cycle()
    assert house.boxes[0].enabled
    house.cycle(2)
    assert not house.boxes[0].enabled


def test_a_box_is_not_asked_for_more_than_it_can_give(bench):
    house = built_for(bench(replace(NOW, max_current_a=1000.0)), most_a=16.0)
    decision = house.cycle()
    assert house.boxes[0].offered_a == 16
    assert decision.loadpoints[0].effective_max_a == 16
    assert house.fact("limited_by_charger", "limit_a") == 16


def test_currents_for_one_phase_count_bound_the_persons_and_do_not_replace_them(bench):
    house = built_for(bench(replace(NOW, max_current_3p_a=20.0, min_current_3p_a=10.0)))
    assert house.cycle().loadpoints[0].effective_max_a == 16
    house.wish(max_current_a=8.0)
    decision = house.cycle()
    assert (decision.loadpoints[0].effective_min_a, decision.loadpoints[0].effective_max_a) == (8, 8)
    assert house.boxes[0].offered_a == 8
