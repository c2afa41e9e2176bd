"""Charge points as they are: in a transaction that nobody began here, with clocks of their own, units as they come, and
answers that nobody hoped for. Frames are sent as they stand, over a real WebSocket.
"""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from evcc_flask.bus.bus import Bus
from evcc_flask.bus.ocpp import OcppSpec
from evcc_flask.clock import SystemClock
from evcc_flask.devices.charger import SourceCharger
from evcc_flask.devices.registry import build_charger
from evcc_flask.domain.commands import Ending, OfferCurrent
from evcc_flask.domain.words import Status
from evcc_flask.plugins.shop import Workshop
from tests.e2e.world import eventually

WITHIN_S = 20.0
ACCEPTED = {"status": "Accepted"}


class Line:
    """One connection of a charge point. It answers what it is asked by ``answers``, and notes it in ``asked``."""

    def __init__(self, port: int, **answers: Any) -> None:
        self.answers = {"GetConfiguration": {}, "GetCompositeSchedule": {"status": "Rejected"}, **answers}
        self.asked: list[tuple[str, Any]] = []
        self._replies: dict[str, Any] = {}
        self._news = threading.Condition()
        self._line = connect(f"ws://127.0.0.1:{port}/WB", subprotocols=["ocpp1.6"])  # type: ignore[list-item]
        self._socket = self._line.__enter__()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def say(self, action: str, **payload: Any) -> Any:
        """Send a call; the answer's payload, or the words of an error."""
        number = f"n{len(self._replies)}{action}"
        self.frame([2, number, action, payload])
        with self._news:
            assert self._news.wait_for(lambda: number in self._replies, WITHIN_S), f"no answer to {action}"
            return self._replies[number]

    def frame(self, what: Any) -> None:
        self._socket.send(what if isinstance(what, str) else json.dumps(what))

    def status(self, word: str, **more: Any) -> None:
        self.say("StatusNotification", connectorId=1, status=word, errorCode="NoError", **more)

    def meters(self, *samples: dict[str, Any], **more: Any) -> None:
        stamp = more.pop("timestamp", "1970-01-01T00:00:00Z")
        values = [{"timestamp": stamp, "sampledValue": list(samples)}]
        self.say("MeterValues", connectorId=1, meterValue=values, **more)

    def was_asked(self, action: str) -> list[Any]:
        return [payload for name, payload in list(self.asked) if name == action]

    def hang_up(self) -> None:
        self._line.__exit__(None, None, None)
        self._thread.join(10)

    def _listen(self) -> None:
        for text in self._socket:
            kind, number, *rest = json.loads(text)
            with self._news:
                if kind == 2:
                    self.asked.append((rest[0], rest[1]))
                else:
                    self._replies[number] = rest[-1] if kind == 3 else rest[0]
                self._news.notify_all()
            if kind == 2:
                self._socket.send(json.dumps([3, number, self.answers.get(rest[0], ACCEPTED)]))


class AheadClock(SystemClock):
    """The real one, which a test may put forward."""

    ahead_s = 0.0

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self.ahead_s


class Yard:
    """A charger on a bus, and the lines by which its charge point called, one after the other."""

    def __init__(self, **params: Any) -> None:
        clock = self.clock = AheadClock()
        self.bus = Bus(clock)
        self.bus.await_stations(OcppSpec(port=0, host="127.0.0.1"))
        self.box: SourceCharger = build_charger("box", "ocpp", {"stationid": "WB", **params}, Workshop(self.bus, clock))
        self.lines: list[Line] = []
        self.bus.refresh(list(self.box.needs()))
        eventually(lambda: self.bus.ocpp_port, WITHIN_S, "the server listens")

    def line(self, **answers: Any) -> Line:
        self.lines.append(Line(self.bus.ocpp_port, **answers))
        return self.lines[-1]

    def order(self, current_a: float) -> tuple[Ending, str]:
        outcome: list[tuple[Ending, str]] = []
        ended = threading.Event()
        self.box.send(OfferCurrent(0, current_a), lambda *what: (outcome.append(what), ended.set()))
        assert ended.wait(60)
        return outcome[0]

    def close(self) -> None:
        for line in self.lines:
            line.hang_up()
        self.bus.close()


