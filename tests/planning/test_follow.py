"""Whether a plan charges now: from cycle to cycle, with what it remembers."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evcc_flask.domain.carmemory import CarMemory, Soc, SocSource
from evcc_flask.domain.memory import LoadpointMemory, Memory, OpenSession, PlanMemory
from evcc_flask.domain.moment import Moment
from evcc_flask.domain.plans import RepeatingPlan, SocPlan
from evcc_flask.domain.rates import Outlook, Rate, Tariff, TariffKind, Usage
from evcc_flask.domain.readings import ChargerReading, ChargerTraits, VehicleReading
from evcc_flask.domain.settings import LoadpointSettings, Settings
from evcc_flask.domain.snapshot import LoadpointReading, Snapshot
from evcc_flask.domain.vehicles import Vehicle, VehicleSettings
from evcc_flask.domain.words import Mode, Status
from evcc_flask.planning.follow import follow, without

NIGHT = datetime(2026, 5, 4, 20, tzinfo=UTC)
"""A Monday."""
QUARTER = timedelta(minutes=15)
PERCENT_S = 60 / 0.85 / 100 / 11.04 * 3600
"""One percent of 60 kWh at 11 kW, in seconds."""


def quarters(*values):
    """Prices of quarters of an hour from NIGHT on."""
    rates = tuple(Rate(NIGHT + i * QUARTER, NIGHT + (i + 1) * QUARTER, value) for i, value in enumerate(values))
    return Outlook(tariffs={Usage.PLANNER: Tariff(TariffKind.FORECAST, rates)})


@dataclass
class Desk:
    """One loadpoint with a golf of 60 kWh, looked at whenever a test says so."""

    plan: SocPlan | None = None
    repeating: tuple[RepeatingPlan, ...] = ()
    outlook: Outlook = field(default_factory=Outlook)
    soc: float | None = 50.0
    trusted: bool = True
    mode: Mode = Mode.PV
    status: Status = Status.B
    connected_s: float = 0.0
    memory: PlanMemory = field(default_factory=PlanMemory)
    mode_before: Mode | None = None
    ended: bool = False

    def look(self, minutes, *, wall=True):
        now_s = 5000.0 + 60 * minutes
        known = Soc(self.soc, SocSource.CAR, now_s, trusted=self.trusted) if self.soc is not None else None
        session = OpenSession("1", self.connected_s) if self.status is not Status.A else None
        memory = LoadpointMemory(
            status=self.status,
            mode=self.mode_before,
            session=session,
            car=CarMemory(name="golf", soc=known),
            plan=self.memory,
        )
        golf = VehicleSettings(Vehicle("golf", capacity_kwh=60.0), plan=self.plan, repeating=self.repeating)
        settings = Settings(vehicles={"golf": golf}, loadpoints=(LoadpointSettings(mode=self.mode, vehicle="golf"),))
        charger = ChargerReading("box", now_s, self.status, traits=ChargerTraits(physical_phases=3))
        reading = LoadpointReading(charger, VehicleReading("golf", capacity_kwh=60.0))
        snapshot = Snapshot(loadpoints=(reading,), outlook=self.outlook)
        moment = Moment(now_s, NIGHT + timedelta(minutes=minutes) if wall else None)
        planned = follow(snapshot, settings, Memory(10.0, loadpoints=(memory,)), moment)
        self.memory, self.mode_before = planned.memory.loadpoints[0].plan, self.mode
        self.ended = without(settings, planned.ended).vehicles["golf"].plan is None and self.plan is not None
        return planned.settings.loadpoints[0].plan

    def active(self, minutes):
        return self.look(minutes).active


def plan(percent, hours, precondition_s=0):
    return SocPlan(percent, NIGHT + timedelta(hours=hours), precondition_s)


def needs(minutes):
    """The SoC in % of a car that needs so many minutes to 80 %."""
    return 80 - minutes * 60 / PERCENT_S


def daily(percent, at, **more):
    return RepeatingPlan((0, 1, 2, 3, 4, 5, 6), at, "UTC", percent, active=True, **more)


CHEAP_AT_NINE = quarters(*[3] * 4, 1, 1, 1, 1, *[3] * 12)


def test_inside_a_slot_it_charges_and_outside_it_waits():
    desk = Desk(plan(80, 5), outlook=CHEAP_AT_NINE, soc=needs(60))
    assert [desk.active(minutes) for minutes in (0, 30, 59)] == [False] * 3
    assert desk.active(60)
    assert not Desk(plan(80, 5), outlook=CHEAP_AT_NINE, soc=needs(60)).active(59)


def test_a_slot_that_is_nearly_over_is_not_worth_a_start():
    outlook = quarters(3, 1, *[3] * 18)
    assert Desk(plan(80, 5), outlook=outlook, soc=needs(20)).active(15.5)
    assert not Desk(plan(80, 5), outlook=outlook, soc=needs(20)).active(17)
    followed = quarters(3, 1, 1, *[3] * 17)
    assert Desk(plan(80, 5), outlook=followed, soc=needs(20)).active(27)


def test_it_is_worth_one_when_there_is_no_time_left():
    desk = Desk(plan(80, 2), outlook=quarters(*[1] * 8), soc=needs(5))
    assert desk.active(114)


def test_a_slot_that_runs_is_used_up_though_less_is_missing_than_was_thought():
    desk = Desk(plan(80, 5), outlook=quarters(1, 3, 3, 1, *[3] * 16), soc=needs(30))
    assert desk.active(0)
    desk.soc = needs(28)
    desk.outlook = quarters(2, 3, 3, 1, 1, *[3] * 15)
    assert desk.active(5)
    assert not desk.active(16)


def test_what_is_left_of_less_than_a_quarter_is_charged_in_one_go():
    desk = Desk(plan(80, 5), outlook=quarters(1, 3, 3, 3, 1, *[3] * 16), soc=needs(31))
    assert desk.active(0)
    desk.soc = needs(14)
    assert desk.active(16)
    desk.soc = needs(20)
    assert not desk.active(16)


def test_a_short_pause_is_none():
    outlook = quarters(1, 3, 1, 1, 1, *[3] * 15)
    for minutes, goes_on in ((15, False), (17, True)):
        desk = Desk(plan(80, 5), outlook=outlook, soc=needs(61))
        assert desk.active(0)
        desk.soc = needs(45)
        assert desk.active(minutes) is goes_on


def test_what_is_reserved_for_the_end_is_not_charged_earlier():
    desk = Desk(plan(80, 5, 1800), outlook=quarters(1, *[3] * 19), soc=needs(46))
    assert desk.active(0)
    desk.soc = needs(14)
    assert not desk.active(10)


def test_past_its_time_it_goes_on_until_the_goal_is_reached_and_then_ends():
    desk = Desk(plan(80, 1), soc=needs(90))
    assert desk.active(0)
    word = desk.look(70)
    assert (word.active, word.overrun_s > 0) == (True, True)
    desk.soc = 80.0
    assert not desk.active(110)
    assert desk.ended


def test_a_plan_whose_time_passed_before_it_began_is_over():
    desk = Desk(plan(80, 1))
    desk.active(61)
    assert desk.ended


def test_a_repeating_plan_is_held_past_its_time_and_not_taken_for_tomorrows():
    desk = Desk(repeating=(daily(80, time(21)),), soc=needs(90))
    assert desk.active(10)
    word = desk.look(65)
    assert (word.active, word.goal.time) == (True, NIGHT + timedelta(hours=1))
    desk.soc = 81.0
    assert not desk.active(100)
    desk.soc = 60.0
    assert desk.look(101).goal.time == NIGHT + timedelta(hours=25)


@pytest.mark.parametrize("change", [{"soc_percent": 90}, {"at": time(23)}, {"active": False}])
def test_a_change_of_the_plan_lets_go_of_it(change):
    desk = Desk(repeating=(daily(80, time(21)),), soc=needs(90))
    assert desk.active(10)
    desk.repeating = (replace(desk.repeating[0], **change),)
    assert not desk.active(65)


def test_that_a_plan_will_be_late_is_told_once():
    desk = Desk(plan(80, 1), soc=needs(90))
    assert [desk.look(minutes).overruns for minutes in (0, 1, 2)] == [True, False, False]


def test_a_plan_for_all_of_it_is_kept_until_the_car_leaves():
    desk = Desk(plan(100, 1), soc=95.0)
    assert desk.active(25)
    desk.soc = 100.0
    assert desk.active(40)
    assert desk.active(90)
    desk.status = Status.A
    assert not desk.active(91)
    assert not desk.ended


def test_a_soc_that_is_not_certain_neither_ends_a_charge_nor_a_plan():
    desk = Desk(plan(80, 2), soc=needs(110))
    assert desk.active(10)
    desk.soc, desk.trusted = 85.0, False
    assert desk.active(20)
    assert not desk.ended
    assert not desk.active(121)
    assert desk.ended


def test_a_car_that_was_just_plugged_in_may_tell_first_how_full_it_is():
    desk = Desk(plan(80, 5), soc=None, connected_s=5000.0)
    word = desk.look(0.5)
    assert (word.active, word.why.code.value) == (False, "plan_waits_for_soc")
    assert desk.active(3)


@pytest.mark.parametrize(("mode", "goes_on"), [(Mode.MINPV, True), (Mode.OFF, False)])
def test_off_ends_what_charges_and_other_modes_do_not(mode, goes_on):
    desk = Desk(repeating=(daily(80, time(21)),), soc=needs(90))
    assert desk.active(10)
    desk.mode = mode
    assert desk.active(65) is goes_on


def test_now_lets_go_of_a_plan_whose_time_has_passed():
    desk = Desk(repeating=(daily(80, time(21)),), soc=needs(90))
    desk.active(10)
    desk.mode = Mode.NOW
    assert desk.look(65).goal.time == NIGHT + timedelta(hours=25)


def test_while_the_clock_is_not_trusted_nothing_begins_and_what_charges_goes_on():
    desk = Desk(plan(80, 1), soc=needs(50))
    word = desk.look(30, wall=False)
    assert (word.active, word.why.code.value) == (False, "plan_waits_for_clock")
    assert desk.active(30)
    assert desk.look(31, wall=False).active


def test_of_several_plans_the_one_that_must_begin_first_counts_and_one_that_is_reached_does_not():
    desk = Desk(plan(60, 8), repeating=(daily(90, time(5)),), soc=50.0)
    assert desk.look(0).goal.plan_id == 2
    desk = Desk(plan(55, 8), repeating=(daily(90, time(5)),), soc=58.0)
    assert desk.look(0).goal.plan_id == 2
    assert not desk.ended


def test_a_plan_that_is_already_reached_is_over():
    desk = Desk(plan(55, 8), soc=58.0)
    assert desk.look(0).goal is None
    assert desk.ended


def test_without_a_car_the_plan_that_would_count_is_known_and_nothing_charges():
    word = Desk(plan(80, 1), status=Status.A).look(30)
    assert (word.active, word.goal.plan_id, word.start) == (False, 1, None)


def test_a_plan_in_one_piece_goes_on_though_the_prices_change():
    whole = replace(plan(80, 5), continuous=True)
    desk = Desk(whole, outlook=quarters(1, 1, 1, 1, *[3] * 16), soc=needs(60))
    assert desk.active(0)
    desk.outlook, desk.soc = quarters(9, 9, 9, 9, *[3] * 16), needs(40)
    assert desk.active(20)
    assert not Desk(whole, outlook=desk.outlook, soc=needs(40)).active(20)


@settings(max_examples=40, deadline=None)
@given(
    prices=st.lists(st.integers(-3, 9), min_size=8, max_size=24),
    missing=st.integers(3, 100),
    precondition=st.sampled_from([0, 900, 3600, 7 * 86400]),
    whole=st.booleans(),
    known_from=st.integers(0, 60),
)
def test_a_plan_that_fits_is_done_in_time_whatever_the_prices_are_and_takes_no_more_than_it_needs(
    prices, missing, precondition, whole, known_from
):
    """Minute by minute; each charges a minute's worth where the plan says so. Prices may come late."""
    left = 15 * len(prices)
    missing = min(missing, left - 3)
    goal = replace(plan(80, left / 60, precondition), continuous=whole)
    desk, charged = Desk(goal, soc=needs(missing)), 0
    for minute in range(left):
        desk.outlook = quarters(*prices) if minute >= known_from else Outlook()
        if desk.active(minute):
            charged += 1
        if desk.ended:
            break
        desk.soc = min(80.0, needs(missing - charged))
    assert missing <= charged + 0.5
    assert charged <= missing + 1
