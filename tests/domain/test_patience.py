"""Budgets of contactors, waking cars, retries, and the tests of the meters."""

from dataclasses import replace

import pytest

from evcc_flask.domain.backoff import Backoff
from evcc_flask.domain.commands import WakeUp
from evcc_flask.domain.decision import Event
from evcc_flask.domain.readings import VehicleReading
from evcc_flask.domain.settings import LoadpointSettings, Threshold
from evcc_flask.domain.words import Mode

NOW = LoadpointSettings(mode=Mode.NOW)
PV = LoadpointSettings(mode=Mode.PV)
QUICK = replace(PV, enable=Threshold(0.0, 0.0), disable=Threshold(0.0, 0.0))


def alternating(house, seconds, low_w, high_w, half_s):
    """Clouds that come and go; the numbers of commands by name."""
    counts = {}
    for step in range(int(seconds / 10)):
        house.pv_w = high_w if (step * 10 // half_s) % 2 else low_w
        house.cycle()
        for name in house.sent():
            counts[name] = counts.get(name, 0) + 1
    return counts


def test_no_more_than_twelve_switches_on_and_off_in_an_hour(bench):
    house = bench(QUICK)
    house.cycles(100)
    counts = alternating(house, 3600, 500, 6000, 120)
    assert counts["Enable"] + counts["Disable"] <= 12
    assert counts["Enable"] == 6
    assert "switch_budget" in house.codes() or not house.boxes[0].enabled


def test_a_persons_wish_is_free(bench):
    house = bench(QUICK)
    house.cycles(100)
    alternating(house, 3000, 500, 6000, 120)
    house.pv_w = 500
    house.cycles(200)
    assert not house.boxes[0].enabled
    house.wish(mode=Mode.NOW)
    house.cycle()
    assert house.boxes[0].enabled


def test_no_more_than_six_phase_switches_in_an_hour(bench):
    house = bench(QUICK)
    house.boxes[0].traits = replace(house.boxes[0].traits, switches_phases=True)
    house.pv_w = 2500
    house.cycles(200)
    counts = alternating(house, 3600, 2500, 9000, 120)
    assert counts["SwitchPhases"] <= 6


def woken(house, seconds):
    found = []
    for decision in house.cycles(seconds):
        found += [command for command in decision.commands if isinstance(command, WakeUp)]
    return found


def test_a_sleeping_car_is_woken_by_box_and_car_in_turn_and_then_left_alone(bench):
    house = bench(NOW)
    box = house.boxes[0]
    box.asleep, box.traits = True, replace(box.traits, can_wake=True)
    box.vehicle = VehicleReading("car")
    found = woken(house, 200)
    assert [command.by_vehicle for command in found] == [False, True, False, True, False, True]
    assert house.codes()[0] == "waits_for_car"
    assert woken(house, 300) == []


def test_only_odd_tries_where_one_of_them_can(bench):
    house = bench(NOW)
    house.boxes[0].asleep = True
    house.boxes[0].traits = replace(house.boxes[0].traits, can_wake=True)
    assert len(woken(house, 400)) == 3


def test_a_switch_of_phases_begins_the_waking_anew(bench):
    house = bench(NOW)
    house.boxes[0].asleep = True
    house.boxes[0].traits = replace(house.boxes[0].traits, can_wake=True, switches_phases=True)
    assert len(woken(house, 400)) == 3
    house.wish(phases=1)
    assert len(woken(house, 400)) == 3
    assert house.boxes[0].phases == 1


def test_after_the_last_try_the_car_counts_as_asleep_once(bench):
    house = bench(NOW)
    house.boxes[0].asleep = True
    events = [event for decision in house.cycles(600) for event in decision.loadpoints[0].events]
    assert events.count(Event.ASLEEP) == 1


def test_a_full_car_is_not_woken(bench):
    house = bench(NOW)
    house.boxes[0].asleep = True
    house.boxes[0].traits = replace(house.boxes[0].traits, can_wake=True)
    house.boxes[0].vehicle = VehicleReading("car", soc_percent=100.0)
    assert woken(house, 200) == []


def test_patience_grows_in_steps_of_2_s_to_60_s():
    patience, waits = Backoff(), []
    for _ in range(40):
        patience = patience.failed(100.0)
        waits.append(patience.until_s - 100.0)
    assert waits[:3] == [2, 4, 6]
    assert max(waits) == 60
    assert patience.rests(159.0)
    assert not patience.rests(160.0)


class Liar:
    """A grid meter that is wrong in one way, built round an honest house."""

    def __init__(self, house, tell):
        self.house, self.tell = house, tell

    def live(self, seconds):
        for _ in range(int(seconds / 10)):
            house = self.house
            house.now_s += 10
            honest = house.snapshot_says.pop("grid", None)
            assert honest is None or honest.name == "grid"
            grid = replace(house.snapshot().grid, power_w=self.tell(house))
            house.now_s -= 10
            house.snapshot_says["grid"] = grid
            house.cycle()

    def switch_thrice(self):
        for mode in (Mode.NOW, Mode.OFF, Mode.NOW, Mode.OFF):
            self.house.wish(mode=mode)
            self.live(120)
        self.house.wish(mode=Mode.PV)
        self.live(20)


@pytest.mark.parametrize(
    ("tell", "code"),
    [
        (lambda house: -house.grid_w, "grid_reversed"),
        (lambda house: house.grid_w - house.boxes[0].power_w + house.now_s * 1e-4, "grid_blind"),
    ],
)
def test_a_wrong_grid_meter_ends_solar_charging_after_three_contradictions(bench, tell, code):
    house = bench(LoadpointSettings())
    house.pv_w = 3000
    Liar(house, tell).switch_thrice()
    assert house.codes()[0] == code
    assert abs(house.fact(code, "caused_w")) == 11040
    assert not house.boxes[0].enabled


def test_a_meter_that_never_moves_ends_solar_charging(bench):
    house = bench(LoadpointSettings())
    liar = Liar(house, lambda house: -5000.0)
    liar.live(30)
    house.wish(mode=Mode.PV)
    liar.live(200)
    assert house.codes()[0] == "grid_stuck"
    assert not house.boxes[0].enabled


def test_an_honest_meter_is_not_doubted_while_the_house_lives(bench):
    house = bench(LoadpointSettings())
    liar = Liar(house, lambda house: house.grid_w + house.now_s * 1e-4)
    for load_w in (400, 2400, 900, 5400):
        house.load_w = load_w
        liar.switch_thrice()
        assert house.memory.meters.verdict is None


def test_a_passed_test_ends_the_doubt(bench):
    house = bench(LoadpointSettings())
    house.pv_w = 3000
    liar = Liar(house, lambda house: -house.grid_w)
    liar.switch_thrice()
    assert house.memory.meters.verdict == "grid_reversed"
    liar.tell = lambda house: house.grid_w
    house.wish(mode=Mode.NOW)
    liar.live(120)
    assert house.memory.meters.verdict is None
