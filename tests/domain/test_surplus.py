"""Charging from the sun: when it begins and ends, how much, on how many phases."""

from dataclasses import replace

from evcc_flask.domain.readings import BatteryReading, MeterReading, VehicleReading
from evcc_flask.domain.settings import LoadpointSettings, Threshold
from evcc_flask.domain.words import Mode

PV = LoadpointSettings(mode=Mode.PV)
MINPV = LoadpointSettings(mode=Mode.MINPV)


def settled(bench, *wishes, pv_w=0.0, **site):
    """A house whose first decision, the one without a delay, lies behind it."""
    house = bench(*wishes, **site)
    house.cycle()
    house.pv_w = pv_w
    return house


def switching(house, index=0):
    house.boxes[index].traits = replace(house.boxes[index].traits, switches_phases=True)
    return house


def test_after_plugging_in_the_first_decision_has_no_delay(bench):
    house = bench(PV)
    house.pv_w = 6000
    house.cycle()
    assert house.boxes[0].enabled
    assert house.boxes[0].offered_a == 6


def test_the_surplus_must_last_for_the_enable_delay(bench):
    house = settled(bench, PV, pv_w=6000)
    house.cycle()
    assert house.codes()[0] == "starts_soon"
    assert house.fact("starts_soon", "remaining_s") == 60
    house.cycles(50)
    assert not house.boxes[0].enabled
    house.cycle()
    assert house.boxes[0].enabled


def test_a_gap_in_the_surplus_starts_the_wait_anew(bench):
    house = settled(bench, PV, pv_w=6000)
    house.cycles(50)
    house.pv_w = 1000
    house.cycle()
    assert house.fact("waits_for_sun", "missing_w") == 3540
    house.pv_w = 6000
    house.cycles(60)
    assert not house.boxes[0].enabled


def test_an_enable_threshold_replaces_the_test_for_the_minimum_power(bench):
    house = settled(bench, replace(PV, enable=Threshold(-1000.0, 0.0)), pv_w=1500)
    house.cycle()
    assert house.boxes[0].enabled


def test_the_current_follows_the_sun(bench):
    house = bench(PV)
    house.pv_w = 7300
    house.cycles(40)
    assert house.boxes[0].offered_a == 10
    house.pv_w = 5920
    house.cycle()
    assert house.boxes[0].offered_a == 8


def test_a_short_cycle_does_not_swing(bench):
    """At one decision a second the car has not followed yet; its order counts, not its draw."""
    house = bench(PV)
    house.pv_w = 7300
    house.boxes[0].traits = replace(house.boxes[0].traits, milliampere=False)
    offered = [decision.loadpoints[0].offered_a for decision in house.cycles(60, step_s=1.0)]
    assert set(offered[5:]) == {10.0}


def test_a_lasting_deficit_stops_after_the_disable_delay_and_a_cloud_does_not(bench):
    house = bench(PV)
    house.pv_w = 6000
    house.cycles(60)
    house.pv_w = 1000
    house.cycles(180)
    assert house.boxes[0].offered_a == 6
    assert house.codes()[0] == "stops_soon"
    house.pv_w = 6000
    house.cycle()
    house.pv_w = 1000
    house.cycles(180)
    assert house.boxes[0].enabled
    house.cycle()
    assert not house.boxes[0].enabled


def test_min_pv_charges_at_the_minimum_without_sun(bench):
    house = bench(MINPV)
    house.cycles(400)
    assert house.boxes[0].offered_a == 6
    assert house.codes()[0] == "minimum_current"


def test_without_a_grid_reading_pv_stops_and_min_pv_falls_to_the_minimum(bench):
    house = bench(PV, MINPV)
    house.pv_w = 14_000
    house.cycles(60)
    silent = replace(house.snapshot().grid, error="no answer")
    house.snapshot_says = {"grid": silent}
    house.cycles(60)
    assert house.boxes[0].enabled
    house.cycle()
    assert not house.boxes[0].enabled
    assert house.boxes[1].offered_a == 6
    assert house.codes()[0] == "grid_missing"


def test_an_old_grid_value_is_not_spent_twice(bench):
    """The same reading for a minute must not make the current climb cycle by cycle."""
    house = bench(PV)
    house.pv_w = 6000
    house.cycles(20)
    house.snapshot_says = {"grid": house.snapshot().grid}
    house.cycles(50)
    assert house.boxes[0].offered_a <= 8.2


def test_a_car_that_draws_less_than_offered_leaves_no_imaginary_surplus(bench):
    house = bench(PV)
    house.boxes[0].takes_a = 8.0
    house.pv_w = 7300
    house.cycles(120)
    assert house.boxes[0].offered_a <= 12


