"""The simulated house obeys physics: what it shows adds up, and the same house always lives the same life."""

import itertools
from dataclasses import replace
from datetime import datetime, time, timedelta
from math import degrees
from zoneinfo import ZoneInfo

import pytest

from evcc_flask.domain.words import BatteryMode
from evcc_flask.simulation.description import (
    BatteryDescription,
    BoxDescription,
    CarDescription,
    HouseDescription,
    PvDescription,
    Stay,
    sunny_house,
)
from evcc_flask.simulation.house import House
from evcc_flask.simulation.sun import cloud_cover, sun_position

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 6, 21, 12, 0, tzinfo=BERLIN)
MIDNIGHT = datetime(2026, 6, 21, 0, 0, tzinfo=BERLIN)


def charging_house(**changes: object) -> House:
    """One box, switched on, one car, sun and family told: 6000 W and 400 W."""
    house = House(replace(HouseDescription(NOON), **changes))
    house.forced_pv_w, house.forced_load_w = 6000.0, 400.0
    house.boxes[0].set_enabled(True)
    return house


def lived(house: House, seconds: float) -> House:
    house.step(house.now + timedelta(seconds=seconds))
    return house


def test_powers_add_up_at_every_moment_of_a_day():
    house = House(sunny_house(MIDNIGHT))
    for box in house.boxes:
        box.set_enabled(True)
    for minute in range(24 * 60):
        house.step(MIDNIGHT + timedelta(minutes=minute))
        used_w = house.load_w + sum(box.power_w for box in house.boxes)
        given_w = sum(string.power_w for string in house.pv) + sum(battery.power_w for battery in house.batteries)
        assert house.grid.power_w == pytest.approx(used_w - given_w, abs=0.01), house.now
        assert house.grid.power_w == pytest.approx(sum(house.grid.powers_w), abs=0.01)


def test_the_same_description_lives_the_same_day():
    first, second = (lived(House(sunny_house(NOON, seed=5)), 7200) for _ in range(2))
    assert first.grid.import_kwh == second.grid.import_kwh
    assert first.grid.powers_w == second.grid.powers_w


def test_another_seed_lives_another_day():
    first, second = (lived(House(sunny_house(NOON, seed=seed)), 7200) for seed in (1, 2))
    assert first.grid.export_kwh != second.grid.export_kwh


def test_short_and_long_steps_lead_to_the_same_place():
    short, long = (House(sunny_house(NOON)) for _ in range(2))
    short.boxes[0].set_enabled(True)
    long.boxes[0].set_enabled(True)
    for _ in range(1800):
        lived(short, 1)
    lived(long, 1800)
    assert short.boxes[0].energy_kwh == pytest.approx(long.boxes[0].energy_kwh, abs=0.05)
    assert short.grid.export_kwh == pytest.approx(long.grid.export_kwh, rel=0.01)


def test_a_time_that_has_passed_changes_nothing():
    house = lived(charging_house(), 60)
    before = house.grid.import_kwh, house.boxes[0].energy_kwh
    house.step(NOON)
    assert (house.grid.import_kwh, house.boxes[0].energy_kwh) == before


@pytest.mark.parametrize(("day", "noon_deg"), [((2026, 6, 21), 65), ((2026, 12, 21), 18), ((2026, 3, 20), 42)])
def test_the_sun_stands_as_high_as_the_season_lets_it(day: tuple[int, int, int], noon_deg: float):
    heights = [
        degrees(sun_position(datetime(*day, tzinfo=BERLIN) + timedelta(minutes=minute), 48.1, 11.6)[0])
        for minute in range(0, 1440, 5)
    ]
    assert max(heights) == pytest.approx(noon_deg, abs=1.5)


def test_there_is_no_sun_at_night_and_much_at_noon():
    house = House(HouseDescription(MIDNIGHT, clouds=0))
    assert house.pv[0].power_w == 0
    house.step(NOON + timedelta(hours=1))
    assert 5500 < house.pv[0].power_w < 8000


def test_clouds_drift_without_jumps():
    covers = [cloud_cover(NOON + timedelta(seconds=second), 3, 0.5) for second in range(7200)]
    assert max(abs(later - earlier) for earlier, later in itertools.pairwise(covers)) < 0.02
    assert max(covers) - min(covers) > 0.5


