"""``type: ocpp`` against charge points that call over real WebSockets."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from evcc_flask.bus.bus import Bus
from evcc_flask.bus.ocpp import OcppSpec
from evcc_flask.clock import SystemClock
from evcc_flask.devices.charger import SourceCharger
from evcc_flask.devices.registry import build_charger
from evcc_flask.domain.commands import Disable, Enable, Ending, OfferCurrent, SwitchPhases
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.domain.words import Status
from evcc_flask.plugins.shop import Workshop
from tests.chargepoint import ChargePoint
from tests.e2e.world import eventually

WITHIN_S = 15.0


class Yard:
    """A bus that awaits charge points, the chargers built on it, and the charge points that call."""

    def __init__(self, **spec: Any) -> None:
        self.bus = Bus(SystemClock())
        self.bus.await_stations(OcppSpec(port=0, host="127.0.0.1", **spec))
        self.workshop = Workshop(self.bus, SystemClock())
        self.points: list[ChargePoint] = []

    def charger(self, **params: Any) -> SourceCharger:
        box = build_charger("box", "ocpp", {"stationid": "WB 1", **params}, self.workshop)
        self.bus.refresh(list(box.needs()))
        eventually(lambda: self.bus.ocpp_port, WITHIN_S, "the server listens")
        return box

    def point(self, **how: Any) -> ChargePoint:
        self.points.append(ChargePoint(self.bus.ocpp_port, **how))
        return self.points[-1]

    def close(self) -> None:
        for point in self.points:
            point.hang_up()
        self.bus.close()


@pytest.fixture
def yard() -> Iterator[Yard]:
    made = Yard()
    yield made
    made.close()


@pytest.fixture
def closed_yard() -> Iterator[Callable[..., Yard]]:
    """Yards with a spec of their own."""
    made: list[Yard] = []

    def make(**spec: Any) -> Yard:
        made.append(Yard(**spec))
        return made[-1]

    yield make
    for each in made:
        each.close()


def on_line(box: SourceCharger) -> None:
    eventually(lambda: box.reading().status is not None, WITHIN_S, "the charge point is read")


def sent(box: SourceCharger, command: Any) -> tuple[Ending, str]:
    outcome: list[tuple[Ending, str]] = []
    ended = threading.Event()
    box.send(command, lambda ending, error: (outcome.append((ending, error)), ended.set()))
    assert ended.wait(30)
    return outcome[0]


def tended(box: SourceCharger) -> None:
    """The control loop decides: keep-alives may speak."""
    box.renew(SystemClock().monotonic_s() + 60)


def test_before_it_calls_the_box_is_unread_and_the_error_tells_what_to_enter(yard):
    reading = yard.charger().reading()
    assert reading.status is None
    assert "has not called yet" in reading.error
    assert "/WB 1 as its OCPP 1.6 server" in reading.error


def test_a_charge_is_read_with_power_currents_energy_and_card(yard):
    box, point = yard.charger(), yard.point()
    on_line(box)
    assert box.reading().status is Status.A
    point.plain.status, point.plain.power_w, point.plain.currents_a = "C", 6900.0, (10.0, 10.0, 9.5)
    eventually(lambda: box.reading().currents_a, WITHIN_S, "figures arrive")
    reading = box.reading()
    assert reading.status is Status.C
    assert (reading.power_w, reading.currents_a, reading.energy_kwh) == (6900.0, (10.0, 10.0, 9.5), 1.0)
    assert reading.identifier == "CARD7"
    assert reading.error is None


def test_a_current_is_a_default_profile_that_began_yesterday_at_the_highest_level(yard):
    box, point = yard.charger(), yard.point()
    on_line(box)
    assert sent(box, OfferCurrent(0, 10.07)) == (Ending.TAKEN, "")
    profile = point.profiles[-1]
    assert (profile["stack_level"], profile["charging_profile_purpose"]) == (8, "TxDefaultProfile")
    assert profile["charging_schedule"]["start_schedule"] < SystemClock().now().strftime("%Y-%m-%dT")
    assert point.limits() == [10]
    assert box.reading().offered_a == 10.0


def test_disabling_is_a_limit_of_nothing_and_enabling_is_the_current_again(yard):
    box, point = yard.charger(), yard.point()
    on_line(box)
    for command in (OfferCurrent(0, 8.0), Disable(0), Enable(0)):
        assert sent(box, command)[0] is Ending.TAKEN
    assert point.limits() == [8, 0, 8]
    assert box.reading().enabled is True


def test_it_is_offered_six_amperes_at_least_and_no_more_than_a_house_has(yard):
    box, point = yard.charger(), yard.point()
    traits = box.reading().traits
    assert (traits.least_a, traits.most_a) == (6.0, 32.0)
    on_line(box)
    assert sent(box, OfferCurrent(0, 5.0))[0] is Ending.FAILED
    assert 5 not in point.limits()


def test_the_limit_that_it_holds_when_it_comes_is_what_counts(yard):
    box, point = yard.charger(), yard.point()
    point.plain.offered_a = 13.0
    eventually(lambda: box.reading().offered_a == 13.0, WITHIN_S, "its composite schedule is read")
    assert box.reading().enabled is True
    assert point.profiles == []


def test_a_refused_limit_is_a_failed_command_with_its_sentence(yard):
    box, _ = yard.charger(), yard.point(lacks=("SetChargingProfile",))
    on_line(box)
    ending, error = sent(box, OfferCurrent(0, 10.0))
    assert ending is not Ending.TAKEN
    assert "refuses SetChargingProfile" in error or ending is Ending.UNAVAILABLE


def test_one_that_comes_back_hears_its_limit_once_more_and_no_sooner_than_a_decision(yard):
    box, point = yard.charger(), yard.point()
    on_line(box)
    tended(box)
    assert sent(box, OfferCurrent(0, 9.0))[0] is Ending.TAKEN
    point.hang_up()
    eventually(lambda: box.reading().error, WITHIN_S, "the cut line is an error")
    again = yard.point(boots=False)
    eventually(lambda: again.limits() == [9], WITHIN_S, "the limit is told again")
    assert box.reading().error is None


def test_nothing_is_told_to_one_that_waits_when_nobody_has_decided(yard):
    box, point = yard.charger(remotestart=True), yard.point(waits=True)
    point.plain.status = "B"
    eventually(lambda: box.reading().status is Status.B, WITHIN_S, "a car is there")
    tended(box)
    assert sent(box, Disable(0))[0] is Ending.TAKEN
    assert not point.asked_to_begin
    assert sent(box, OfferCurrent(0, 6.0))[0] is Ending.TAKEN
    assert sent(box, Enable(0))[0] is Ending.TAKEN
    eventually(lambda: point.transaction, WITHIN_S, "it is told to begin")


def test_when_the_car_is_gone_the_card_of_the_last_charge_is_forgotten(yard):
    box, point = yard.charger(), yard.point()
    point.plain.status, point.plain.power_w = "C", 6900.0
    eventually(lambda: box.reading().power_w == 6900.0, WITHIN_S, "it charges")
    point.plain.status, point.plain.power_w = "A", 0.0
    eventually(lambda: box.reading().status is Status.A, WITHIN_S, "the car is gone")
    assert box.reading().identifier is None


def test_phases_are_switched_where_the_charge_point_says_that_it_can(yard):
    box = yard.charger()
    point = yard.point(settings={"ConnectorSwitch3to1PhaseSupported": "true"})
    on_line(box)
    eventually(lambda: box.reading().traits.switches_phases, WITHIN_S, "it can switch")
    assert sent(box, OfferCurrent(0, 8.0))[0] is Ending.TAKEN
    assert sent(box, SwitchPhases(0, 1))[0] is Ending.TAKEN
    assert point.profiles[-1]["charging_schedule"]["charging_schedule_period"][0] == {
        "start_period": 0,
        "limit": 8,
        "number_phases": 1,
    }


def test_a_charge_point_that_counts_in_watts_is_told_watts(yard):
    box, point = yard.charger(), yard.point(settings={"ChargingScheduleAllowedChargingRateUnit": "Power"})
    on_line(box)
    assert sent(box, OfferCurrent(0, 10.0))[0] is Ending.TAKEN
    assert point.limits() == [6900]
    assert box.reading().offered_a == 10.0


def test_one_that_knows_hardly_anything_is_read_and_steered_all_the_same(yard):
    lacks = ("GetConfiguration", "ChangeConfiguration", "TriggerMessage", "GetCompositeSchedule")
    box, point = yard.charger(), yard.point(lacks=lacks)
    on_line(box)
    assert box.reading().enabled is None
    assert sent(box, OfferCurrent(0, 7.0))[0] is Ending.TAKEN
    assert point.profiles[-1]["stack_level"] == 0


def test_a_fault_is_told_in_its_own_words(yard):
    box, point = yard.charger(), yard.point()
    point.word = "Faulted"
    eventually(lambda: "GroundFailure" in (box.reading().error or ""), WITHIN_S, "the fault is told")


def test_a_stranger_is_turned_away(yard):
    yard.charger()
    stranger = yard.point(name="WB 2")
    eventually(lambda: stranger.refused == 404, WITHIN_S, "it is turned away")


def test_a_charger_without_a_name_takes_the_first_that_comes_and_keeps_to_it(yard):
    box = yard.charger(stationid="")
    yard.point(name="ANY")
    on_line(box)
    second = yard.point(name="OTHER")
    eventually(lambda: second.refused == 404, WITHIN_S, "the second is turned away")


def test_only_who_stands_in_the_list_comes_in(closed_yard):
    yard = closed_yard(stations=(("GOOD", ""),))
    box = yard.charger(stationid="")
    bad = yard.point(name="BAD")
    eventually(lambda: bad.refused == 404, WITHIN_S, "it is turned away")
    yard.point(name="GOOD")
    on_line(box)


def test_without_the_password_nobody_comes_in(closed_yard):
    yard = closed_yard(stations=(("WB 1", "own"),), password="all")
    box = yard.charger()
    for wrong in ("", "all"):
        point = yard.point(password=wrong)
        eventually(lambda at=point: at.refused == 401, WITHIN_S, "it is turned away")
        point.hang_up()
    yard.point(password="own")
    on_line(box)


def test_while_the_door_is_shut_the_reason_stands_at_the_box(closed_yard):
    yard = closed_yard(shut="no charge point is let in until ocpp in evcc-flask.yaml is right")
    box = build_charger("box", "ocpp", {"stationid": "WB 1"}, yard.workshop)
    yard.bus.refresh(list(box.needs())).wait(5)
    eventually(lambda: "no charge point is let in" in (box.reading().error or ""), WITHIN_S, "it is told")


def test_a_hung_charge_point_costs_its_own_command_a_time_out_and_readings_stay_instant(yard, monkeypatch):
    box, point = yard.charger(), yard.point()
    on_line(box)
    assert sent(box, OfferCurrent(0, 7.0))[0] is Ending.TAKEN
    point.hung = True
    ended = threading.Event()
    box.send(OfferCurrent(0, 8.0), lambda *_: ended.set())
    clock = SystemClock()
    began_s = clock.wire_s()
    assert box.reading().offered_a == 7.0
    assert clock.wire_s() - began_s < 0.5
    assert not ended.is_set()


def test_two_chargers_on_one_connector_are_a_mistake(yard):
    yard.charger()
    with pytest.raises(Misconfigured, match="another charger already"):
        yard.charger()


def test_a_second_connector_is_a_box_of_its_own(yard):
    yard.charger()
    other = yard.charger(connector=2)
    yard.point()
    eventually(lambda: other.reading().error is None or "called" not in other.reading().error, WITHIN_S, "it is there")
    assert other.reading().status is None
