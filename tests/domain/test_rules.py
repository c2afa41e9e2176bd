"""Which rule decides, and what it says."""

from dataclasses import replace

from evcc_flask.domain.readings import VehicleReading
from evcc_flask.domain.settings import LoadpointSettings, Plan
from evcc_flask.domain.snapshot import Rates
from evcc_flask.domain.words import Feature, Mode

OFF = LoadpointSettings(mode=Mode.OFF)
NOW = LoadpointSettings(mode=Mode.NOW)
PV = LoadpointSettings(mode=Mode.PV)
MINPV = LoadpointSettings(mode=Mode.MINPV)


def test_no_car_no_current(bench):
    house = bench(NOW)
    house.boxes[0].plugged = False
    house.cycle()
    assert house.sent() == []
    assert house.codes() == ["not_connected"]


def test_off_stops_at_once_and_without_any_reading(bench):
    house = bench(NOW)
    house.cycles(30)
    assert house.boxes[0].enabled
    house.boxes[0].says = {"at_s": 1000.0, "error": "no answer"}
    house.snapshot_says = {"grid": None, "pv": ()}
    house.now_s += 100
    house.wish(mode=Mode.OFF)
    house.cycle()
    assert house.sent() == ["Disable"]
    assert house.codes() == ["mode_off", "charger_silent"]


def test_off_overrules_plan_price_and_minimum_soc(bench):
    house = bench(replace(OFF, plan=Plan(active=True), smart_cost_limit=1.0))
    house.boxes[0].vehicle = VehicleReading("car", soc_percent=5.0, min_soc_percent=20.0)
    house.rates = Rates(planner=0.1)
    house.cycle()
    assert not house.boxes[0].enabled


def test_now_charges_as_fast_as_allowed_and_says_who_allows(bench):
    house = bench(NOW)
    house.boxes[0].vehicle = VehicleReading("car", max_current_a=13.0)
    house.cycle()
    assert house.sent() == ["OfferCurrent", "Enable"]
    assert house.boxes[0].offered_a == 13
    assert house.codes()[:2] == ["mode_now", "limited_by_vehicle"]


def test_now_goes_on_without_a_grid_meter_reading(bench):
    house = bench(NOW)
    house.cycle()
    house.snapshot_says = {"grid": replace(house.snapshot().grid, power_w=None)}
    house.cycles(120)
    assert house.boxes[0].offered_a == 16


def test_a_nearly_empty_car_is_filled_to_its_minimum_in_solar_mode(bench):
    house = bench(PV)
    house.boxes[0].vehicle = VehicleReading("car", soc_percent=12.0, min_soc_percent=20.0)
    house.cycle()
    assert house.boxes[0].offered_a == 16
    assert house.fact("minimum_soc", "minimum_percent") == 20


def test_minimum_soc_counts_energy_where_the_car_tells_nothing(bench):
    house = bench(PV)
    car = VehicleReading("car", soc_percent=0.0, min_soc_percent=10.0, capacity_kwh=8.5)
    house.boxes[0].vehicle = car
    house.cycle()
    assert house.codes()[0] == "minimum_soc"
    house.cycles(420)
    assert house.last.loadpoints[0].session_energy_wh > 1000
    assert house.codes()[0] != "minimum_soc"


def test_an_active_plan_charges_fast_over_the_limits(bench):
    house = bench(replace(PV, plan=Plan(active=True, finish="05:15"), limit_soc_percent=50))
    house.boxes[0].vehicle = VehicleReading("car", soc_percent=60.0)
    house.cycle()
    assert house.boxes[0].offered_a == 16
    assert house.fact("plan_active", "finish") == "05:15"


def test_the_energy_limit_ends_the_charge(bench):
    house = bench(replace(NOW, limit_energy_kwh=0.1))
    house.cycles(60)
    assert house.codes()[0] == "energy_limit"
    assert not house.boxes[0].enabled


def test_the_soc_limit_ends_the_charge_and_100_percent_never_does(bench):
    house = bench(replace(NOW, limit_soc_percent=80))
    house.boxes[0].vehicle = VehicleReading("car", soc_percent=80.0)
    house.cycle()
    assert house.codes()[0] == "soc_limit"
    house.wish(limit_soc_percent=100)
    house.boxes[0].vehicle = VehicleReading("car", soc_percent=100.0)
    house.cycle()
    assert house.boxes[0].enabled


