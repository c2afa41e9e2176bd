"""Which car stands where: by the card, by the cars' own accounts, and never against a person's word."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evcc_flask.domain.assignment import with_vehicles
from evcc_flask.domain.decide import decide
from evcc_flask.domain.identify import match
from evcc_flask.domain.memory import Memory
from evcc_flask.domain.moment import Moment
from evcc_flask.domain.readings import CarReading, CarTraits, ChargerReading, ChargerTraits
from evcc_flask.domain.settings import LoadpointSettings, Settings
from evcc_flask.domain.snapshot import LoadpointReading, Snapshot
from evcc_flask.domain.vehicles import PollMode, Vehicle, VehicleSettings
from evcc_flask.domain.words import Contact, Feature, Mode, Status

ASKED = CarTraits(has_soc=True, has_status=True)


def cars(**identifiers):
    return {name: VehicleSettings(Vehicle(name, identifiers=tuple(each))) for name, each in identifiers.items()}


@pytest.mark.parametrize(
    ("card", "found"),
    [
        ("04AB", "exact"),
        ("04ab ", "exact"),
        ("04abCD", "begins"),
        ("x04ab", None),
        ("77-12-99", "both_ends"),
        ("dot.dot", "dots"),
        ("dotXdot", None),
        ("", None),
        ("stranger", None),
    ],
)
def test_a_card_finds_the_car_that_names_it_in_full_before_one_with_a_star(card, found):
    known = cars(begins=["04ab*"], exact=["04AB"], both_ends=["77*99"], dots=["dot.dot"], all=["*", ""])
    assert match(card, known) == found


class Yard:
    """Two boxes and the cars of the house; what their accounts say is set by hand, ``cycle`` lets ten seconds pass."""

    def __init__(self, **vehicles):
        self.settings = Settings(
            vehicles={name: VehicleSettings(Vehicle(name, **facts)) for name, facts in vehicles.items()},
            loadpoints=(LoadpointSettings(mode=Mode.OFF), LoadpointSettings(mode=Mode.OFF)),
        )
        self.status = [Status.A, Status.A]
        self.cards = [None, None]
        self.cars = {name: CarReading(name, Contact.UNREAD, traits=ASKED) for name in vehicles}
        self.features = frozenset()
        self.memory, self.s = Memory(), 1000.0
        self.cycle()

    def says(self, name, status, soc=None, contact=Contact.UP):
        self.cars[name] = replace(
            self.cars[name], contact=contact, status=status, soc_percent=soc, at_s=self.s, asked_at_s=self.s
        )

    def wish(self, place=0, **changes):
        loadpoints = list(self.settings.loadpoints)
        loadpoints[place] = replace(loadpoints[place], **changes)
        self.settings = replace(self.settings, loadpoints=tuple(loadpoints))

    def cycle(self, after_s=10.0):
        self.s += after_s
        boxes = (
            ChargerReading(name, self.s, status, False, identifier=card, traits=ChargerTraits(features=self.features))
            for name, status, card in zip("ab", self.status, self.cards, strict=True)
        )
        snapshot = Snapshot(loadpoints=tuple(LoadpointReading(box) for box in boxes), cars=dict(self.cars))
        seen = with_vehicles(snapshot, self.settings)
        self.last = decide(seen, self.settings, self.memory, Moment(self.s, datetime(2026, 6, 1, tzinfo=UTC)))
        self.memory = self.last.memory
        for change in self.last.changes:
            self.wish(change.loadpoint, **{change.name: change.value})
        return self.last

    def stands(self):
        return [each.vehicle for each in self.settings.loadpoints]

    def asked(self):
        return [ask.name for ask in self.last.asks]


def test_a_car_that_is_found_leaves_the_other_box():
    yard = Yard(golf={"identifiers": ("aa",)})
    yard.wish(1, vehicle="golf")
    yard.status, yard.cards = [Status.B, Status.B], ["aa", None]
    yard.cycle()
    assert yard.stands() == ["golf", None]


def test_the_cars_own_mode_is_taken_once_and_not_again_by_the_same_card():
    yard = Yard(golf={"identifiers": ("aa",), "mode": Mode.NOW})
    yard.status, yard.cards = [Status.B, Status.A], ["aa", None]
    yard.cycle()
    assert yard.settings.loadpoints[0].mode is Mode.NOW
    yard.wish(mode=Mode.PV)
    yard.cards = [None, None]
    yard.cycle()
    yard.cards = ["aa", None]
    yard.cycle()
    assert yard.settings.loadpoints[0].mode is Mode.PV


def test_a_card_counts_over_what_a_person_chose_before_and_not_after():
    yard = Yard(golf={"identifiers": ("aa",)}, zoe={})
    yard.status = [Status.B, Status.A]
    yard.wish(vehicle="zoe", chosen=True)
    yard.cards = ["aa", None]
    yard.cycle()
    assert yard.stands()[0] == "golf"
    yard.wish(vehicle="zoe", chosen=True)
    yard.cycle()
    assert yard.stands()[0] == "zoe"


def test_an_unknown_card_changes_nothing_whether_it_comes_first_or_between_others():
    yard = Yard(golf={"identifiers": ("aa",)}, zoe={})
    yard.status = [Status.B, Status.A]
    events = []
    for card, wished in (("xx", None), ("aa", None), ("xx", "zoe"), ("yy", None), ("aa", None)):
        yard.cards = [card, None]
        events.append([event.value for event in yard.cycle().loadpoints[0].events])
        if wished:
            yard.wish(vehicle=wished, chosen=True, limit_soc_percent=70)
    assert events == [["connect"], [], [], [], []]
    assert (yard.stands()[0], yard.settings.loadpoints[0].limit_soc_percent) == ("zoe", 70)


def test_an_integrated_device_has_no_car():
    yard = Yard(golf={"identifiers": ("aa",)})
    yard.features = frozenset({Feature.INTEGRATED_DEVICE})
    yard.status, yard.cards = [Status.B, Status.A], ["aa", None]
    yard.cycle()
    assert yard.stands() == [None, None]
    assert not yard.last.loadpoints[0].detecting


def test_a_car_in_the_other_box_is_not_looked_for():
    yard = Yard(golf={}, zoe={})
    yard.wish(1, vehicle="golf", chosen=True)
    yard.status = [Status.B, Status.B]
    yard.cycle()
    yard.says("golf", Status.B)
    yard.says("zoe", Status.A)
    yard.cycle()
    assert yard.stands() == [None, "golf"]


def test_a_default_car_of_an_empty_box_may_stand_at_this_one():
    yard = Yard(golf={})
    yard.wish(1, vehicle="golf", default_vehicle="golf")
    yard.status = [Status.B, Status.A]
    yard.cycle()
    yard.says("golf", Status.B)
    yard.cycle()
    assert yard.stands() == ["golf", None]


def test_what_an_account_said_before_the_plug_in_proves_nothing():
    yard = Yard(golf={})
    yard.says("golf", Status.B)
    yard.status = [Status.B, Status.A]
    yard.cycle()
    yard.cycle()
    assert yard.stands()[0] is None
    yard.says("golf", Status.B)
    yard.cycle()
    assert yard.stands()[0] == "golf"


def test_nobody_is_looked_for_where_no_car_was_plugged_in():
    yard = Yard(golf={})
    assert not yard.last.loadpoints[0].detecting
    assert yard.asked() == []


def test_while_it_is_looked_for_each_account_is_asked_once_a_minute():
    yard = Yard(golf={}, zoe={})
    yard.status = [Status.B, Status.A]
    asked = []
    for _ in range(70):
        yard.cycle()
        asked += yard.asked()
        for name in yard.asked():
            yard.says(name, Status.A)
    assert asked.count("golf") == asked.count("zoe") == 11
    assert not yard.last.loadpoints[0].detecting


def test_a_car_that_was_only_assigned_wrongly_is_put_right_without_a_new_session():
    yard = Yard(golf={}, zoe={})
    yard.wish(vehicle="golf", default_vehicle="golf")
    yard.status = [Status.B, Status.A]
    yard.cycle()
    yard.says("golf", Status.A)
    yard.cycle()
    yard.says("zoe", Status.B)
    events = [event.value for event in yard.cycle().loadpoints[0].events]
    assert (yard.stands()[0], events) == ("zoe", [])


def test_a_person_is_right_even_where_the_account_says_otherwise():
    yard = Yard(golf={}, zoe={})
    yard.wish(vehicle="golf", chosen=True)
    yard.status = [Status.B, Status.A]
    yard.cycle()
    yard.says("golf", Status.A)
    yard.says("zoe", Status.B)
    for _ in range(5):
        yard.cycle()
    assert yard.stands()[0] == "golf"


@pytest.mark.parametrize(
    ("poll", "waits", "unplugged"), [(PollMode.CHARGING, 0, 0), (PollMode.CONNECTED, 1, 0), (PollMode.ALWAYS, 1, 1)]
)
def test_besides_once_after_plug_in_an_account_is_asked_as_the_loadpoint_says(poll, waits, unplugged):
    yard = Yard(golf={})
    yard.wish(vehicle="golf", default_vehicle="golf", chosen=True, poll=poll, poll_interval_s=3600.0)
    yard.says("golf", Status.A, soc=50.0)
    yard.status = [Status.B, Status.A]
    yard.cycle()
    assert yard.asked() == ["golf"]
    yard.says("golf", Status.B, soc=50.0)

    def count(seconds):
        asks = 0
        for _ in range(seconds // 10):
            yard.cycle()
            asks += len(yard.asked())
            if yard.asked():
                yard.says("golf", Status.B, soc=50.0)
        return asks

    assert count(3700) == waits
    yard.status = [Status.A, Status.A]
    yard.cycle()
    assert count(3700) == unplugged


@pytest.mark.parametrize("contact", [Contact.ASLEEP, Contact.LIMITED, Contact.GONE, Contact.PENDING])
def test_an_account_that_does_not_answer_is_asked_more_and_more_rarely(contact):
    yard = Yard(golf={})
    yard.wish(vehicle="golf", chosen=True)
    yard.status = [Status.C, Status.A]
    times = []
    for _ in range(1100):
        yard.cycle()
        if yard.asked():
            times.append(yard.s)
            yard.cars["golf"] = replace(yard.cars["golf"], contact=contact, asked_at_s=yard.s)
    pauses = [round(later - earlier) for earlier, later in pairwise(times)]
    assert pauses[:4] == [60, 120, 180, 240]
    assert max(pauses) == 900


def test_a_loose_cable_does_not_ring_the_account_each_time():
    yard = Yard(golf={})
    yard.wish(vehicle="golf", default_vehicle="golf", chosen=True)
    asks = 0
    for cycle in range(60):
        yard.status = [Status.B if cycle % 2 else Status.A, Status.A]
        yard.cycle()
        asks += len(yard.asked())
    assert asks <= 10


def test_an_offline_car_is_never_asked():
    yard = Yard(bike={})
    yard.cars["bike"] = CarReading("bike")
    yard.wish(vehicle="bike", chosen=True)
    yard.status = [Status.C, Status.A]
    for _ in range(10):
        yard.cycle()
        assert yard.asked() == []


ODD = st.sampled_from([None, math.nan, math.inf, -math.inf, 0.0, -1.0, 101.0, 50.0])
STEP = st.tuples(
    st.tuples(*[st.sampled_from([None, *Status])] * 2),
    st.tuples(*[st.sampled_from([None, "", "aa", "AA", "bb", "zz"])] * 2),
    st.tuples(*[st.tuples(st.sampled_from(Contact), st.sampled_from([None, *Status]), ODD, ODD)] * 2),
    st.sampled_from([10.0, 30.0, 700.0]),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEP, min_size=1, max_size=12))
def test_whatever_cards_and_accounts_say_a_car_stands_at_one_box_and_nothing_breaks(steps):
    yard = Yard(golf={"identifiers": ("aa",), "capacity_kwh": 50.0}, zoe={"identifiers": ("b*",), "mode": Mode.NOW})
    for status, cards, told, after_s in steps:
        yard.status, yard.cards = list(status), list(cards)
        for name, (contact, where, soc, age_s) in zip(yard.cars, told, strict=True):
            at_s = None if age_s is None else yard.s - age_s
            yard.cars[name] = replace(
                yard.cars[name], contact=contact, status=where, soc_percent=soc, at_s=at_s, odometer_km=soc
            )
        decision = yard.cycle(after_s)
        stands = [name for name in yard.stands() if name is not None]
        assert len(stands) == len(set(stands))
        assert {ask.name for ask in decision.asks} <= set(yard.cars)
        for each in decision.loadpoints:
            assert each.soc is None or 0 <= each.soc.percent <= 100