@pytest.fixture
def yard() -> Iterator[Yard]:
    made = Yard()
    yield made
    made.close()


@pytest.fixture
def starting() -> Iterator[Yard]:
    """With ``remotestart``."""
    made = Yard(remotestart=True)
    yield made
    made.close()


def test_suspended_by_the_car_or_by_the_box_is_a_car_that_waits(yard: Yard) -> None:
    line = yard.line()
    words = {"SuspendedEV": Status.B, "SuspendedEVSE": Status.B, "Finishing": Status.B, "Charging": Status.C}
    for word, letter in words.items():
        line.status(word)
        assert yard.box.reading().status is letter, word


def test_units_are_taken_in_any_spelling_and_a_box_that_tells_no_soc_has_none(yard: Yard) -> None:
    line = yard.line()
    line.status("Charging")
    energy = {"value": "12.5", "measurand": "Energy.Active.Import.Register", "unit": "KWH"}
    line.meters(energy, {"value": "3.7", "measurand": "Power.Active.Import", "unit": "kw"})
    reading = yard.box.reading()
    assert (reading.energy_kwh, reading.power_w, reading.soc_percent) == (12.5, 3700, None)
    line.meters({"value": "12600", "measurand": "Energy.Active.Import.Register"})
    assert yard.box.reading().energy_kwh == 12.6


def test_the_soc_of_a_car_that_has_left_is_not_that_of_the_next(yard: Yard) -> None:
    line = yard.line()
    line.status("Charging")
    line.meters({"value": "81", "measurand": "SoC", "unit": "Percent"})
    assert yard.box.reading().soc_percent == 81
    line.status("Available")
    line.status("Preparing")
    assert yard.box.reading().soc_percent is None


def test_a_clock_that_is_years_off_ages_no_figure_and_the_limit_holds_by_any_clock(yard: Yard) -> None:
    line = yard.line()
    line.status("Charging")
    for stamp in ("1970-01-01T00:00:00Z", "2099-12-31T23:59:59+14:00", "yesterday"):
        line.meters({"value": "1400", "measurand": "Power.Active.Import", "unit": "W"}, timestamp=stamp)
        assert yard.box.reading().power_w == 1400
    assert yard.order(6)[0] is Ending.TAKEN
    schedule = line.was_asked("SetChargingProfile")[-1]["csChargingProfiles"]["chargingSchedule"]
    assert schedule["startSchedule"].endswith("Z")
    assert "duration" not in schedule


def test_a_transaction_that_began_before_us_goes_on_over_a_cut_line_and_ends(yard: Yard) -> None:
    first = yard.line()
    first.status("Charging")
    first.meters({"value": "1000", "measurand": "Energy.Active.Import.Register"}, transactionId=4711)
    assert yard.order(10)[0] is Ending.TAKEN
    first.hang_up()
    eventually(lambda: yard.box.reading().error, WITHIN_S, "the cut is seen")
    again = yard.line()
    again.status("SuspendedEV")
    again.meters({"value": "2000", "measurand": "Energy.Active.Import.Register"}, transactionId=4711)
    assert (yard.box.reading().status, yard.box.reading().energy_kwh) == (Status.B, 2.0)
    assert again.say("StopTransaction", transactionId=4711, meterStop=2100, timestamp="2001-01-01T00:00:00Z") == {}
    assert yard.box.reading().energy_kwh == 2.1
    assert again.say("StopTransaction", transactionId=99, meterStop=0, timestamp="x") == {}
    begun = again.say("StartTransaction", connectorId=1, idTag="A", meterStart=2100, timestamp="x")
    assert begun["transactionId"] > 4711


def test_a_new_line_takes_the_place_of_one_that_hangs(yard: Yard) -> None:
    old = yard.line()
    old.status("Charging")
    new = yard.line()
    new.status("SuspendedEV")
    assert yard.box.reading().status is Status.B
    assert yard.order(8)[0] is Ending.TAKEN
    assert new.was_asked("SetChargingProfile")
    old.hang_up()
    assert yard.box.reading().error is None


