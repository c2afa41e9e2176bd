"""How full a car is thought to be: never fuller than the energy explains, and what is old stops nothing."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evcc_flask.domain.carmemory import SocSource
from evcc_flask.domain.memory import Memory
from evcc_flask.domain.moment import Moment
from evcc_flask.domain.readings import ChargerTraits, VehicleReading
from evcc_flask.domain.recall import recalled, remembered
from evcc_flask.domain.settings import LoadpointSettings
from evcc_flask.domain.vehicles import ManualSoc, Vehicle, VehicleSettings
from evcc_flask.domain.words import Contact, Feature, Mode

NOW = LoadpointSettings(mode=Mode.NOW, vehicle="golf")
CARS = {"golf": VehicleSettings(Vehicle("golf", capacity_kwh=50.0)), "zoe": VehicleSettings(Vehicle("zoe"))}
GOLF = VehicleReading("golf", capacity_kwh=50.0, contact=Contact.UP)
KWH_A_POINT = 50 / 0.85 / 100
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def plugged(bench, settings=NOW, car=GOLF, cycles=2):
    """A golf that charges at 11 kW; it has said nothing yet."""
    house = bench(settings, vehicles=CARS)
    house.boxes[0].vehicle = car
    house.cycles(10.0 * cycles)
    return house


def says(house, percent, age_s=0.0):
    """The car's account answers: so full it was ``age_s`` ago."""
    house.boxes[0].vehicle = replace(house.boxes[0].vehicle, soc_percent=percent, at_s=house.now_s + 10.0 - age_s)


def soc(house):
    return house.last.loadpoints[0].soc


def charged_kwh(house):
    return house.last.loadpoints[0].session_energy_wh / 1000


def manual(house, percent, capacity_kwh=0.0):
    house.wish(manual_soc=ManualSoc(percent, house.now.wall, capacity_kwh))


def killed(house, away_s=30.0):
    kept = json.loads(json.dumps(remembered(house.memory, house.now.wall)))
    house.now_s += away_s
    house.memory = recalled(kept, Moment(house.now_s, house.now.wall))


def test_what_a_car_told_between_the_start_and_the_first_cycle_is_of_this_connection(bench):
    house = bench(NOW, vehicles=CARS)
    house.memory = replace(house.memory, started_s=house.now_s)
    house.boxes[0].vehicle = replace(GOLF, soc_percent=40.0, at_s=house.now_s + 5.0)
    house.cycle()
    assert soc(house).current
    assert soc(house).percent == 40.0


def test_a_reading_that_is_a_moment_younger_than_the_cycle_is_one_of_the_cycle(bench):
    house = plugged(bench)
    says(house, 40.0, age_s=-0.001)
    house.cycle()
    assert (soc(house).percent, soc(house).at_s) == (40.0, house.now_s)


def test_energy_is_counted_on_top_of_the_last_reading(bench):
    house = plugged(bench)
    says(house, 40.0)
    house.cycle()
    assert (soc(house).percent, soc(house).source) == (40.0, SocSource.CAR)
    before = charged_kwh(house)
    house.cycles(600)
    grown = charged_kwh(house) - before
    assert soc(house).percent == pytest.approx(40.0 + grown / KWH_A_POINT)
    assert soc(house).source is SocSource.ESTIMATE
    assert soc(house).at_s == pytest.approx(house.now_s - 600)


def test_what_was_charged_before_the_first_answer_is_not_counted_on_top_of_it(bench):
    house = plugged(bench, cycles=90)
    says(house, 40.0)
    house.cycle()
    assert soc(house).percent == 40.0


def test_a_new_answer_sets_the_count_right(bench):
    house = plugged(bench)
    says(house, 40.0)
    house.cycles(600)
    says(house, 41.0)
    house.cycle()
    assert soc(house).percent == 41.0
    assert soc(house).source is SocSource.CAR


def test_the_same_answer_again_goes_on_counting(bench):
    house = plugged(bench)
    says(house, 40.0)
    house.cycles(120)
    counted = soc(house).percent
    says(house, 40.0)
    house.cycle()
    assert soc(house).percent > counted
    assert soc(house).at_s == house.now_s


def test_after_ten_points_the_batterys_own_need_is_known(bench):
    house = plugged(bench)
    says(house, 40.0)
    house.cycle()
    start = charged_kwh(house)
    house.cycles(3600)
    says(house, 60.0)
    house.cycle()
    need, anchored = (charged_kwh(house) - start) / 20, charged_kwh(house)
    house.cycles(600)
    assert soc(house).percent == pytest.approx(60 + (charged_kwh(house) - anchored) / need)


def test_without_estimation_the_reading_stands(bench):
    house = plugged(bench, replace(NOW, estimate=False))
    says(house, 40.0)
    house.cycles(600)
    assert (soc(house).percent, soc(house).source) == (40.0, SocSource.CAR)


