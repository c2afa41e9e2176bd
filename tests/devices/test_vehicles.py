"""Cars' accounts: asked only when somebody says so, heard where they speak by themselves, a state where they fail."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from evcc_flask.bus.bus import Bus
from evcc_flask.clock import SystemClock
from evcc_flask.devices import library
from evcc_flask.devices.finish import finish_time
from evcc_flask.devices.vehicle import SourceVehicle
from evcc_flask.devices.vehicles import build_vehicle, known, offline
from evcc_flask.domain.commands import Ending
from evcc_flask.domain.readings import CarReading, CarTraits
from evcc_flask.domain.words import Contact, Status
from evcc_flask.plugins.mqtt import house_broker
from evcc_flask.plugins.problems import problems_of
from evcc_flask.plugins.shop import Workshop
from tests.broker import Broker, Speaker, eventually


class Later(SystemClock):
    """A clock that a test puts forward."""

    ahead_s = 0.0

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self.ahead_s

    def wire_s(self) -> float:
        return super().wire_s() + self.ahead_s


@pytest.fixture
def clock() -> Later:
    return Later()


@pytest.fixture
def roads(clock: Later) -> Iterator[Bus]:
    bus = Bus(clock)
    yield bus
    bus.close()


@pytest.fixture
def build(roads: Bus, clock: Later) -> Callable[..., SourceVehicle]:
    def build(type_: str, **params: Any) -> SourceVehicle:
        return build_vehicle("car", type_, params, Workshop(roads, clock), roads.ask)

    return build


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as broker:
        yield broker


@pytest.fixture
def speaker(broker: Broker) -> Iterator[Speaker]:
    speaker = Speaker(broker)
    yield speaker
    speaker.close()


def polled(car: SourceVehicle, contact: Contact = Contact.UP) -> CarReading:
    """The reading after one poll has ended so."""
    car.poll()
    assert car.wait(10)
    assert car.reading().contact is contact, car.reading()
    return car.reading()


def ended(start: Callable[[Callable[[Ending, str], None]], None]) -> tuple[Ending, str]:
    """How a command ended."""
    outcome: list[tuple[Ending, str]] = []
    finished = Event()
    start(lambda ending, error: (outcome.append((ending, error)), finished.set()))  # type: ignore[func-returns-value]
    assert finished.wait(10)
    return outcome[0]


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


def test_the_broker_pushes_and_nobody_has_to_poll(roads: Bus, clock: Later, broker: Broker, speaker: Speaker) -> None:
    car = teslamate(roads, clock, broker)
    for name, value in TESLAMATE.items():
        speaker.says(f"teslamate/cars/1/{name}", value)
    assert roads.refresh(car.needs()).wait(10)
    reading = car.reading()
    assert (reading.contact, reading.asked_at_s) == (Contact.UP, None)
    assert (reading.soc_percent, reading.limit_soc_percent, reading.status) == (78, 90, Status.C)
    assert (reading.range_km, reading.odometer_km, reading.climater) == (380.7, 16653.52, False)
    assert reading.charged_energy_kwh == 5.06
    assert (reading.latitude, reading.longitude) == (35.278131, 29.744801)
    assert reading.finish_time is not None
    assert abs(reading.finish_time - datetime.now().astimezone() - timedelta(hours=4)) < timedelta(seconds=30)
    assert reading.notes == ()


TESLAMATE = {
    "usable_battery_level": "78",
    "plugged_in": "true",
    "charger_actual_current": "16",
    "rated_battery_range_km": "380.7",
    "odometer": "16653.52",
    "charge_limit_soc": "90",
    "is_preconditioning": "false",
    "time_to_full_charge": "4.0",
    "charge_energy_added": "5.06",
    "latitude": "35.278131",
    "longitude": "29.744801",
}
"""The examples of TeslaMate's own documentation of its topics, a charge under way among them."""


def teslamate(roads: Bus, clock: Later, broker: Broker) -> SourceVehicle:
    workshop = Workshop(roads, clock, (), house_broker({"broker": broker.address}))
    return build_vehicle("car", "template", {"template": "teslamate", "title": "Model 3"}, workshop, roads.ask)