def test_a_refused_remote_start_is_told_and_the_box_stays_in_command(starting: Yard) -> None:
    line = starting.line(RemoteStartTransaction={"status": "Rejected"})
    line.status("Preparing")
    assert starting.order(10)[0] is Ending.TAKEN
    starting.box.renew(SystemClock().monotonic_s() + 60)
    eventually(lambda: line.was_asked("RemoteStartTransaction"), WITHIN_S, "it is asked to begin")
    assert starting.box.reading().status is Status.B
    assert starting.order(8)[0] is Ending.TAKEN
    assert len(line.was_asked("RemoteStartTransaction")) == 1


def test_what_nobody_understands_is_answered_with_an_error_and_the_line_goes_on(yard: Yard) -> None:
    line = yard.line()
    assert line.say("FreeBeer") in ("NotImplemented", "NotSupported")
    assert isinstance(line.say("StatusNotification", status="Charging"), str)
    line.say("MeterValues", connectorId=1, meterValue=None)
    line.frame([3, "nobody-asked", {}])
    line.meters({"measurand": "SoC"}, {"value": "NaN"}, {"value": "?", "phase": "L9"})
    line.status("Charging")
    assert yard.box.reading().status is Status.C


def test_a_box_that_hangs_up_while_it_charges_is_unread_with_the_same_short_error_each_time(yard: Yard) -> None:
    line = yard.line()
    line.status("Charging")
    line.meters({"value": "3000", "measurand": "Power.Active.Import", "unit": "W"})
    assert yard.box.reading().power_w == 3000
    line.hang_up()
    eventually(lambda: yard.box.reading().error, WITHIN_S, "the line is missed")
    kept = [need.link.latest(need.request).error for need in yard.box.needs()]
    for _ in range(5):
        yard.box.reading()
    assert kept
    assert all(error is not None and error.__traceback__ is None for error in kept)


def test_when_its_last_figures_are_old_and_the_line_is_cut_the_box_is_read_without_a_fault(yard: Yard) -> None:
    line = yard.line()
    line.status("Charging")
    line.meters({"value": "3000", "measurand": "Power.Active.Import", "unit": "W"})
    before = yard.box.reading()
    line.hang_up()
    eventually(lambda: yard.box.reading().error, WITHIN_S, "the line is missed")
    yard.clock.ahead_s = 120.0
    after = yard.box.reading()
    assert after.power_at_s == before.power_at_s
    assert "has hung up" in after.error


def test_a_message_without_end_costs_its_own_line_and_one_sentence(
    yard: Yard, caplog: pytest.LogCaptureFixture
) -> None:
    line = yard.line()
    line.status("Available")
    line.frame("[" * 100_000)
    eventually(lambda: "nested without end" in str(yard.box.reading().error), WITHIN_S, "it is hung up on")
    eventually(lambda: caplog.records, WITHIN_S, "it is told")
    assert not any(record.exc_info for record in caplog.records)
    assert max(len(record.getMessage()) for record in caplog.records) < 1000
    yard.line().status("Charging")
    assert yard.box.reading().status is Status.C


def test_what_a_message_lacks_is_a_formation_violation(yard: Yard) -> None:
    line = yard.line()
    assert line.say("StatusNotification", status="Charging") == "FormationViolation"
    assert line.say("StopTransaction") == "FormationViolation"


@pytest.mark.parametrize("offered", [None, ["ocpp2.0.1"]])
def test_who_does_not_speak_ocpp_1_6_is_hung_up_on_and_told_of_once(
    yard: Yard, offered: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        with connect(f"ws://127.0.0.1:{yard.bus.ocpp_port}/WB", subprotocols=offered) as socket:
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(WITHIN_S)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1002
    assert caplog.text.count("does not offer the subprotocol ocpp1.6") == 1
    assert "has not called yet" in str(yard.box.reading().error)
