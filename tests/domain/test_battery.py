"""Orders to the home battery: watched, repeated, survived, and taken back to what was found."""

import json
from dataclasses import replace

import pytest

from evcc_flask.domain.commands import Ending, Outcome, SetBatteryMode
from evcc_flask.domain.moment import Moment
from evcc_flask.domain.once import FastOnce, Until
from evcc_flask.domain.readings import BatteryReading, MeterReading
from evcc_flask.domain.recall import recalled, remembered
from evcc_flask.domain.refused import admitted
from evcc_flask.domain.settings import Circuit, ExternalBatteryMode, LoadpointSettings
from evcc_flask.domain.snapshot import Rates
from evcc_flask.domain.words import BatteryMode, Mode

BATTERY = BatteryReading(MeterReading("battery"), 50.0, 10.0, controllable=True)
NOW = LoadpointSettings(mode=Mode.NOW)


@pytest.fixture
def held(bench):
    """A car charges fast, and the battery has just been told to hold; it tells in ``mode`` what it does."""
    house = bench(NOW, battery_discharge_control=True)
    house.battery = replace(BATTERY, mode=BatteryMode.NORMAL)
    while not modes(house):
        house.cycle()
    taken(house)
    return house


def modes(house):
    commands = house.last.commands if house.last else ()
    return [command.mode for command in commands if isinstance(command, SetBatteryMode)]


def taken(house):
    """The battery took the last order, and shows it."""
    (mode,) = modes(house)
    house.outcomes = [Outcome(SetBatteryMode(0, mode), house.now_s)]
    house.battery = replace(house.battery, mode=mode)


def reasons(house):
    told = house.last.site.battery_reasons if house.last else ()
    return {reason.code.value: dict(reason.facts) for reason in told}


def restarted(house, *, away_s=5.0):
    stored = json.loads(json.dumps(remembered(house.memory)))
    house.now_s = away_s
    house.memory = recalled(stored, Moment(house.now_s))
    house.outcomes = []


def ordered(house, seconds, step_s=10.0):
    """All orders of so many seconds, each taken at once."""
    sent = []
    for _ in range(round(seconds / step_s)):
        house.cycle(step_s)
        for mode in modes(house):
            sent.append(mode)
            house.outcomes = [Outcome(SetBatteryMode(0, mode), house.now_s)]
    return sent


def test_a_battery_that_obeys_is_told_once(held):
    assert ordered(held, 1200) == []
    assert "battery_does_not_obey" not in reasons(held)


def test_a_battery_that_shows_another_mode_is_told_again_and_named(held):
    held.battery = replace(held.battery, mode=BatteryMode.NORMAL)
    held.cycles(20)
    assert modes(held) == [BatteryMode.HOLD]
    told = reasons(held)["battery_does_not_obey"]
    assert told == {"battery": "battery", "told": "hold", "shows": "normal", "tries": 1}
    assert ordered(held, 900) == [BatteryMode.HOLD] * 3
    held.battery = replace(held.battery, mode=BatteryMode.HOLD)
    held.cycle()
    assert "battery_does_not_obey" not in reasons(held)


def test_a_battery_that_goes_on_feeding_the_car_is_told_again_and_named(held):
    held.battery = replace(held.battery, mode=None)
    held.battery_w = 3000.0
    held.cycles(50)
    assert "battery_does_not_obey" not in reasons(held)
    sent = ordered(held, 120)
    assert reasons(held)["battery_does_not_obey"]["discharges_w"] == 3000
    assert sent
    held.battery_w = 60.0
    held.cycle()
    assert "battery_does_not_obey" not in reasons(held)


def test_a_battery_that_refuses_says_why_and_is_told_again(held):
    held.wish(mode=Mode.OFF)
    held.cycle()
    assert modes(held) == [BatteryMode.NORMAL]
    held.outcomes = [Outcome(SetBatteryMode(0, BatteryMode.NORMAL), held.now_s, Ending.FAILED, "busy")]
    held.cycle()
    assert modes(held) == [BatteryMode.NORMAL]
    assert reasons(held)["battery_refuses"] == {"battery": "battery", "error": "busy"}
    taken(held)
    held.cycles(20)
    assert "battery_refuses" not in reasons(held)


def test_a_refusal_is_forgotten_when_nothing_is_wanted_any_more(bench):
    house = bench(NOW, battery_discharge_control=True)
    house.battery = BATTERY
    while not modes(house):
        house.cycle()
    house.outcomes = [Outcome(SetBatteryMode(0, BatteryMode.HOLD), house.now_s, Ending.FAILED, "busy")]
    house.boxes[0].plugged = False
    house.cycles(20)
    assert reasons(house) == {}
    assert house.memory.changed_batteries() == {}


def test_what_somebody_else_set_is_left_alone(bench):
    house = bench(LoadpointSettings(), battery_discharge_control=True)
    house.battery = replace(BATTERY, mode=BatteryMode.HOLD)
    assert ordered(house, 600) == []
    restarted(house)
    assert ordered(house, 600) == []


