"""The house's balance, and the home battery's mode."""

from dataclasses import replace

import pytest

from evcc_flask.domain.commands import Ending, Outcome, SetBatteryMode
from evcc_flask.domain.memory import Memory
from evcc_flask.domain.readings import BatteryReading, MeterReading, PvReading
from evcc_flask.domain.settings import ExternalBatteryMode, LoadpointSettings
from evcc_flask.domain.snapshot import Rates
from evcc_flask.domain.words import BatteryMode, Mode

NOW = LoadpointSettings(mode=Mode.NOW)
BATTERY = BatteryReading(MeterReading("battery"), 50.0, 10.0, controllable=True)


def site(house):
    return house.cycle().site


def site_codes(house):
    return [reason.code.value for reason in house.last.site.reasons]


def test_home_power_is_what_neither_cars_nor_battery_take(bench):
    house = bench(NOW)
    house.pv_w, house.load_w = 3000, 700
    house.cycle()
    assert site(house).home_w == pytest.approx(700)


def test_battery_charging_above_the_mark_is_surplus(bench):
    house = bench(LoadpointSettings(), priority_soc_percent=40.0)
    house.battery, house.battery_w, house.pv_w = BATTERY, -2000, 2400
    assert site(house).site_power_w == pytest.approx(-2000)


def test_battery_charging_below_the_mark_is_not_and_100_w_stay_exported(bench):
    house = bench(LoadpointSettings(), priority_soc_percent=60.0)
    house.battery, house.battery_w, house.pv_w = BATTERY, -2000, 2400
    assert site(house).site_power_w == pytest.approx(100)


def test_residual_power_shifts_the_set_point(bench):
    house = bench(LoadpointSettings(), residual_power_w=300.0)
    assert site(house).site_power_w == pytest.approx(700)


def test_what_regulates_itself_counts_as_available(bench):
    house = bench(LoadpointSettings())
    house.snapshot_says = {"aux": (MeterReading("heater", 1010.0, 250.0),)}
    assert site(house).site_power_w == pytest.approx(150)


def test_dc_power_above_the_inverters_limit_cannot_reach_the_car(bench):
    house = bench(LoadpointSettings())
    house.battery, house.battery_w, house.pv_w = BATTERY, -3000, 8000
    house.snapshot_says = {"pv": (PvReading(MeterReading("pv", 1010.0, 8000.0), max_ac_w=6000.0),)}
    assert site(house).site_power_w == pytest.approx(400 - 8000 + 2000)


def test_without_a_grid_meter_cars_and_sun_make_the_balance(bench):
    house = bench(LoadpointSettings())
    house.snapshot_says, house.pv_w = {"grid": None}, 3000
    assert site(house).grid_w == -3000


def test_without_a_pv_meter_generation_is_estimated(bench):
    house = bench(LoadpointSettings())
    house.snapshot_says, house.pv_w = {"pv": ()}, 3000
    assert site(house).pv_w == 2600


@pytest.mark.parametrize("nonsense", [float("nan"), float("inf"), 1e308, -4.3e8])
def test_an_implausible_grid_value_is_missing_and_the_last_one_stands_for_a_minute(bench, nonsense):
    house = bench(LoadpointSettings())
    house.cycle()
    grid = house.snapshot().grid
    house.snapshot_says = {"grid": replace(grid, at_s=2000.0, power_w=nonsense)}
    house.cycles(60)
    assert house.last.site.grid_w == 400
    assert "implausible_value" in site_codes(house)
    house.cycle()
    assert house.last.site.grid_w is None
    assert "grid_missing" in site_codes(house)


def test_a_failed_soc_reading_does_not_look_like_an_empty_battery(bench):
    house = bench(LoadpointSettings(), priority_soc_percent=40.0)
    house.battery = BATTERY
    house.cycle()
    house.battery = replace(BATTERY, soc_percent=None)
    assert site(house).battery_soc_percent == 50


def test_soc_is_weighted_by_capacity_where_all_are_known(bench):
    house = bench(LoadpointSettings())
    one = replace(BATTERY, meter=MeterReading("a", 1010.0, 0.0), soc_percent=20.0, capacity_kwh=5.0)
    other = replace(BATTERY, meter=MeterReading("b", 1010.0, 0.0), soc_percent=80.0, capacity_kwh=15.0)
    house.snapshot_says = {"batteries": (one, other)}
    assert site(house).battery_soc_percent == 65
    house.snapshot_says = {"batteries": (one, replace(other, capacity_kwh=None))}
    assert site(house).battery_soc_percent == 50


