"""Fast, just this once: what it aims at, and what of it and of plans survives a power cut."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from evcc_flask.control import storedplans
from evcc_flask.domain import recallplans
from evcc_flask.domain.memory import PlanMemory
from evcc_flask.domain.once import fast_once, kwh_per_km
from evcc_flask.domain.plans import EnergyPlan, Goal

NOW = datetime(2026, 5, 4, 20, tzinfo=UTC)
HELD = PlanMemory(
    Goal(3, NOW, 600, soc_percent=80),
    NOW + timedelta(minutes=15),
    True,
    EnergyPlan(10.5, NOW + timedelta(days=1), 60),
    3.25,
)


@pytest.mark.parametrize("said", ["full", "unplugged", "20kwh", "100km", "2.5h", "90min"])
def test_what_was_said_is_stored_and_read_back(said):
    wish = fast_once(said, 3.5, 0.2, NOW)
    assert storedplans.read_fast_once(json.loads(json.dumps(storedplans.fast_once(wish)))) == wish
    assert wish.said == said


def test_energy_counts_from_the_moment_it_was_said_and_time_by_the_clock():
    assert fast_once("20kwh", 3.5, 0.2, NOW).remaining_kwh(13.5) == 10
    assert fast_once("100km", 0.0, 0.2, NOW).remaining_kwh(0.0) == 20
    hours = fast_once("2h", 0.0, 0.2, NOW)
    assert [hours.remaining_s(NOW + timedelta(hours=h)) for h in (0, 1, 3)] == [7200, 3600, 0]
    assert (hours.remaining_s(None), hours.remaining_kwh(5.0)) == (None, None)


@pytest.mark.parametrize("said", ["", "0kwh", "-5kwh", "20", "km", "20 kwh", "1e3h", "soon", "99999km"])
def test_nonsense_is_refused_with_what_can_be_said(said):
    with pytest.raises(ValueError, match="full, unplugged, 20kwh"):
        fast_once(said, 0.0, 0.2, NOW)


def test_a_kilometre_costs_what_the_car_reckons_itself_within_what_cars_take():
    assert kwh_per_km(60.0, 50.0, 200.0) == pytest.approx(0.15 / 0.85)
    assert kwh_per_km(60.0, 50.0, 2000.0) == pytest.approx(0.08 / 0.85)
    assert kwh_per_km(60.0, 50.0, 1.0) == pytest.approx(0.60 / 0.85)
    assert kwh_per_km(None, 50.0, 200.0) == pytest.approx(0.18 / 0.85)


@pytest.mark.parametrize("damaged", [None, 5, "x", {"kind": "soon"}, {"until": "2h", "kind": "time", "energy": 0}])
def test_a_damaged_wish_is_none(damaged):
    assert storedplans.read_fast_once(damaged) is None


@pytest.mark.parametrize("plan", [HELD, PlanMemory(), PlanMemory(from_kwh=1.5)])
def test_a_plan_that_charges_is_remembered(plan):
    assert recallplans.recalled(json.loads(json.dumps(recallplans.kept(plan)))) == plan


@pytest.mark.parametrize(
    "damaged", [5, [], {}, {"goal": [1]}, {**recallplans.kept(HELD), "slot_end": "2026-05-04T20:00"}]
)
def test_a_damaged_memory_of_a_plan_is_empty(damaged):
    assert recallplans.recalled(damaged) == PlanMemory()
