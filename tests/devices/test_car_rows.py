"""The cars of the library, each against its broker or its server."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from evcc_flask.bus.bus import Bus
from evcc_flask.clock import SystemClock
from evcc_flask.devices import library
from evcc_flask.devices.vehicle import SourceVehicle
from evcc_flask.devices.vehicles import build_vehicle
from evcc_flask.domain.commands import Ending
from evcc_flask.domain.words import Contact, Status
from evcc_flask.plugins.mqtt import house_broker
from evcc_flask.plugins.problems import problems_of
from evcc_flask.plugins.shop import Workshop
from tests.broker import Broker, Speaker, eventually
from tests.devices.garage import Later, ended, polled


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


def test_ovms_is_visited_in_one_session(build, httpserver: HTTPServer) -> None:
    login = {"username": "me", "password": "secret"}
    cookie = {"Set-Cookie": "ovms=1; Path=/"}
    httpserver.expect_request("/api/cookie", query_string=login).respond_with_data("{}", headers=cookie)
    inside = {"headers": {"Cookie": "ovms=1"}}
    httpserver.expect_request("/api/vehicle/MYCAR", **inside).respond_with_json({"v_net_connected": 1})
    charge = {"soc": "64", "chargeportopen": 1, "chargestate": "charging", "estimatedrange": "180"}
    httpserver.expect_request("/api/charge/MYCAR", **inside).respond_with_json(charge)
    httpserver.expect_request("/api/status/MYCAR", **inside).respond_with_json({"odometer": "12345"})
    server = httpserver.url_for("").rstrip("/")
    car = build("template", template="ovms", user="me", password="secret", vehicleid="MYCAR", server=server)
    reading = polled(car)
    assert (reading.soc_percent, reading.status, reading.range_km, reading.odometer_km) == (64, Status.C, 180, 12345)
    assert len(httpserver.log) == 4, "one visit serves all values"


def test_an_ovms_server_that_refuses_is_a_state_without_the_password_in_it(build, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/cookie").respond_with_data("no", status=403)
    server = httpserver.url_for("").rstrip("/")
    car = build("template", template="ovms", user="me", password="secret", vehicleid="MYCAR", server=server)
    reading = polled(car, Contact.GONE)
    assert "403" in (reading.error or "")
    assert "secret" not in str(reading)


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
