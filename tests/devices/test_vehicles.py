"""Cars' accounts: asked only when somebody says so, heard where they speak by themselves, a state where they fail."""

from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from evcc_flask.bus.bus import Bus
from evcc_flask.clock import SystemClock
from evcc_flask.devices.finish import finish_time
from evcc_flask.devices.vehicles import known, offline
from evcc_flask.domain.commands import Ending
from evcc_flask.domain.readings import CarReading, CarTraits
from evcc_flask.domain.words import Contact, Status
from evcc_flask.plugins.problems import problems_of
from evcc_flask.plugins.shop import Workshop
from tests.broker import eventually
from tests.devices.garage import Later, ended, polled


def test_an_offline_car_has_nothing_to_tell_and_nothing_is_asked(build) -> None:
    car = build("offline", title="Old one", capacity=30)
    car.poll()
    assert car.reading() == CarReading("car", Contact.NONE)
    assert ended(car.wake)[0] is Ending.UNAVAILABLE
    assert ended(lambda done: car.set_max_current(10, done))[0] is Ending.UNAVAILABLE
    assert (
        offline("car", Workshop(Bus(SystemClock()), SystemClock()), Bus(SystemClock()).ask).reading().traits
        == CarTraits()
    )


def account(httpserver: HTTPServer, **values: Any) -> dict[str, Any]:
    """A custom car whose every value comes from one answer."""
    httpserver.expect_request("/car").respond_with_json(values)
    return {key: {"source": "http", "uri": httpserver.url_for("/car"), "jq": f".{key}"} for key in values}


def test_a_custom_car_tells_everything_that_it_knows(build, httpserver: HTTPServer) -> None:
    told = {"soc": 64.5, "limitsoc": 80, "status": "C", "range": 310, "odometer": 12345.6, "climater": True}
    told |= {"getmaxcurrent": 10, "finishtime": "1h30m", "chargedenergy": 3.2}
    position = {"latitude": {"source": "const", "value": 52.5}, "longitude": {"source": "const", "value": 13.4}}
    car = build("custom", **account(httpserver, **told), position=position)
    reading = polled(car)
    assert (reading.soc_percent, reading.limit_soc_percent, reading.status) == (64.5, 80, Status.C)
    assert (reading.range_km, reading.odometer_km, reading.climater) == (310, 12345.6, True)
    assert (reading.offered_a, reading.charged_energy_kwh) == (10, 3.2)
    assert (reading.latitude, reading.longitude) == (52.5, 13.4)
    assert reading.finish_time is not None
    assert abs(reading.finish_time - datetime.now().astimezone() - timedelta(minutes=90)) < timedelta(seconds=30)
    assert reading.traits == CarTraits(has_soc=True, has_status=True, has_climater=True)
    assert len(httpserver.log) == 1, "one answer serves all values"


def test_nothing_is_asked_before_a_poll_and_once_per_poll(build, clock: Later, httpserver: HTTPServer) -> None:
    car = build("custom", **account(httpserver, soc=50))
    assert car.reading().contact is Contact.UNREAD
    assert list(car.needs()) == []
    assert (car.reading().at_s, len(httpserver.log)) == (None, 0)
    assert polled(car).asked_at_s is not None
    assert len(httpserver.log) == 1
    clock.ahead_s = 1
    car.poll()
    eventually(lambda: len(httpserver.log) == 2)


def test_the_cache_of_an_account_is_kept_until_it_is_forgotten(build, clock: Later, httpserver: HTTPServer) -> None:
    car = build("custom", **account(httpserver, soc=50), cache="15m")
    polled(car)
    clock.ahead_s = 800
    polled(car)
    assert len(httpserver.log) == 1
    clock.ahead_s = 901
    car.poll()
    eventually(lambda: len(httpserver.log) == 2)
    eventually(lambda: car.reading().at_s > clock.monotonic_s() - 100)
    clock.ahead_s = 902
    car.forget()
    car.poll()
    eventually(lambda: len(httpserver.log) == 3)