def test_at_the_limit_a_car_that_heats_keeps_the_minimum(bench):
    house = bench(replace(NOW, limit_soc_percent=80))
    house.boxes[0].vehicle = VehicleReading("car", soc_percent=90.0, climater=True)
    house.cycle()
    assert house.boxes[0].offered_a == 6
    assert house.codes()[:2] == ["soc_limit", "climater"]


def test_cheap_power_charges_fast_and_its_end_is_not_delayed(bench):
    house = bench(replace(PV, smart_cost_limit=0.0))
    house.rates = Rates(planner=-0.01)
    house.cycle()
    assert house.boxes[0].offered_a == 16
    house.rates = Rates(planner=0.2)
    house.cycle()
    assert not house.boxes[0].enabled


def test_a_good_feed_in_price_holds_solar_mode_back_and_leaves_min_pv_its_minimum(bench):
    house = bench(replace(PV, smart_feed_in_limit=0.1), replace(MINPV, smart_feed_in_limit=0.1))
    house.pv_w, house.rates = 12_000, Rates(feed_in=0.15)
    house.cycle()
    assert [box.enabled for box in house.boxes] == [False, True]
    assert house.boxes[1].offered_a == 6
    assert house.codes()[0] == "feed_in_priority"


def test_a_welcome_charge_lasts_one_cycle(bench):
    house = bench(OFF)
    house.boxes[0].traits = replace(house.boxes[0].traits, features=frozenset({Feature.WELCOME_CHARGE}))
    house.cycle()
    assert house.codes()[0] == "welcome_charge"
    assert house.boxes[0].offered_a == 6
    house.cycle()
    assert not house.boxes[0].enabled


def test_phases_that_a_person_chose_come_before_everything_else(bench):
    house = bench(replace(NOW, phases=3))
    house.boxes[0].traits = replace(house.boxes[0].traits, switches_phases=True)
    house.cycles(30)
    house.wish(phases=1)
    house.cycle()
    assert house.sent() == ["SwitchPhases"]
    assert house.boxes[0].phases == 1


def test_a_minimum_above_the_maximum_charges_nothing_and_is_said(bench):
    house = bench(NOW)
    house.boxes[0].vehicle = VehicleReading("car", min_current_a=20.0)
    house.cycle()
    assert not house.boxes[0].enabled
    assert house.fact("minimum_above_maximum", "minimum_a") == 20


def test_a_charger_that_knows_its_minimum_is_believed(bench):
    house = bench(MINPV)
    house.boxes[0].says = {"min_current_a": 8.0}
    house.cycle()
    assert house.boxes[0].offered_a == 8


def test_currents_of_one_and_of_three_phases_are_told_apart(bench):
    house = bench(replace(NOW, max_current_a=20.0, max_current_1p_a=20.0, max_current_3p_a=10.0))
    house.boxes[0].traits = replace(house.boxes[0].traits, switches_phases=True)
    house.cycle()
    assert house.boxes[0].offered_a == 10
    house.wish(phases=1)
    house.cycle()
    house.cycle()
    assert house.boxes[0].offered_a == 20


def test_leaving_ends_what_was_meant_for_one_session(bench):
    house = bench(replace(NOW, default_mode=Mode.PV, limit_soc_percent=80, limit_energy_kwh=5.0))
    house.cycles(30)
    house.boxes[0].plugged = False
    house.cycle()
    left = house.settings.loadpoints[0]
    assert (left.mode, left.limit_soc_percent, left.limit_energy_kwh) == (Mode.PV, 0, 0.0)


def test_a_broken_minimum_is_rounded_up_for_a_box_of_whole_amperes(bench):
    house = bench(replace(MINPV, min_current_a=6.5))
    house.boxes[0].traits = replace(house.boxes[0].traits, milliampere=False)
    house.cycle()
    assert house.boxes[0].offered_a == 7


def test_whole_amperes_for_a_box_that_knows_no_others(bench):
    house = bench(replace(NOW, max_current_a=13.7))
    house.boxes[0].traits = replace(house.boxes[0].traits, milliampere=False)
    house.cycle()
    assert house.boxes[0].offered_a == 13


def test_off_hides_no_error_of_the_box(bench):
    house = bench(LoadpointSettings(mode=Mode.OFF))
    house.cycle()
    assert house.codes() == ["mode_off"]
    house.boxes[0].says = {"status": None, "error": "the box reports an error (state F)"}
    house.cycle()
    assert house.codes() == ["mode_off", "charger_silent"]
    assert house.fact("charger_silent", "error") == "the box reports an error (state F)"
    house.boxes[0].says = {}
    house.cycle()
    assert house.codes() == ["mode_off"]