def test_a_silent_battery_below_its_mark_leaves_no_surplus(bench):
    house = bench(LoadpointSettings(mode=Mode.PV), priority_soc_percent=60.0)
    house.pv_w = 9000
    house.snapshot_says = {"batteries": (replace(BATTERY, meter=MeterReading("battery")),)}
    house.cycle()
    assert house.codes()[0] == "battery_missing"


def test_the_house_and_its_battery_get_the_green_power_first(bench):
    house = bench(NOW)
    house.pv_w, house.load_w = 6000, 1000
    house.cycle()
    decision = house.cycle()
    assert decision.site.green_share_home == 1
    assert decision.site.green_share_loadpoints == pytest.approx(5000 / 11040)


def modes(house):
    return [command.mode for command in house.last.commands if isinstance(command, SetBatteryMode)]


def test_a_start_orders_nothing_of_the_battery(bench):
    house = bench(NOW, battery_discharge_control=True)
    house.battery = BATTERY
    house.boxes[0].plugged = False
    house.cycles(30)
    assert modes(house) == []


def test_the_battery_is_held_while_a_car_charges_fast_and_released_after(bench):
    house = bench(NOW, battery_discharge_control=True)
    house.battery = BATTERY
    house.cycle()
    house.cycle()
    assert modes(house) == [BatteryMode.HOLD]
    house.cycle()
    assert modes(house) == []
    house.wish(mode=Mode.OFF)
    house.cycle()
    assert modes(house) == [BatteryMode.NORMAL]


def test_a_battery_without_control_is_not_asked(bench):
    house = bench(NOW, battery_discharge_control=True)
    house.battery = replace(BATTERY, controllable=False)
    house.cycles(30)
    assert modes(house) == []


def test_a_refused_order_is_given_again(bench):
    house = bench(NOW, battery_discharge_control=True)
    house.battery = BATTERY
    house.cycle()
    house.cycle()
    order = SetBatteryMode(0, BatteryMode.HOLD)
    house.outcomes = [Outcome(order, house.now_s, Ending.FAILED, "busy")]
    house.cycle()
    assert modes(house) == [BatteryMode.HOLD]
    house.outcomes = [Outcome(order, house.now_s, Ending.UNAVAILABLE)]
    house.cycle()
    assert modes(house) == []


def test_an_order_from_outside_lapses_after_a_minute(bench):
    house = bench(LoadpointSettings())
    house.battery = BATTERY
    house.cycle()
    house.settings = replace(house.settings, external_battery_mode=ExternalBatteryMode(BatteryMode.CHARGE, house.now_s))
    house.cycle()
    assert modes(house) == [BatteryMode.CHARGE]
    house.cycles(50)
    assert modes(house) == []
    house.cycle()
    assert modes(house) == [BatteryMode.NORMAL]
    house.cycle()
    assert modes(house) == []


def test_cheap_power_charges_the_battery_but_not_through_an_overloaded_fuse(bench):
    house = bench(LoadpointSettings(), battery_grid_charge_limit=0.1)
    house.battery, house.rates = BATTERY, Rates(planner=0.05)
    house.cycle()
    assert modes(house) == [BatteryMode.CHARGE]
    assert house.last.site.grid_charge_active


def test_a_battery_that_is_full_is_held_while_power_is_cheap(bench):
    house = bench(LoadpointSettings(), battery_grid_charge_limit=0.1)
    house.battery, house.rates = replace(BATTERY, soc_percent=95.0, max_soc_percent=95.0), Rates(planner=0.05)
    house.cycle()
    assert modes(house) == [BatteryMode.HOLD]


def test_the_memory_knows_which_batteries_must_be_put_back(bench):
    house = bench(LoadpointSettings(), battery_grid_charge_limit=0.1)
    assert Memory().changed_batteries() == {}
    house.battery, house.rates = BATTERY, Rates(planner=0.05)
    house.cycle()
    assert house.memory.changed_batteries() == {"battery": BatteryMode.NORMAL}