def test_a_reading_from_before_the_plug_in_is_shown_and_decides_nothing(bench):
    house = plugged(bench, replace(NOW, limit_soc_percent=50))
    says(house, 90.0, age_s=120.0)
    house.cycles(60)
    assert (soc(house).percent, soc(house).current, soc(house).trusted) == (90.0, False, False)
    assert house.last.loadpoints[0].charging


def test_a_reading_of_an_hour_ago_ends_no_charge_and_is_named(bench):
    house = plugged(bench, replace(NOW, limit_soc_percent=50))
    house.boxes[0].takes_a = 6.0
    says(house, 42.0)
    house.cycles(3590)
    assert soc(house).trusted
    assert house.codes()[0] == "mode_now"
    house.cycles(3600)
    assert soc(house).percent > 50
    assert house.codes()[0] == "mode_now"
    assert house.fact("soc_stale", "age_s") > 3600


def test_a_limit_that_was_reached_holds_however_old_the_reading_gets(bench):
    house = plugged(bench, replace(NOW, limit_soc_percent=50))
    says(house, 48.0)
    house.cycles(1200)
    assert house.codes()[0] == "soc_limit"
    house.cycles(3 * 3600, 60.0)
    assert house.codes()[0] == "soc_limit"


def test_a_car_that_was_full_enough_when_it_came_is_not_started_for_its_old_reading(bench):
    house = plugged(bench, replace(NOW, mode=Mode.OFF, limit_soc_percent=50))
    says(house, 80.0)
    house.cycles(2 * 3600, 60.0)
    house.wish(mode=Mode.NOW)
    house.cycle()
    assert house.codes()[0] == "soc_limit"


def test_an_account_that_repeats_itself_ages(bench):
    house = plugged(bench)
    for _ in range(9):
        says(house, 40.0)
        house.cycles(600)
    assert soc(house).percent > 60
    assert not soc(house).trusted


def test_the_wallbox_that_knows_comes_before_the_car(bench):
    house = plugged(bench)
    says(house, 40.0)
    house.boxes[0].says = {"soc_percent": 47.0}
    house.cycle()
    assert (soc(house).percent, soc(house).source, soc(house).trusted) == (47.0, SocSource.CHARGER, True)


def test_a_persons_word_stands_until_the_car_is_unplugged(bench):
    house = plugged(bench)
    manual(house, 30.0)
    says(house, 55.0)
    house.cycles(300)
    assert soc(house).source is SocSource.MANUAL
    assert soc(house).percent == pytest.approx(
        30 + (charged_kwh(house) - house.memory.loadpoints[0].car.anchor.kwh) / KWH_A_POINT
    )
    manual(house, 35.0)
    house.cycle()
    assert soc(house).percent == 35.0
    house.boxes[0].plugged = False
    house.cycle()
    assert house.settings.loadpoints[0].manual_soc is None


def test_a_persons_word_never_grows_old(bench):
    house = plugged(bench, replace(NOW, limit_soc_percent=95))
    house.boxes[0].takes_a = 6.0
    manual(house, 60.0)
    house.cycles(5 * 3600, 60.0)
    assert soc(house).trusted
    assert house.codes()[0] == "soc_limit"


def test_a_persons_word_taken_back_leaves_the_cars(bench):
    house = plugged(bench)
    manual(house, 30.0)
    says(house, 55.0)
    house.cycle()
    house.wish(manual_soc=None)
    house.cycle()
    assert (round(soc(house).percent), soc(house).source) == (55, SocSource.CAR)


@pytest.mark.parametrize(("age_s", "counts"), [(1800, True), (5400, False)])
def test_a_persons_word_may_be_an_hour_older_than_the_plug_in(bench, age_s, counts):
    house = bench(NOW, vehicles=CARS)
    house.boxes[0].plugged, house.boxes[0].vehicle = False, GOLF
    house.cycle()
    manual(house, 30.0)
    house.cycles(age_s, 60.0)
    house.boxes[0].plugged = True
    house.cycles(20)
    assert (house.settings.loadpoints[0].manual_soc is not None) is counts


def test_another_car_at_the_same_box_begins_anew(bench):
    house = plugged(bench)
    says(house, 40.0)
    house.cycles(300)
    house.wish(vehicle="zoe")
    house.boxes[0].vehicle = VehicleReading("zoe", contact=Contact.UNREAD)
    house.boxes[0].vehicle = replace(house.boxes[0].vehicle, at_s=house.now_s)
    house.cycle()
    assert soc(house) is None


def test_each_ten_points_are_told_while_it_charges(bench):
    house = plugged(bench)
    says(house, 38.0)
    events = [event.value for decision in house.cycles(1200) for event in decision.loadpoints[0].events]
    assert events == ["soc"]


def test_a_restart_goes_on_counting_from_the_same_reading(bench):
    house = plugged(bench)
    says(house, 40.0)
    house.cycles(600)
    before, anchor_s = soc(house).percent, soc(house).at_s
    killed(house)
    house.boxes[0].vehicle = replace(GOLF, contact=Contact.UNREAD)
    house.cycle()
    assert before < soc(house).percent < before + 0.5
    assert soc(house).at_s == pytest.approx(anchor_s, abs=2)