def test_an_account_that_fails_is_not_tried_again_by_itself(build, clock: Later, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/car").respond_with_data("down", status=503)
    car = build("custom", soc={"source": "http", "uri": httpserver.url_for("/car")})
    reading = polled(car, Contact.GONE)
    assert "503" in (reading.error or "")
    for _ in range(20):
        car.poll()
    assert not Event().wait(3), "longer than the first back-off of a link"
    assert len(httpserver.log) == 1
    clock.ahead_s = 61
    car.poll()
    eventually(lambda: len(httpserver.log) == 2)


def test_a_value_that_was_there_stays_with_its_time_while_the_account_is_gone(build, clock, httpserver) -> None:
    httpserver.expect_oneshot_request("/car").respond_with_data("40")
    httpserver.expect_request("/car").respond_with_data("", status=500)
    car = build("custom", soc={"source": "http", "uri": httpserver.url_for("/car")})
    before = polled(car)
    clock.ahead_s = 100
    reading = polled(car, Contact.GONE)
    assert (reading.soc_percent, reading.at_s) == (40, before.at_s)


@pytest.mark.parametrize(
    ("status", "answer", "contact", "pause_s"),
    [
        (429, "slow down", Contact.LIMITED, 900),
        (200, "ErrAsleep", Contact.ASLEEP, 60),
        (200, "ErrMustRetry", Contact.PENDING, 0),
        (401, "who?", Contact.GONE, 60),
        (200, "no number", Contact.GONE, 60),
    ],
)
def test_how_an_account_refuses_is_a_state_and_decides_how_long_it_is_left_alone(
    build, clock: Later, httpserver: HTTPServer, status, answer, contact, pause_s
) -> None:
    httpserver.expect_request("/car").respond_with_data(answer, status=status)
    car = build("custom", soc={"source": "http", "uri": httpserver.url_for("/car")})
    polled(car, contact)
    clock.ahead_s = max(0, pause_s - 5)
    car.poll()
    if pause_s:
        assert len(httpserver.log) == 1
    clock.ahead_s = pause_s + 5
    eventually(lambda: (car.poll(), len(httpserver.log) >= 2)[1])


@pytest.mark.parametrize("soc", [-1, 101, 255])
def test_a_soc_that_cannot_be_is_none(build, httpserver: HTTPServer, soc: float) -> None:
    reading = polled(build("custom", **account(httpserver, soc=soc)))
    assert reading.soc_percent is None
    assert reading.error == f"a SoC of {soc} % cannot be"


def test_what_is_written_to_a_car_goes_out_by_its_plugins(build, httpserver: HTTPServer) -> None:
    for path in ("/wake", "/charge/true", "/charge/false", "/amps/13"):
        httpserver.expect_request(path).respond_with_data("")
    setters = {
        "wakeup": {"source": "http", "uri": httpserver.url_for("/wake")},
        "chargeenable": {"source": "http", "uri": httpserver.url_for("/charge/") + "${chargeenable}"},
        "maxcurrent": {"source": "http", "uri": httpserver.url_for("/amps/") + "${maxcurrent:%d}"},
    }
    car = build("custom", **account(httpserver, soc=5, status="B"), **setters)
    assert ended(car.wake) == (Ending.TAKEN, "")
    assert ended(lambda done: car.set_charge_enable(True, done))[0] is Ending.TAKEN
    assert ended(lambda done: car.set_charge_enable(False, done))[0] is Ending.TAKEN
    assert ended(lambda done: car.set_max_current(13.7, done))[0] is Ending.TAKEN
    paths = [request.path for request, _ in httpserver.log]
    assert paths == ["/wake", "/charge/true", "/charge/false", "/amps/13"]
    assert car.reading().traits == CarTraits(True, True, False, True, True, True)


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({}, (("soc",), "is missing")),
        ({"soc": {"source": "const", "value": 5}, "wakup": {}}, (("wakup",), "is not a known setting. Did you mean")),
        (
            {"soc": {"source": "const", "value": 5}, "maxcurrent": {"source": "js"}},
            (("status",), "maxcurrent needs it"),
        ),
        ({"soc": {"source": "htp"}}, (("soc", "source"), "no known plugin")),
    ],
)
def test_what_is_wrong_with_a_custom_car_is_said_at_its_line(build, params, problem) -> None:
    with pytest.raises(ExceptionGroup) as group:
        build("custom", **params)
    found = problems_of(group.value)
    assert any(each.path == problem[0] and problem[1] in str(each.message) for each in found), found


def test_what_can_be_read_is_known() -> None:
    assert known("custom", {})
    assert known("", {})
    assert known("template", {"template": "offline"})
    assert known("template", {"template": "teslamate"})
    assert not known("template", {"template": "volkswagen"})
    assert not known("tesla", {})


NOW = datetime.fromisoformat("2026-06-01T12:00:00+02:00")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-06-01T14:30:00Z", "2026-06-01T16:30:00+02:00"),
        ("2026-06-01T14:30:00", "2026-06-01T14:30:00+02:00"),
        ("1h30m", "2026-06-01T13:29:00+02:00"),
        ("5400", "2026-06-01T13:29:00+02:00"),
        ("1780315200", "2026-06-01T14:00:00+02:00"),
        ("0", None),
        ("-5m", None),
        ("2026-05-01T00:00:00Z", None),
        ("2031-05-01T00:00:00Z", None),
        ("soon", None),
        ("1.2.3", None),
        (None, None),
    ],
)
def test_the_end_of_a_charge_is_told_in_four_ways(text: str | None, at: str | None) -> None:
    found = finish_time(text, 60.0, NOW)
    assert found == (datetime.fromisoformat(at) if at else None)