def test_three_phases_become_one_when_the_sun_carries_only_one(bench):
    house = switching(bench(PV))
    house.pv_w = 8000
    house.cycles(120)
    assert house.boxes[0].phases == 3
    house.pv_w = 2800
    house.cycle()
    assert house.codes()[0] == "one_phase_soon"
    house.cycles(180)
    assert house.boxes[0].phases == 1
    assert house.boxes[0].enabled
    house.cycles(20)
    assert house.boxes[0].offered_a == 10.4


def test_one_phase_becomes_three_when_it_is_exhausted(bench):
    house = switching(bench(PV))
    house.pv_w = 2800
    house.cycles(120)
    assert house.boxes[0].phases == 1
    house.pv_w = 8000
    house.cycle()
    assert house.codes()[0] == "three_phases_soon"
    house.cycles(60)
    assert house.boxes[0].phases == 3


def test_a_one_phase_car_is_not_switched_to_three(bench):
    house = switching(bench(PV))
    house.boxes[0].car_phases = house.boxes[0].phases = 1
    house.boxes[0].vehicle = VehicleReading("zoe", phases=1)
    house.pv_w = 2800
    house.cycles(120)
    house.pv_w = 9000
    house.cycles(300)
    assert house.boxes[0].phases == 1


def test_a_deficit_that_one_phase_cures_is_no_reason_to_stop(bench):
    """Also in the minute after a switch, in which no other may follow."""
    house = switching(bench(PV))
    house.pv_w = 2800
    house.cycles(120)
    house.pv_w = 8000
    house.cycles(80)
    assert house.boxes[0].phases == 3
    house.pv_w = 2800
    for decision in house.cycles(400):
        assert decision.loadpoints[0].enabled
        assert decision.loadpoints[0].pv_action == "inactive"
    assert house.boxes[0].phases == 1


def test_phases_are_not_switched_while_nothing_is_charged(bench):
    house = switching(settled(bench, PV))
    for pv_w in (2800, 9000, 1000, 9000, 1000):
        house.pv_w = pv_w
        house.cycles(30)
        assert "SwitchPhases" not in house.sent()


def test_the_first_start_says_on_how_many_phases(bench):
    house = switching(bench(PV))
    house.boxes[0].says = {"phases": None}
    house.pv_w = 2800
    house.cycle()
    assert house.sent() == ["SwitchPhases", "OfferCurrent", "Enable"]


def test_a_full_house_battery_starts_the_car_without_sun(bench):
    house = settled(bench, PV, buffer_soc_percent=80.0, buffer_start_soc_percent=90.0)
    house.battery = BatteryReading(MeterReading("battery"), 90.0, 10.0)
    house.cycle()
    assert house.boxes[0].offered_a == 6
    assert house.codes()[0] == "battery_start"
    house.battery = replace(house.battery, soc_percent=85.0)
    house.cycles(400)
    assert house.boxes[0].enabled
    assert house.codes()[0] == "battery_buffer"
    house.battery = replace(house.battery, soc_percent=80.0)
    house.cycles(190)
    assert not house.boxes[0].enabled


def test_boost_draws_on_the_battery_until_the_mode_changes(bench):
    house = bench(replace(PV, boost=True))
    house.battery = BatteryReading(MeterReading("battery"), 70.0, 10.0)
    house.cycle()
    assert house.boxes[0].enabled
    house.cycle()
    assert house.codes()[0] == "battery_boost"


def test_boost_does_not_go_below_the_priority_mark(bench):
    house = bench(replace(PV, boost=True), priority_soc_percent=80.0)
    house.battery = BatteryReading(MeterReading("battery"), 70.0, 10.0)
    house.cycles(60)
    assert not house.boxes[0].enabled


def test_lower_priority_gives_its_power_to_higher(bench):
    house = bench(replace(PV, priority=0), replace(PV, priority=5))
    house.boxes[1].plugged = False
    house.pv_w = 5000
    house.cycles(60)
    assert house.boxes[0].enabled
    house.boxes[1].plugged = True
    house.cycles(300)
    assert [box.enabled for box in house.boxes] == [False, True]


def test_a_waiting_higher_priority_keeps_its_surplus(bench):
    house = settled(bench, replace(PV, priority=0, enable=Threshold(0.0, 0.0)), replace(PV, priority=5), pv_w=6000)
    house.cycle()
    assert house.codes(1)[0] == "starts_soon"
    assert house.codes(0)[0] == "higher_priority_first"
    assert not house.boxes[0].enabled


def test_a_fast_charge_of_lower_priority_leaves_no_surplus(bench):
    house = bench(LoadpointSettings(mode=Mode.NOW), replace(PV, priority=5))
    house.pv_w = 6000
    house.cycle()
    assert [box.enabled for box in house.boxes] == [True, False]


def test_an_untrusted_clock_stops_no_solar_charge(bench):
    house = bench(PV)
    house.trusted, house.pv_w = False, 6000
    house.cycles(60)
    assert house.boxes[0].offered_a == 8.1