def test_what_is_damaged_on_the_disk_is_forgotten(bench):
    house = plugged(bench)
    says(house, 40.0)
    house.cycles(60)
    kept = json.loads(json.dumps(remembered(house.memory, house.now.wall)))
    for nonsense in ({"anchor": 3}, {"anchor": {"percent": 900, "kwh": 0, "age_s": 1, "source": "car"}}, {"step": []}):
        kept["loadpoints"][0]["car"] |= nonsense
        assert recalled(kept, house.now).loadpoints[0].session is not None
    kept["loadpoints"][0]["car"] = {"name": "golf"}
    assert recalled(kept, house.now).loadpoints[0].car.anchor is None


@pytest.mark.parametrize("contact", [Contact.ASLEEP, Contact.LIMITED, Contact.GONE])
def test_an_account_that_does_not_answer_is_a_reason(bench, contact):
    house = plugged(bench, car=replace(GOLF, contact=contact, error="no"))
    assert house.fact("vehicle_silent", "contact") == contact.value


def test_air_conditioning_of_half_an_hour_ago_runs_no_more(bench):
    house = plugged(bench, replace(NOW, limit_soc_percent=50), replace(GOLF, climater=True))
    says(house, 60.0)
    house.cycles(60)
    assert house.codes()[:2] == ["soc_limit", "climater"]
    house.cycles(1900)
    assert "climater" not in house.codes()


def test_a_guests_battery_told_by_hand_is_counted_on(bench):
    house = bench(LoadpointSettings(mode=Mode.NOW))
    house.boxes[0].vehicle = VehicleReading("", capacity_kwh=40.0, features=frozenset({Feature.OFFLINE}))
    house.cycle()
    manual(house, 50.0, 40.0)
    house.cycle()
    start = charged_kwh(house)
    house.cycles(600)
    assert soc(house).percent == pytest.approx(50 + (charged_kwh(house) - start) / (40 / 0.85 / 100))


def test_a_session_keeps_the_odometer_as_the_car_told_it_first_since_the_plug_in(bench):
    house = plugged(bench, car=replace(GOLF, odometer_km=9000.0, at_s=900.0))
    says(house, 40.0, age_s=300.0)
    house.cycles(60)
    assert house.memory.loadpoints[0].session.odometer_km is None
    house.boxes[0].vehicle = replace(house.boxes[0].vehicle, odometer_km=9120.4)
    says(house, 40.0)
    house.cycle()
    house.boxes[0].vehicle = replace(house.boxes[0].vehicle, odometer_km=9121.0)
    killed(house)
    house.boxes[0].plugged = False
    (row,) = house.cycle().sessions
    assert row.odometer_km == 9120.4


answers = st.lists(
    st.tuples(st.one_of(st.none(), st.floats(0, 100)), st.integers(1, 60), st.sampled_from([0.0, 6.0, 16.0])),
    min_size=1,
    max_size=12,
)


@QUICK
@given(answers)
def test_between_two_answers_it_only_grows_and_never_ahead_of_the_energy(bench, answers):
    house = plugged(bench)
    before = None
    for percent, cycles, amps in answers:
        house.boxes[0].takes_a = amps
        if percent is not None:
            says(house, percent)
        for _ in range(cycles):
            house.cycle()
            car, known = house.memory.loadpoints[0].car, soc(house)
            if car.anchor is None:
                continue
            assert known.percent <= car.anchor.percent + (charged_kwh(house) - car.anchor.kwh) / 0.5 + 1e-6
            assert known.percent <= 100
            if before is not None and before[0].percent == car.anchor.percent and before[0].kwh == car.anchor.kwh:
                assert known.percent >= before[1] - 1e-9
            before = (car.anchor, known.percent)


@QUICK
@given(
    st.floats(1, 100),
    st.floats(3601, 1e6),
    st.integers(1, 99),
    st.sampled_from([ChargerTraits(has_power=True), ChargerTraits(has_power=False)]),
)
def test_an_old_reading_stops_no_charge(bench, percent, age_s, limit, traits):
    house = bench(replace(NOW, limit_soc_percent=limit), vehicles=CARS)
    house.boxes[0].traits, house.boxes[0].vehicle = traits, GOLF
    house.cycles(30)
    for _ in range(5):
        says(house, percent, age_s)
        house.cycle()
        assert house.boxes[0].enabled


def test_the_wish_of_a_fresh_memory_is_taken_once(bench):
    house = plugged(bench)
    manual(house, 30.0)
    house.cycles(300)
    house.memory = Memory()
    house.cycle()
    assert soc(house).percent == 30.0
    assert house.now.wall - timedelta(seconds=400) < house.settings.loadpoints[0].manual_soc.at
