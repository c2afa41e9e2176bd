"""Energy is counted once, and a car has one row from plug to plug."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from evcc_flask.domain.decision import Event
from evcc_flask.domain.memory import BatteryMemory, BatteryOrder
from evcc_flask.domain.moment import Moment
from evcc_flask.domain.recall import lasting, recalled, remembered
from evcc_flask.domain.settings import LoadpointSettings
from evcc_flask.domain.snapshot import Rates
from evcc_flask.domain.words import BatteryMode, Mode, Status

NOW = LoadpointSettings(mode=Mode.NOW)


def rows(decisions):
    return [row for decision in decisions for row in decision.sessions]


def charged_kwh(house):
    return house.last.loadpoints[0].session_energy_wh / 1000


def test_one_row_from_plug_to_plug(bench):
    house = bench(NOW)
    found = rows(house.cycles(100))
    house.wish(mode=Mode.OFF)
    found += rows(house.cycles(30))
    house.wish(mode=Mode.NOW)
    found += rows(house.cycles(100))
    house.boxes[0].plugged = False
    found += rows(house.cycles(20))
    assert len({row.key for row in found}) == 1
    assert [row.closed for row in found] == [False] * (len(found) - 1) + [True]
    assert found[-1].charged_kwh == pytest.approx(found[-1].meter_stop_kwh - found[-1].meter_start_kwh)
    assert found[-1].charged_kwh == pytest.approx(11.04 * 180 / 3600, rel=0.15)


def test_a_session_is_finished_with_its_last_stop_and_closed_with_the_plug(bench):
    house = bench(NOW)
    house.cycles(100)
    house.wish(mode=Mode.OFF)
    stopped = [row.finished for row in rows(house.cycles(60))][-1]
    house.cycles(4 * 3600, 300)
    house.boxes[0].plugged = False
    (row,) = rows([house.cycle()])
    assert (row.closed, row.finished) == (True, stopped)
    assert (house.now.wall - row.finished).total_seconds() > 4 * 3600


def test_a_session_that_charged_until_the_plug_was_pulled_is_finished_then(bench):
    house = bench(NOW)
    house.cycles(100)
    house.boxes[0].plugged = False
    (row,) = rows([house.cycle()])
    assert (row.closed, row.finished) == (True, house.now.wall)


def test_a_car_that_never_charged_leaves_no_row(bench):
    house = bench(LoadpointSettings())
    found = rows(house.cycles(50))
    house.boxes[0].plugged = False
    assert found + rows(house.cycles(20)) == []


def test_events_in_their_order(bench):
    house = bench(NOW)
    house.boxes[0].plugged = False
    house.cycle()
    house.boxes[0].says = {"status": Status.C}
    house.cycle()
    assert house.last.loadpoints[0].events == (Event.CONNECT, Event.START)
    house.boxes[0].says = {"status": Status.A}
    house.cycle()
    assert house.last.loadpoints[0].events == (Event.STOP, Event.DISCONNECT)


@pytest.mark.parametrize("reset_kwh", [0.0, 3.0])
def test_a_counter_that_falls_adds_nothing_and_goes_on(bench, reset_kwh):
    house = bench(NOW)
    house.cycles(60)
    before = charged_kwh(house)
    house.boxes[0].energy_kwh = reset_kwh
    house.cycle()
    assert charged_kwh(house) <= before + 0.05
    house.cycles(60)
    assert charged_kwh(house) == pytest.approx(before + 11.04 * 60 / 3600, rel=0.2)


@pytest.mark.parametrize("nonsense", [0.0, float("nan"), 1e9])
def test_a_wrong_counter_reading_makes_no_jump(bench, nonsense):
    house = bench(NOW)
    house.cycles(60)
    house.boxes[0].says = {"energy_kwh": nonsense}
    house.cycle()
    house.boxes[0].says = {}
    house.cycles(60)
    assert charged_kwh(house) == pytest.approx(11.04 * 120 / 3600, rel=0.15)


@pytest.mark.parametrize("before_s", [5, 10, 20, 30, 40, 60])
def test_a_counter_that_begins_anew_shortly_before_the_car_leaves_loses_nothing(bench, before_s):
    house = bench(NOW)
    house.cycles(100, 5)
    there = charged_kwh(house)
    house.boxes[0].energy_kwh = 0.0
    house.cycles(before_s, 5)
    house.boxes[0].plugged = False
    (row,) = [row for row in rows(house.cycles(20)) if row.closed]
    assert row.charged_kwh == pytest.approx(there + 11.04 * before_s / 3600, abs=11.04 * 5 / 3600)


@pytest.mark.parametrize("after_s", [10, 30, 50])
def test_a_counter_that_is_read_once_a_minute_and_begins_anew_loses_nothing(bench, after_s):
    house = bench(NOW)
    box = house.boxes[0]
    for second in range(0, 900, 10):
        if second % 60 == 0:
            box.says = {"energy_kwh": box.energy_kwh}
        if second == 480 + after_s:
            box.energy_kwh = 0.0
        house.cycle()
    box.says = {}
    house.cycle()
    assert charged_kwh(house) == pytest.approx(11.04 * 900 / 3600, abs=11.04 * 20 / 3600)


def test_energy_goes_on_while_a_counter_is_not_believed(bench):
    house = bench(NOW)
    house.cycles(100)
    house.boxes[0].energy_kwh = 0.0
    shown = []
    for _ in range(4):
        house.cycle()
        shown.append(charged_kwh(house))
    assert shown == sorted(set(shown))


def test_without_a_counter_power_times_time_counts(bench):
    house = bench(NOW)
    house.boxes[0].says = {"energy_kwh": None}
    house.cycles(370)
    assert charged_kwh(house) == pytest.approx(11.04 * 360 / 3600, rel=0.02)


def test_solar_share_and_price_follow_the_moment_of_the_charge(bench):
    house = bench(NOW)
    house.rates = Rates(grid=0.30, feed_in=0.08)
    house.pv_w = 400 + 5520
    house.cycles(370)
    house.boxes[0].plugged = False
    house.cycle()
    row = house.last.sessions[-1]
    assert row.solar_percent == pytest.approx(50, abs=2)
    assert row.price_per_kwh == pytest.approx(0.19, abs=0.01)


def test_the_clock_may_be_wrong_at_first(bench):
    house = bench(NOW)
    house.trusted = False
    assert rows(house.cycles(30))[0].created is None
    house.trusted = True
    created = rows(house.cycles(10))[0].created
    assert (house.now.wall - created).total_seconds() == pytest.approx(20, abs=11)


def restarted(house, away_s=600.0, *, dated=False):
    """``dated``: the clock is known before and after."""
    wall = house.now.wall - timedelta(seconds=house.now_s - 50.0 + away_s) if dated else None
    kept = json.loads(json.dumps(remembered(house.memory, wall)))
    for box in house.boxes:
        box.energy_kwh += box.power_w * away_s / 3.6e6
    house.now_s = 50.0
    house.memory = recalled(kept, Moment(house.now_s, house.now.wall))


def test_after_a_power_cut_the_row_goes_on_and_its_energy_is_complete(bench):
    house = bench(NOW)
    key = rows(house.cycles(120))[0].key
    before = charged_kwh(house)
    restarted(house)
    decision = house.cycle()
    assert decision.commands == ()
    assert decision.loadpoints[0].events == ()
    assert charged_kwh(house) == pytest.approx(before + 11.04 * 610 / 3600, rel=0.01)
    house.boxes[0].plugged = False
    assert rows([house.cycle()])[0].key == key


def test_what_came_while_nobody_looked_costs_as_before_until_the_tariff_answers(bench):
    house = bench(NOW)
    house.rates = Rates(grid=0.3, feed_in=0.08)
    house.cycles(300)
    shown = house.last.loadpoints[0]
    restarted(house)
    house.rates = Rates()
    house.cycle()
    after = house.last.loadpoints[0]
    assert after.session_energy_wh > shown.session_energy_wh + 1500
    assert after.session_price_per_kwh == pytest.approx(shown.session_price_per_kwh)
    assert after.session_price == pytest.approx(after.session_price_per_kwh * after.session_energy_wh / 1000)


@pytest.mark.parametrize("away_s", [300.0, 7200.0])
@pytest.mark.parametrize("goes_on", [True, False])
def test_what_the_counter_gained_while_nobody_looked_took_its_time(bench, away_s, goes_on):
    house = bench(NOW)
    house.cycles(600)
    before = house.last.loadpoints[0]
    restarted(house, away_s, dated=True)
    house.boxes[0].asleep = not goes_on
    house.cycles(20)
    after = house.last.loadpoints[0]
    hours = (after.charge_duration_s - before.charge_duration_s) / 3600
    gained_kwh = (after.session_energy_wh - before.session_energy_wh) / 1000
    assert gained_kwh / hours == pytest.approx(11.04, rel=0.1)


def test_a_restart_counts_the_time_in_which_the_program_was_away(bench):
    house = bench(NOW)
    house.cycles(60)
    decision = house.cycle()
    wall = house.now.wall
    kept = json.loads(json.dumps(remembered(house.memory, wall)))
    back = recalled(kept, Moment(50.0, wall + timedelta(hours=3)))
    (session,) = (each.session for each in back.loadpoints)
    connected_s = decision.loadpoints[0].connected_duration_s
    assert 50.0 - session.connected_s == pytest.approx(connected_s + 3 * 3600, abs=1)
    blind = recalled(kept, Moment(50.0, None))
    assert 50.0 - blind.loadpoints[0].session.connected_s == pytest.approx(connected_s, abs=1)


def test_of_a_box_that_is_first_heard_minutes_after_the_start_the_connection_counts_from_its_first_word(bench):
    house = bench(NOW)
    house.boxes[0].says = {"at_s": None, "status": None}
    house.cycles(180)
    house.boxes[0].says = {}
    assert house.cycle().loadpoints[0].connected_duration_s == 0.0
    assert house.cycle().loadpoints[0].connected_duration_s == 10.0


def test_a_car_that_is_there_at_the_start_is_connected_since_then(bench):
    house = bench(NOW)
    house.boxes[0].says = {"at_s": None, "status": None}
    house.cycles(20)
    house.boxes[0].says = {}
    assert house.cycle().loadpoints[0].connected_duration_s == 20.0


def test_what_only_tells_that_time_passes_is_not_worth_a_write(bench):
    house = bench(NOW)
    house.boxes[0].asleep = True
    house.cycles(10)
    before = lasting(remembered(house.memory, house.now.wall))
    house.cycles(60)
    assert lasting(remembered(house.memory, house.now.wall)) == before


def test_a_car_that_left_meanwhile_closes_its_row(bench):
    house = bench(NOW)
    house.cycles(60)
    restarted(house)
    house.boxes[0].plugged = False
    assert [row.closed for row in rows([house.cycle()])] == [True]


def test_a_held_battery_is_released_after_a_power_cut(bench):
    house = bench(NOW)
    orders = {"battery": BatteryOrder(BatteryMode.HOLD, ours=True)}
    memory = replace(house.memory, battery=BatteryMemory(orders))
    assert recalled(remembered(memory), Moment(5.0)).changed_batteries() == {"battery": BatteryMode.NORMAL}


@pytest.mark.parametrize(
    "damaged",
    [
        {},
        {"loadpoints": 7, "battery": "x"},
        {"loadpoints": [None, {"session": 3}], "battery": [9, None, "a", [], 2.5]},
        {"loadpoints": [{"status": "C", "session": {"key": "a", "charged_kwh": "NaN", "created": "yesterday"}}]},
    ],
)
def test_a_damaged_memory_is_left_out(damaged):
    assert recalled(damaged, Moment(5.0)).started_s == 5.0
