"""The grid operator's order: everybody together, with the sun on top, at once, and written down."""

from dataclasses import replace

import pytest

from evcc_flask.domain.gridorder import minimum_w
from evcc_flask.domain.guard import guard
from evcc_flask.domain.orders import Step
from evcc_flask.domain.readings import BatteryReading, GridOrder, MeterReading
from evcc_flask.domain.settings import Circuit, LoadpointSettings
from evcc_flask.domain.snapshot import Rates
from evcc_flask.domain.words import Mode

NOW = LoadpointSettings(mode=Mode.NOW)
ORDER = GridOrder("relay", 4200.0, 4200.0)
FREE = replace(ORDER, limit_w=None)


def ordered(house, order):
    house.snapshot_says = {"grid_order": order}


def drawn_w(house):
    return sum(box.power_w for box in house.boxes)


@pytest.mark.parametrize(
    ("devices", "watt"), [(1, 4200), (2, 7560), (3, 10500), (4, 13020), (9, 19320), (20, 40110), (0, 4200)]
)
def test_the_legal_minimum_of_so_many_devices(devices, watt):
    assert round(minimum_w(devices)) == watt


def test_an_order_limits_all_cars_together_without_any_circuit(bench):
    house = bench(NOW, NOW)
    house.cycles(100)
    assert drawn_w(house) > 20_000
    ordered(house, ORDER)
    house.cycles(30)
    assert 0 < drawn_w(house) <= 4200
    assert house.fact("dimmed", "allowed_a") is not None


def test_an_order_is_news_that_does_not_wait_for_the_next_cycle(bench):
    house = bench(NOW)
    ordered(house, FREE)
    house.cycles(30)
    assert not guard(house.snapshot(), house.settings, house.memory, house.now)
    ordered(house, ORDER)
    assert guard(house.snapshot(), house.settings, house.memory, house.now)
    house.cycle()
    assert not guard(house.snapshot(), house.settings, house.memory, house.now)


def test_what_the_home_leaves_of_the_sun_comes_on_top_where_that_is_wanted(bench):
    house = bench(NOW)
    house.pv_w = 4400.0
    ordered(house, ORDER)
    house.cycles(100)
    assert 7400 < drawn_w(house) <= 8200
    ordered(house, replace(ORDER, with_sun=False))
    house.cycles(30)
    assert 0 < drawn_w(house) <= 4200


def test_a_limit_below_every_minimum_stops_the_charge(bench):
    house = bench(NOW)
    house.cycles(50)
    ordered(house, replace(ORDER, limit_w=0.0))
    house.cycles(30)
    assert drawn_w(house) == 0


def test_a_circuit_counts_beside_the_order(bench):
    house = bench(replace(NOW, circuit="main"), circuits=(Circuit("main", max_current_a=10),))
    ordered(house, replace(ORDER, limit_w=11_000.0))
    house.cycles(50)
    assert house.boxes[0].offered_a == 10
    assert "limited_by_circuit" in house.codes()
    assert "§14a" not in house.last.site.circuits


def test_afterwards_everything_is_as_before(bench):
    house = bench(NOW)
    house.cycles(50)
    before_w = drawn_w(house)
    ordered(house, ORDER)
    house.cycles(50)
    ordered(house, FREE)
    house.cycles(300)
    assert drawn_w(house) == before_w


def steps(house, cycles):
    found = []
    for _ in range(cycles):
        house.cycle()
        found += house.last.grid_events
    return found


def test_every_step_of_an_order_is_an_event(bench):
    house = bench(NOW)
    house.cycles(50)
    ordered(house, ORDER)
    events = steps(house, 14)
    assert [each.step for each in events] == [Step.RECEIVED, Step.OBEYED, Step.MINUTE, Step.MINUTE]
    received, obeyed, minute, _ = events
    assert (received.limit_w, received.minimum_w, received.cause) == (4200.0, 4200.0, "order")
    assert received.drawn_w > 10_000
    assert 0 < obeyed.seconds <= 20
    assert not obeyed.below
    assert minute.seconds == 60
    assert minute.grid_w is not None
    ordered(house, FREE)
    assert [each.step for each in steps(house, 3)] == [Step.RELEASED]


def test_who_was_below_already_is_said_to_have_been(bench):
    house = bench(replace(NOW, mode=Mode.OFF))
    house.cycles(30)
    ordered(house, ORDER)
    received, obeyed = steps(house, 1)
    assert received.step is Step.RECEIVED
    assert (obeyed.seconds, obeyed.below) == (0, True)


def test_another_limit_is_another_order(bench):
    house = bench(NOW)
    ordered(house, ORDER)
    house.cycles(30)
    ordered(house, replace(ORDER, limit_w=3000.0))
    assert [each.limit_w for each in steps(house, 1) if each.step is Step.RECEIVED] == [3000.0]


def test_the_battery_takes_nothing_from_the_grid_while_an_order_lasts(bench):
    house = bench(LoadpointSettings(), battery_grid_charge_limit=0.1)
    house.battery = BatteryReading(MeterReading("battery"), 50.0, 10.0, controllable=True)
    house.rates = Rates(planner=0.05)
    house.cycles(30)
    assert house.last.site.battery_mode.word == "charge"
    ordered(house, ORDER)
    house.cycles(30)
    assert house.last.site.battery_mode.word == "hold"
    assert "dimmed" in [each.code.value for each in house.last.site.battery_reasons]


def test_nothing_that_is_said_wrong_frees_the_house(bench):
    for nonsense in (float("nan"), float("inf"), -5.0):
        house = bench(NOW)
        house.cycles(30)
        ordered(house, replace(ORDER, limit_w=nonsense))
        house.cycles(30)
        assert drawn_w(house) == 0
