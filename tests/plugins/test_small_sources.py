"""Values and setters that stand on others: cached, delta, random, another device, Prometheus, Home Assistant, pins."""

import json
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from evcc_flask.bus.needs import ErrorKind, ReadError
from evcc_flask.plugins import gpio
from evcc_flask.plugins.registry import build_sink, build_source
from evcc_flask.plugins.values import Kind


def test_a_cached_value_is_asked_for_again_only_when_it_is_old(bus, shop, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("5")
    node = {"source": "cached", "cache": "1h", "value": {"source": "http", "uri": httpserver.url_for("/x")}}
    source = build_source(node, shop)
    for _ in range(3):
        assert bus.refresh(source.needs()).wait(10)
    assert (source.value(), len(httpserver.log)) == (5, 1)


def register(uri: str, address: int, use: str) -> dict[str, Any]:
    return {"source": "modbus", "uri": uri, "id": 1, "register": {"address": address, "type": use, "decode": "int16"}}


def test_a_delta_is_what_lacks_to_the_present_value(put, slave) -> None:
    pump = slave({2012: 1000})
    uri = pump.uri
    encoded = {**register(uri, 2201, "writeholding")}
    node = {"source": "delta", "get": register(uri, 2012, "holding"), "set": encoded}
    put(node, 1500)
    pump.words[2012] = 1500
    put(node, 1200)
    assert pump.written == [(6, 2201, 500), (6, 2201, 0x10000 - 300)]


def test_without_a_getter_a_delta_counts_for_itself(shop, slave) -> None:
    pump = slave({})
    sink = build_sink({"source": "delta", "set": register(pump.uri, 1, "writeholding")}, "maxpower", shop)
    for value in (500, 700, 700):
        sink.write(value)
    assert pump.written == [(6, 1, 500), (6, 1, 200), (6, 1, 0)]


def test_random_writes_another_number_each_time(put, slave) -> None:
    box = slave({})
    for _ in range(5):
        put({"source": "random", "set": register(box.uri, 1, "writeholding")}, 1)
    assert len({words for _, _, words in box.written}) > 1


@pytest.mark.parametrize(
    ("result", "value"),
    [
        ({"resultType": "scalar", "result": [1700000000, "42.5"]}, 42.5),
        ({"resultType": "vector", "result": [{"metric": {}, "value": [1700000000, "7"]}]}, 7),
    ],
)
def test_prometheus_answers_with_one_figure(read, httpserver: HTTPServer, result, value) -> None:
    answer = {"status": "success", "data": result}
    query = 'sum(power{room="cellar"})'
    httpserver.expect_request("/api/v1/query", query_string={"query": query}).respond_with_json(answer)
    assert read({"source": "prometheus", "uri": httpserver.url_for("/"), "query": query}) == value


def test_prometheus_with_several_figures_is_an_error(read, httpserver: HTTPServer) -> None:
    two = [{"value": [1, "1"]}, {"value": [1, "2"]}]
    answer = {"status": "success", "data": {"resultType": "vector", "result": two}}
    httpserver.expect_request("/api/v1/query").respond_with_json(answer)
    with pytest.raises(ReadError, match="gives 2 values, one is needed"):
        read({"source": "prometheus", "uri": httpserver.url_for("/"), "query": "x"})


def home(httpserver: HTTPServer, entity: str, **more: Any) -> dict[str, Any]:
    return {"source": "homeassistant", "uri": httpserver.url_for("/"), "entity": entity, "token": "secret", **more}


@pytest.mark.parametrize(
    ("state", "unit", "kind", "value"),
    [
        ("1.5", "kW", Kind.FLOAT, 1500),
        ("1500", "W", Kind.FLOAT, 1500),
        ("2500", "Wh", Kind.FLOAT, 2.5),
        ("2.5", "kWh", Kind.FLOAT, 2.5),
        ("80", "%", Kind.FLOAT, 80),
        ("on", None, Kind.BOOL, True),
        ("off", None, Kind.BOOL, False),
        ("charging", None, Kind.TEXT, "charging"),
    ],
)
def test_a_state_of_home_assistant_is_a_value_in_our_units(read, httpserver, state, unit, kind, value) -> None:
    answer = {"state": state, "attributes": {"unit_of_measurement": unit} if unit else {}}
    httpserver.expect_request("/api/states/sensor.x", headers={"Authorization": "Bearer secret"}).respond_with_json(
        answer
    )
    assert read(home(httpserver, "sensor.x"), kind) == value


@pytest.mark.parametrize("state", ["unavailable", "unknown"])
def test_an_unavailable_entity_has_no_value_for_now(read, httpserver: HTTPServer, state: str) -> None:
    httpserver.expect_request("/api/states/sensor.x").respond_with_json({"state": state, "attributes": {}})
    with pytest.raises(ReadError) as none:
        read(home(httpserver, "sensor.x"))
    assert none.value.kind is ErrorKind.NOT_AVAILABLE


@pytest.mark.parametrize(
    ("entity", "value", "service", "body"),
    [
        ("switch.box", True, "switch/turn_on", {"entity_id": "switch.box"}),
        ("input_boolean.box", False, "input_boolean/turn_off", {"entity_id": "input_boolean.box"}),
        ("number.amps", 16, "number/set_value", {"entity_id": "number.amps", "value": 16}),
        ("select.mode", "eco", "select/select_option", {"entity_id": "select.mode", "option": "eco"}),
        ("button.wake", True, "button/press", {"entity_id": "button.wake"}),
        ("script.start", True, "script/turn_on", {"entity_id": "script.start"}),
    ],
)
def test_a_write_calls_the_service_of_the_entity(put, httpserver: HTTPServer, entity, value, service, body) -> None:
    asked: list[Any] = []

    def answer(request: Request) -> Response:
        asked.append((request.headers["Authorization"], json.loads(request.data)))
        return Response("[]")

    httpserver.expect_request(f"/api/services/{service}", method="POST").respond_with_handler(answer)
    put(home(httpserver, entity), value)
    assert asked == [("Bearer secret", body)]


def test_an_entity_that_cannot_be_written_is_refused(refused, httpserver: HTTPServer) -> None:
    (problem,) = refused(home(httpserver, "sensor.x"), build_sink)
    assert problem[0] == ("entity",)
    assert "'sensor' cannot be written" in problem[1]


class Line:
    """A line as libgpiod gives it."""

    def __init__(self) -> None:
        self.level: Any = None
        self.settings: list[Any] = []

    def get_value(self, pin: int) -> Any:
        return self.level

    def set_value(self, pin: int, level: Any) -> None:
        self.level = level

    def reconfigure_lines(self, config: Any) -> None:
        self.settings.append(config)


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> Line:
    """Linux's side of the pins: what stands behind request_lines."""
    gpiod = pytest.importorskip("gpiod")
    line = Line()

    def request(path: str, consumer: str, config: Any) -> Line:
        if path != "/dev/gpiochip0":
            raise FileNotFoundError(2, "No such file or directory")
        line.settings.append(config)
        return line

    monkeypatch.setattr(gpiod, "request_lines", request)
    monkeypatch.setattr(gpio, "_held", {})
    return line


def test_a_pin_is_read_and_written(read, put, pins: Line) -> None:
    from gpiod.line import Direction, Value

    pins.level = Value.ACTIVE
    assert read({"source": "gpio", "function": "read", "pin": 17}, Kind.BOOL) is True
    put({"source": "gpio", "function": "write", "pin": 17}, False)
    assert pins.level is Value.INACTIVE
    assert [config[17].direction for config in pins.settings] == [Direction.INPUT, Direction.OUTPUT]
    assert read({"source": "gpio", "function": "read", "pin": 17}, Kind.BOOL) is False


def test_a_chip_that_is_not_there_is_a_failure_of_the_pin(read, pins: Line) -> None:
    with pytest.raises(ReadError, match=r"pin 4 of gpiochip7: .*No such file"):
        read({"source": "gpio", "function": "read", "pin": 4, "chip": "gpiochip7"}, Kind.BOOL)


def test_without_chips_the_real_library_says_so_too(read) -> None:
    pytest.importorskip("gpiod")
    with pytest.raises(ReadError, match="pin 4 of gpiochip9"):
        read({"source": "gpio", "function": "read", "pin": 4, "chip": "gpiochip9"}, Kind.BOOL)


def test_a_pin_for_the_wrong_use_is_refused(refused) -> None:
    assert refused({"source": "gpio", "function": "write", "pin": 4}) == [
        (("function",), "this value is read Write function: read.")
    ]
