"""Fuses: by house phase, by power, by priority, measured or summed."""

from dataclasses import replace

from evcc_flask.domain.guard import guard
from evcc_flask.domain.readings import MeterReading
from evcc_flask.domain.settings import Circuit, LoadpointSettings
from evcc_flask.domain.words import Mode

NOW = LoadpointSettings(mode=Mode.NOW, circuit="main")
MAIN = Circuit("main", max_current_a=20)
METERED = Circuit("main", max_current_a=20, meter=True)


def meter(house, *others_a, at_s=None, **says):
    """The circuit's meter sees the cars and these other loads, from now on each time it is asked."""
    lines = list(others_a or (0.0, 0.0, 0.0))
    for box, wish in zip(house.boxes, house.settings.loadpoints, strict=True):
        for own, line in enumerate(wish.phase_order):
            lines[line] += box.currents_a[own]
    reading = MeterReading(
        "main", house.now_s + 10 if at_s is None else at_s, 230 * sum(lines), currents_a=tuple(lines)
    )
    house.snapshot_says = {"circuit_meters": {"main": replace(reading, **says)}}


def test_a_circuit_is_named_as_the_limit(bench):
    house = bench(replace(NOW, max_current_a=32.0), circuits=(MAIN,))
    house.cycle()
    assert house.boxes[0].offered_a == 20
    assert house.fact("limited_by_circuit", "circuit") == "main"
    assert house.fact("limited_by_circuit", "limit_a") == 20


def test_two_cars_are_never_promised_the_same_amperes(bench):
    house = bench(NOW, NOW, circuits=(MAIN,))
    for _ in range(30):
        house.cycle()
        assert sum(box.offered_a for box in house.boxes if box.enabled) <= 20


def test_a_car_that_sleeps_does_not_block_the_other(bench):
    house = bench(NOW, NOW, circuits=(MAIN,))
    house.boxes[0].asleep = True
    house.cycles(90)
    assert house.boxes[1].offered_a == 16


def test_a_car_that_takes_little_leaves_the_rest_to_the_other(bench):
    house = bench(NOW, NOW, circuits=(MAIN,))
    house.boxes[0].takes_a = 8.0
    house.cycles(120)
    assert house.boxes[0].offered_a == 10
    assert house.boxes[1].offered_a == 10


def test_a_one_phase_car_is_not_throttled_by_another_phase(bench):
    house = bench(NOW, replace(NOW, phase_order=(1, 2, 0)), circuits=(MAIN,))
    for box in house.boxes:
        box.car_phases = box.phases = 1
        box.traits = replace(box.traits, physical_phases=1)
    house.cycles(60)
    assert [box.offered_a for box in house.boxes] == [16, 16]


def test_three_phases_that_do_not_fit_become_one(bench):
    house = bench(replace(NOW, circuit="garage"), circuits=(Circuit("garage", max_power_w=3000),))
    house.boxes[0].traits = replace(house.boxes[0].traits, switches_phases=True)
    house.cycles(120)
    assert house.boxes[0].phases == 1
    assert house.boxes[0].offered_a == 13


def test_power_limits_hold_up_the_tree(bench):
    circuits = (Circuit("house", max_power_w=9000), Circuit("main", parent="house", max_current_a=32))
    house = bench(NOW, NOW, circuits=circuits)
    for _ in range(30):
        house.cycle()
        assert sum(box.power_w for box in house.boxes) <= 9000
    assert house.fact("limited_by_circuit", "circuit", 1) == "house"


def test_higher_priority_takes_the_amperes_once_the_lower_has_let_go(bench):
    house = bench(NOW, replace(NOW, priority=5), circuits=(Circuit("main", max_current_a=16),))
    house.boxes[1].plugged = False
    house.cycles(60)
    assert house.boxes[0].offered_a == 16
    house.boxes[1].plugged = True
    house.cycle()
    assert [box.enabled for box in house.boxes] == [False, False]
    house.cycles(20)
    assert [box.enabled for box in house.boxes] == [False, True]


def test_an_overload_cuts_the_lower_priority_and_leaves_the_higher(bench):
    house = bench(NOW, replace(NOW, priority=5), circuits=(replace(METERED, max_current_a=32),))
    for _ in range(3):
        meter(house, 0.0, 0.0, 0.0)
        house.cycle()
    assert [box.offered_a for box in house.boxes] == [16, 16]
    meter(house, 6.0, 6.0, 6.0)
    house.cycle()
    assert [box.offered_a for box in house.boxes] == [10, 16]


def test_after_a_cut_currents_rise_once_it_was_calm_for_15_s(bench):
    house = bench(NOW, circuits=(METERED,))
    meter(house)
    house.cycle()
    meter(house, 10.0, 0.0, 0.0)
    house.cycle()
    assert house.boxes[0].offered_a == 10
    meter(house)
    house.cycle()
    assert house.codes()[-1] == "circuit_calms_down"
    assert house.boxes[0].offered_a == 10
    meter(house)
    house.cycle()
    assert house.boxes[0].offered_a == 16


def test_an_overload_is_decided_at_once_and_once_per_reading(bench):
    house = bench(NOW, circuits=(METERED,))
    meter(house)
    house.cycle()
    meter(house, 10.0, 0.0, 0.0, at_s=house.now_s + 2)
    house.now_s += 3
    assert guard(house.snapshot(), house.settings, house.memory, house.now)
    house.cycle(0.0)
    house.boxes[0].says = {"at_s": house.now_s - 2}
    house.now_s += 1
    assert not guard(house.snapshot(), house.settings, house.memory, house.now)


def test_nothing_is_urgent_without_an_overload(bench):
    house = bench(NOW, circuits=(METERED,))
    meter(house)
    house.cycle()
    house.now_s += 2
    assert not guard(house.snapshot(), house.settings, house.memory, house.now)


def test_a_failed_command_is_urgent_after_10_s(bench):
    house = bench(NOW)
    house.boxes[0].refuses = True
    house.cycle()
    house.now_s += 5
    assert not guard(house.snapshot(), house.settings, house.memory, house.now)
    house.now_s += 5
    assert guard(house.snapshot(), house.settings, house.memory, house.now)


def test_a_circuit_meter_that_was_never_read_allows_nothing(bench):
    house = bench(NOW, circuits=(METERED,))
    house.cycle()
    assert not house.boxes[0].enabled
    assert "circuit_meter_missing" in house.codes()


def test_a_silent_circuit_meter_stops_its_loadpoints_after_a_minute(bench):
    house = bench(NOW, circuits=(METERED,))
    meter(house)
    house.cycle()
    house.cycles(60)
    assert house.boxes[0].enabled
    house.cycle()
    assert not house.boxes[0].enabled


def test_a_current_limit_is_not_guarded_by_a_meter_without_currents(bench):
    house = bench(NOW, circuits=(METERED,))
    for _ in range(8):
        meter(house, currents_a=None)
        house.cycle()
    assert not house.boxes[0].enabled


def test_export_on_a_phase_makes_room_for_it(bench):
    house = bench(replace(NOW, max_current_a=32.0), circuits=(METERED,))
    reading = MeterReading("main", 1010.0, -2070.0, powers_w=(-690.0,) * 3, currents_a=(3.0,) * 3)
    house.snapshot_says = {"circuit_meters": {"main": reading}}
    house.cycle()
    assert house.boxes[0].offered_a == 23


def test_a_house_without_circuits_says_so(bench):
    house = bench(NOW)
    assert "unprotected" in [reason.code.value for reason in house.cycle().site.reasons]
    assert not house.last.site.protected