def test_what_was_found_before_the_first_order_comes_back_after_the_last(bench):
    house = bench(LoadpointSettings(), battery_grid_charge_limit=0.1)
    house.battery, house.rates = replace(BATTERY, mode=BatteryMode.HOLD), Rates(planner=0.05)
    house.cycle()
    assert modes(house) == [BatteryMode.CHARGE]
    taken(house)
    assert house.memory.changed_batteries() == {"battery": BatteryMode.HOLD}
    restarted(house)
    house.rates = Rates(planner=0.5)
    house.cycle()
    assert modes(house) == [BatteryMode.HOLD]
    taken(house)
    assert ordered(house, 300) == []
    assert house.memory.changed_batteries() == {}


def test_after_a_kill_what_is_ours_is_given_back_in_the_first_cycle(held):
    restarted(held)
    held.boxes[0].plugged = False
    held.cycle()
    assert modes(held) == [BatteryMode.NORMAL]


def test_after_a_kill_what_is_still_wanted_is_told_once_more(held):
    """The inverter may have been without power, too, or have forgotten what nobody repeated."""
    restarted(held)
    held.cycle()
    held.cycle()
    assert ordered(held, 60) in ([BatteryMode.HOLD], [])
    assert held.memory.changed_batteries() == {"battery": BatteryMode.NORMAL}


def test_a_battery_that_took_another_ones_place_is_not_touched(held):
    restarted(held)
    held.boxes[0].plugged = False
    held.battery = replace(BATTERY, mode=BatteryMode.HOLD)
    snapshot = held.snapshot()
    other = replace(snapshot.batteries[0], meter=replace(snapshot.batteries[0].meter, name="another"))
    held.snapshot_says = {"batteries": (other,)}
    assert ordered(held, 60) == []


@pytest.mark.parametrize(("limit_w", "mode"), [(6000.0, BatteryMode.CHARGE), (5000.0, BatteryMode.HOLD)])
def test_grid_charge_begins_only_where_the_fuse_has_room_for_it(bench, limit_w, mode):
    circuit = Circuit("main", max_power_w=limit_w, meter=True)
    house = bench(LoadpointSettings(circuit="main"), battery_grid_charge_limit=0.1, circuits=(circuit,))
    house.battery, house.rates = replace(BATTERY, max_charge_w=5000.0), Rates(planner=0.05)
    house.load_w = 400.0
    house.snapshot_says = {"circuit_meters": {"main": MeterReading("main", house.now_s + 10, 400.0)}}
    house.cycle()
    assert modes(house) == [mode]
    if mode is BatteryMode.HOLD:
        assert reasons(house)["battery_no_room"] == {"circuit": "main", "spare_w": 4600, "need_w": 5000}


def test_grid_charge_counts_in_a_circuit_that_has_no_meter(bench):
    circuit = Circuit("main", max_power_w=11_000.0)
    box = LoadpointSettings(mode=Mode.NOW, circuit="main")
    house = bench(box, battery_grid_charge_limit=0.1, circuits=(circuit,))
    house.battery, house.rates = BATTERY, Rates(planner=0.05)
    house.boxes[0].plugged = False
    house.cycle()
    taken(house)
    house.battery_w = -5000.0
    house.boxes[0].plugged = True
    house.cycles(60)
    assert house.last.site.circuits["main"].power_w == pytest.approx(5000.0 + house.boxes[0].power_w)
    assert house.boxes[0].power_w <= 6000.0
    assert "limited_by_circuit" in house.codes()


def test_that_an_order_from_outside_has_lapsed_is_said_for_a_minute(bench):
    house = bench(LoadpointSettings(mode=Mode.OFF), external_battery_mode=ExternalBatteryMode(BatteryMode.HOLD, 1000.0))
    house.battery = BATTERY
    while "battery_external_ended" not in reasons(house):
        house.cycle(5)
        assert house.now_s < 1090
    taken(house)
    house.cycles(55, 5)
    assert "battery_external_ended" in reasons(house)
    house.cycles(10, 5)
    assert reasons(house) == {}


def test_a_fast_charge_for_once_is_fed_by_no_battery_either(bench):
    house = bench(
        LoadpointSettings(mode=Mode.OFF, fast_once=FastOnce("unplugged", Until.UNPLUGGED)),
        battery_discharge_control=True,
    )
    house.battery = BATTERY
    house.cycles(60)
    assert "battery_held_for_car" in reasons(house)


def test_a_refused_order_is_never_shown_as_the_mode_in_force(bench):
    house = bench(NOW, battery_discharge_control=True)
    house.battery = replace(BATTERY, mode=BatteryMode.NORMAL)
    while not modes(house):
        house.cycle()
    refused = Outcome(SetBatteryMode(0, BatteryMode.HOLD), house.now_s, Ending.FAILED, "busy")
    assert admitted(house.last, [refused]).site.battery_mode is BatteryMode.UNKNOWN, "at once"
    for _ in range(5):
        house.outcomes = [replace(refused, at_s=house.now_s)]
        house.cycle()
        assert house.last.site.battery_mode is BatteryMode.UNKNOWN, "while it is tried again"
    taken(house)
    house.cycle()
    assert house.last.site.battery_mode is BatteryMode.HOLD