def test_a_soc_that_did_not_change_is_as_young_as_the_last_word_of_its_car(
    roads: Bus, clock: Later, broker: Broker, speaker: Speaker
) -> None:
    car = teslamate(roads, clock, broker)
    for name, value in TESLAMATE.items():
        speaker.says(f"teslamate/cars/1/{name}", value)
    assert roads.refresh(car.needs()).wait(10)
    clock.ahead_s = 7200
    before = car.reading()
    assert before.at_s < clock.monotonic_s() - 7000
    speaker.says("teslamate/cars/1/plugged_in", "false")
    eventually(lambda: car.reading().at_s > before.at_s)
    assert car.reading().soc_percent == 78


def test_a_car_that_nobody_ever_spoke_of_says_so(roads: Bus, clock: Later, broker: Broker) -> None:
    car = teslamate(roads, clock, broker)
    assert roads.refresh(car.needs()).wait(10)
    reading = car.reading()
    assert reading.contact is Contact.GONE
    assert "usable_battery_level: nothing was heard yet" in (reading.error or "")


def test_mg_and_mazda_come_by_their_gateways(roads: Bus, clock: Later, broker: Broker, speaker: Speaker) -> None:
    workshop = Workshop(roads, clock, (), house_broker({"broker": broker.address}))
    mg = build_vehicle("mg", "template", {"template": "mg2mqtt", "user": "u", "vin": "V"}, workshop, roads.ask)
    mazda = build_vehicle("mazda", "template", {"template": "mazda2mqtt", "vin": "V"}, workshop, roads.ask)
    base = "saic/u/vehicles/V"
    for name, value in {
        "soc": "55",
        "chargerConnected": "true",
        "charging": "false",
        "range": "200",
        "mileage": "900",
    }.items():
        speaker.says(f"{base}/drivetrain/{name}", value)
    speaker.says(f"{base}/climate/remoteClimateState", "on")
    for name, value in {
        "batteryLevelPercentage": "44",
        "pluggedIn": "true",
        "charging": "true",
        "drivingRangeKm": "99",
    }.items():
        speaker.says(f"mazda2mqtt/V/chargeInfo/{name}", value)
    assert roads.refresh([*mg.needs(), *mazda.needs()]).wait(10)
    reading = mg.reading()
    assert (reading.soc_percent, reading.status, reading.range_km, reading.odometer_km) == (55, Status.B, 200, 900)
    assert reading.climater is True
    speaker.listens(f"{base}/refresh/mode/set")
    assert ended(mg.wake)[0] is Ending.TAKEN
    speaker.hears(f"{base}/refresh/mode/set", "force")
    reading = mazda.reading()
    assert (reading.soc_percent, reading.status, reading.range_km) == (44, Status.C, 99)


def test_teslalogger_is_read_and_commanded_over_http(build, httpserver: HTTPServer) -> None:
    told = {"battery_level": 61, "plugged_in": True, "charging": False, "battery_range_km": 300.5, "odometer": 5000}
    told |= {"is_preconditioning": False, "charge_current_request": 16, "charge_limit_soc": 80}
    httpserver.expect_request("/currentjson/2").respond_with_json(told)
    for path in ("wake_up", "charge_start_stop", "set_charging_amps"):
        httpserver.expect_request(f"/command/2/{path}").respond_with_data("{}")
    car = build("template", template="teslalogger", host="127.0.0.1", port=httpserver.port, id=2)
    reading = polled(car)
    assert (reading.soc_percent, reading.status, reading.range_km) == (61, Status.B, 300.5)
    assert (reading.offered_a, reading.limit_soc_percent, reading.climater) == (16, 80, False)
    ended(lambda done: car.set_charge_enable(True, done))
    ended(lambda done: car.set_max_current(8, done))
    asked = [f"{request.path}?{request.query_string.decode()}" for request, _ in httpserver.log[1:]]
    assert asked == ["/command/2/charge_start_stop?true", "/command/2/set_charging_amps?8"]


