"""How long a plan must charge: what is missing, at what speed, with the taper near the end."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from evcc_flask.domain.carmemory import CarMemory, Soc, SocSource
from evcc_flask.domain.memory import Box, LoadpointMemory, Memory, OpenSession, PlanMemory
from evcc_flask.domain.plans import EnergyPlan, Goal
from evcc_flask.domain.readings import ChargerReading, ChargerTraits, LimitReading, VehicleReading
from evcc_flask.domain.settings import Circuit, LoadpointSettings, Settings
from evcc_flask.domain.snapshot import LoadpointReading, Snapshot
from evcc_flask.domain.words import Feature, Status
from evcc_flask.planning.sheet import LONGEST_S, sheet

AT = datetime(2026, 5, 5, 6, tzinfo=UTC)
CAR = VehicleReading("golf", capacity_kwh=60.0)


def laid(soc=20.0, car=CAR, settings=Settings(), memory=None, limits=None, charged_kwh=0.0, **wishes):  # noqa: B008
    """The sheet of a loadpoint with 3 x 16 A."""
    if memory is None:
        known = Soc(soc, SocSource.CAR, 90.0) if soc is not None else None
        session = OpenSession("1", 50.0, charged_kwh=charged_kwh)
        memory = LoadpointMemory(status=Status.B, session=session, car=CarMemory(soc=known))
    charger = ChargerReading("box", 99.0, Status.B, traits=ChargerTraits(physical_phases=3))
    settings = replace(settings, loadpoints=(LoadpointSettings(**wishes),))
    snapshot = Snapshot(loadpoints=(LoadpointReading(charger, car),), circuit_limits=limits or {})
    return sheet(0, snapshot, settings, Memory(10.0, loadpoints=(memory,)), 100.0)


def hours(view, **goal):
    return view.required_s(Goal(1, AT, 0, **goal)) / 3600


def test_of_60_kwh_from_20_to_80_percent_at_11_kw_takes_3_hours_38_minutes():
    view = replace(laid(), power_w=11000.0, kwh_per_percent=60 / 0.9 / 100)
    assert hours(view, soc_percent=80) == pytest.approx(3.636, abs=1e-3)


def test_near_the_end_a_car_takes_less():
    view = replace(laid(soc=89.8), power_w=10996.0, kwh_per_percent=1.0)
    assert hours(view, soc_percent=100) == pytest.approx(10.2 / 5.998, rel=1e-2)
    assert hours(replace(view, power_w=500.0), soc_percent=100) == pytest.approx(10.2 / 0.5)


def test_a_car_of_unknown_soc_is_thought_to_be_empty():
    view = laid(soc=None)
    assert view.by_soc
    assert hours(view, soc_percent=50) == pytest.approx(0.5 * 60 / 0.85 / 11.04)


def test_what_the_battery_was_seen_to_take_counts_more_than_what_is_usual():
    known = CarMemory(soc=Soc(20.0, SocSource.CAR, 90.0), kwh_per_percent=0.9)
    memory = LoadpointMemory(status=Status.B, session=OpenSession("1", 50.0), car=known)
    assert hours(laid(memory=memory), soc_percent=30) == pytest.approx(9 / 11.04)


@pytest.mark.parametrize(
    ("car", "soc", "by_soc"),
    [
        (CAR, None, True),
        (replace(CAR, features=frozenset({Feature.OFFLINE})), None, False),
        (replace(CAR, features=frozenset({Feature.OFFLINE})), 40.0, True),
        (replace(CAR, capacity_kwh=None), 40.0, False),
        (None, None, False),
    ],
)
def test_plans_go_by_soc_where_the_capacity_is_known_and_the_car_may_tell_it(car, soc, by_soc):
    assert laid(soc=soc, car=car).by_soc is by_soc


def test_an_energy_plan_counts_from_the_moment_it_was_made():
    plan = EnergyPlan(10.0, AT)
    view = laid(car=None, soc=None, charged_kwh=3.0, energy_plan=plan)
    assert hours(view, energy_kwh=10.0) == pytest.approx(10 / 11.04)
    made = LoadpointMemory(
        status=Status.B,
        session=OpenSession("1", 50.0, charged_kwh=7.0),
        plan=PlanMemory(energy_plan=plan, from_kwh=3.0),
    )
    assert hours(laid(car=None, memory=made, energy_plan=plan), energy_kwh=10.0) == pytest.approx(6 / 11.04)


def test_and_from_the_plug_in_once_the_car_has_left():
    plan = EnergyPlan(10.0, AT)
    gone = LoadpointMemory(status=Status.A, plan=PlanMemory(energy_plan=plan, from_kwh=3.0))
    assert hours(laid(car=None, memory=gone, energy_plan=plan), energy_kwh=10.0) == pytest.approx(10 / 11.04)


@pytest.mark.parametrize(
    ("wishes", "car", "power_w"),
    [
        ({}, CAR, 11040),
        ({"max_current_a": 32.0}, CAR, 22080),
        ({"max_current_a": 32.0}, replace(CAR, max_current_a=20.0), 13800),
        ({}, replace(CAR, phases=1), 3680),
    ],
)
def test_full_speed_is_what_loadpoint_and_car_allow(wishes, car, power_w):
    assert laid(car=car, **wishes).power_w == power_w


def test_and_the_fuses_above():
    fuses = Settings(
        circuits=(Circuit("main", max_power_w=9000.0), Circuit("garage", parent="main", max_current_a=14.0))
    )
    assert laid(settings=fuses, circuit="garage").power_w == 9000
    said = {"garage": LimitReading(current_a=10.0)}
    assert laid(settings=fuses, circuit="garage", limits=said).power_w == 6900
    assert laid(settings=fuses).power_w == 11040


def test_what_no_battery_holds_is_not_reckoned_in_seconds_and_no_power_needs_none():
    view = laid(car=None, soc=None)
    assert hours(view, energy_kwh=1e9) == LONGEST_S / 3600
    stuck = replace(view, power_w=0.0)
    assert (hours(stuck, energy_kwh=5.0), stuck.met(Goal(1, AT, 0, energy_kwh=5.0))) == (0, False)


def test_a_soc_that_is_not_certain_reaches_no_goal():
    goal = Goal(1, AT, 0, soc_percent=15)
    assert laid().met(goal)
    assert not replace(laid(), certain=False).met(goal)


def charging(drawn_w, *, offered_a=16.0, charged_s=90.0, plan=None, **wishes):
    """The sheet while it charges, ``charged_s`` after it began and was told its current."""
    began_s = 1000.0 - charged_s
    box = Box(enabled=True, enabled_s=began_s, offered_a=offered_a, changed_s=began_s, phases=3)
    memory = LoadpointMemory(
        status=Status.C, charging_s=began_s, box=box, session=OpenSession("1", 50.0), plan=plan or PlanMemory()
    )
    traits = ChargerTraits(physical_phases=3)
    charger = ChargerReading("box", 999.0, Status.C, power_w=drawn_w, power_at_s=999.0, traits=traits)
    snapshot = Snapshot(loadpoints=(LoadpointReading(charger, CAR),))
    return sheet(
        0, snapshot, Settings(loadpoints=(LoadpointSettings(**wishes),)), Memory(10.0, loadpoints=(memory,)), 1000.0
    )


def test_full_speed_is_what_the_car_was_seen_to_take_when_it_might_take_all():
    assert charging(9000.0).power_w == 9000.0
    assert charging(9000.0, offered_a=10.0).power_w == 11040.0
    assert charging(9000.0, charged_s=30.0).power_w == 11040.0
    assert charging(12000.0).power_w == 11040.0


def test_a_car_that_takes_next_to_nothing_for_a_while_has_not_shown_its_speed():
    assert charging(200.0).power_w == 11040.0
    seen = PlanMemory(took_w=9000.0, of_w=11040.0)
    assert charging(5000.0, plan=seen).power_w == 9000.0


def test_what_was_seen_at_another_limit_says_nothing():
    seen = PlanMemory(took_w=4000.0, of_w=4140.0)
    assert charging(9000.0, charged_s=10.0, plan=seen).power_w == 11040.0
    assert charging(4000.0, charged_s=10.0, plan=seen, max_current_a=6.0).power_w == 4000.0