def test_a_car_charges_a_few_seconds_after_it_may():
    house = charging_house()
    assert house.boxes[0].status == "B"
    lived(house, 10)
    assert house.boxes[0].status == "C"
    assert house.boxes[0].currents_a == (16, 16, 16)
    assert house.boxes[0].power_w == pytest.approx(11040)
    house.boxes[0].set_enabled(False)
    lived(house, 1)
    assert (house.boxes[0].status, house.boxes[0].power_w) == ("B", 0)


def test_a_one_phase_car_uses_the_house_phase_its_box_is_wired_to():
    house = charging_house(boxes=(BoxDescription(phase_order=(2, 0, 1)),), cars=(CarDescription(phases=1),))
    before = house.grid.powers_w
    lived(house, 10)
    grown = [now - then for now, then in zip(house.grid.powers_w, before, strict=True)]
    assert grown[2] == max(grown)
    assert house.boxes[0].currents_a == (16, 0, 0)


def test_an_on_board_charger_slows_down_near_full_and_ends():
    house = charging_house(cars=(CarDescription(soc_percent=94.0, capacity_kwh=10.0),))
    full_w = lived(house, 20).boxes[0].power_w
    slow_w = lived(house, 420).boxes[0].power_w
    assert 0 < slow_w < 0.7 * full_w
    lived(house, 7200)
    assert (house.boxes[0].status, house.cars[0].soc_percent) == ("B", 100)


def test_a_car_takes_less_than_offered_where_it_is_made_so():
    house = lived(charging_house(cars=(CarDescription(takes=0.5),)), 20)
    assert house.boxes[0].currents_a[0] == pytest.approx(8)


def test_a_car_leaves_and_comes_home_emptier():
    stays = (Stay(time(18, 0), time(13, 0), 12.0),)
    house = charging_house(cars=(CarDescription(stays=stays, capacity_kwh=60, limit_soc_percent=40),))
    house.step(NOON.replace(hour=13, minute=1))
    assert house.boxes[0].status == "A"
    house.step(NOON.replace(hour=18, minute=1))
    assert house.boxes[0].status == "C"
    assert house.cars[0].soc_percent < 25


def test_a_battery_balances_the_grid_unless_it_is_told_otherwise():
    house = charging_house(batteries=(BatteryDescription(soc_percent=50, max_discharge_w=8000),))
    lived(house, 30)
    assert house.batteries[0].power_w == pytest.approx(5440, abs=10)
    house.batteries[0].mode = BatteryMode.HOLD
    lived(house, 30)
    assert house.batteries[0].power_w == pytest.approx(0, abs=1)
    house.batteries[0].mode = BatteryMode.CHARGE
    lived(house, 30)
    assert house.batteries[0].power_w == pytest.approx(-5000, abs=10)


def test_a_hybrid_battery_takes_what_its_inverter_cannot_send():
    house = charging_house(
        pv=(PvDescription(max_ac_w=5000.0),),
        batteries=(BatteryDescription(soc_percent=50, dc_coupled_to=0),),
        cars=(),
    )
    house.forced_pv_w, house.forced_load_w = 9000.0, 5000.0
    lived(house, 60)
    assert house.pv[0].power_w == pytest.approx(9000)
    assert house.batteries[0].power_w == pytest.approx(-4000, abs=5)
    assert house.grid.power_w == pytest.approx(0, abs=5)


def test_a_plant_that_may_not_feed_in_is_throttled():
    house = lived(charging_house(export_limit_w=0.0, cars=()), 10)
    assert house.grid.power_w == pytest.approx(0)
    assert house.pv[0].power_w == pytest.approx(400)


def test_a_lagging_meter_shows_what_was():
    house = lived(charging_house(lag_s=10, cars=()), 30)
    house.forced_load_w = 2400.0
    lived(house, 5)
    assert house.grid.power_w == pytest.approx(-5600)
    lived(house, 10)
    assert house.grid.power_w == pytest.approx(-3600)


def test_switching_phases_interrupts_the_charge_for_some_seconds():
    house = lived(charging_house(), 20)
    house.boxes[0].phases = 1
    lived(house, 1)
    assert (house.boxes[0].phases, house.boxes[0].status, house.boxes[0].power_w) == (1, "B", 0)
    lived(house, 15)
    assert (house.boxes[0].status, house.boxes[0].power_w) == ("C", pytest.approx(3680))