def test_a_tesla_over_bluetooth_is_read_and_commanded(build, httpserver: HTTPServer) -> None:
    state = {
        "battery_level": 70,
        "charging_state": "Stopped",
        "charge_amps": 5,
        "charge_limit_soc": 75,
        "battery_range": 200,
    }
    answer = {"response": {"response": {"charge_state": state}}}
    base = "/api/1/vehicles/VIN1"
    query = {"endpoints": "charge_state"}
    httpserver.expect_request(f"{base}/vehicle_data", query_string=query).respond_with_json(answer)
    httpserver.expect_request(f"{base}/command/charge_start", method="POST").respond_with_data("{}")
    amps = f"{base}/command/set_charging_amps"
    httpserver.expect_request(amps, method="POST", json={"charging_amps": 9}).respond_with_data("{}")
    car = build("template", template="tesla-ble", host="127.0.0.1", port=httpserver.port, vin="VIN1")
    reading = polled(car)
    assert (reading.soc_percent, reading.status, reading.limit_soc_percent) == (70, Status.B, 75)
    assert reading.range_km == pytest.approx(321.868)
    assert ended(lambda done: car.set_charge_enable(True, done)) == (Ending.TAKEN, "")
    assert ended(lambda done: car.set_max_current(9, done)) == (Ending.TAKEN, "")


def test_evnotify_is_asked_with_its_keys(build, httpserver: HTTPServer) -> None:
    keys = {"akey": "a", "token": "t"}
    httpserver.expect_request("/soc", query_string=keys).respond_with_json({"soc_display": 33})
    httpserver.expect_request("/extended", query_string=keys).respond_with_json(
        {"normal_charge_port": 1, "charging": 0}
    )
    car = build("template", template="evnotify", uri=httpserver.url_for("").rstrip("/"), **keys)
    reading = polled(car)
    assert (reading.soc_percent, reading.status) == (33, Status.B)


def test_home_assistant_gives_a_car_of_any_entities(build, httpserver: HTTPServer) -> None:
    states = {"sensor.soc": "81", "sensor.range": "250", "sensor.plug": "Am Laden", "binary_sensor.air": "on"}
    soon = (datetime.now().astimezone() + timedelta(hours=2)).replace(microsecond=0)
    states["sensor.ready"] = soon.isoformat()
    for entity, state in states.items():
        answer = {"state": state, "attributes": {}}
        httpserver.expect_request(f"/api/states/{entity}", headers={"Authorization": "Bearer t"}).respond_with_json(
            answer
        )
    called: list[tuple[str, Any]] = []

    def answer_call(request: Request) -> Response:
        called.append((request.path.removeprefix("/api/services/"), json.loads(request.data)))
        return Response("[]")

    httpserver.expect_request("/api/services/script/turn_on").respond_with_handler(answer_call)
    httpserver.expect_request("/api/services/number/set_value").respond_with_handler(answer_call)
    car = build(
        "template",
        template="homeassistant",
        uri=httpserver.url_for("").rstrip("/"),
        token="t",
        soc="sensor.soc",
        range="sensor.range",
        status="sensor.plug",
        climater="binary_sensor.air",
        finishtime="sensor.ready",
        statusc=["am laden"],
        wakeup="script.wake",
        setmaxcurrent="number.amps",
    )
    reading = polled(car)
    assert (reading.soc_percent, reading.range_km, reading.status, reading.climater) == (81, 250, Status.C, True)
    assert reading.finish_time == soon
    assert reading.odometer_km is None
    assert not reading.traits.can_enable
    ended(car.wake)
    ended(lambda done: car.set_max_current(11, done))
    assert called == [
        ("script/turn_on", {"entity_id": "script.wake"}),
        ("number/set_value", {"entity_id": "number.amps", "value": 11}),
    ]


def test_every_row_of_a_car_is_built_without_input_or_output() -> None:
    broker = house_broker({"broker": "192.0.2.1"})
    rows = {name: row for name, row in library.rows().items() if row["kind"] == "vehicle"}
    assert len(rows) >= 7
    for name, row in rows.items():
        needed = {key: "x" for key, word in row["parameters"].items() if word.get("required")}
        bus = Bus(SystemClock())
        params = {"template": name, **needed, **({"soc": "sensor.soc"} if "soc" in needed else {})}
        car = build_vehicle("car", "template", params, Workshop(bus, SystemClock(), (), broker), bus.ask)
        assert car.reading().soc_percent is None
        assert bus.counters() == [] or all(link["transactions"] == 0 for link in bus.counters())


def test_a_row_that_lacks_its_broker_says_where_to_name_one(build) -> None:
    with pytest.raises(ExceptionGroup) as group:
        build("template", template="teslamate")
    assert {problem.path for problem in problems_of(group.value)} == {("template",)}
    assert "mqtt: at the top" in problems_of(group.value)[0].remedy


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
