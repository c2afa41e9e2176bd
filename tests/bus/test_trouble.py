"""Trouble at a slave or an endpoint: how often it is said, and where it is counted."""

import logging
from dataclasses import dataclass
from threading import Event
from typing import Any

from evcc_flask.bus.mqtt import MqttSpec
from evcc_flask.bus.needs import ErrorKind, Need, ReadError, Registers, Table
from evcc_flask.bus.specs import ModbusSpec


@dataclass(frozen=True, eq=False)
class Page:
    """A procedure whose answer is a web page."""

    def run(self, wire: Any) -> bytes:
        return b"<html>"


def refresh(bus, link, *requests):
    assert bus.refresh([Need(link, request, 0.0) for request in requests]).wait(10)


def test_a_slave_that_refuses_all_is_lost_in_one_line_and_back_in_one(bus_ahead, clock_ahead, tcp, caplog):
    caplog.set_level(logging.INFO, "bus")
    tcp.put(1, holding={})
    link = bus_ahead.modbus(ModbusSpec(host="127.0.0.1", port=tcp.port, timeout_s=0.2))
    wanted = [Registers(1, Table.HOLDING, address, 1) for address in (0, 200, 400)]
    for _ in range(4):
        refresh(bus_ahead, link, *wanted)
        clock_ahead.ahead_s += 61
    tcp.put(1, holding=dict.fromkeys((0, 200, 400), 1))
    for _ in range(2):
        refresh(bus_ahead, link, *wanted)
        clock_ahead.ahead_s += 61
    assert [link.latest(each).error for each in wanted] == [None, None, None]
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_an_answer_that_means_nothing_is_counted_once_and_told_until_a_better_one_comes(bus_ahead, clock_ahead):
    link, call = bus_ahead.calls("box"), Page()
    refresh(bus_ahead, link, call)
    for _ in range(3):
        link.misread(call, ReadError(ErrorKind.VALUE, "http://box/: a web page, not JSON"))
    report = link.report()
    assert (report["state"], report["errors"], report["error"]) == (
        "up",
        {"value": 1},
        "http://box/: a web page, not JSON",
    )
    clock_ahead.ahead_s += 1
    refresh(bus_ahead, link, call)
    assert link.report()["error"] is None


@dataclass(frozen=True)
class Visit:
    """A procedure at a host that is down."""

    name: str
    place: str
    host: dict[str, bool]

    def run(self, wire: Any) -> str:
        if not self.host[self.place]:
            raise ReadError(ErrorKind.CONNECTION, f"http://{self.place}/{self.name}: connection refused.")
        return self.name

    def __hash__(self) -> int:
        return hash((self.name, self.place))


def test_a_silent_host_is_one_line_however_much_is_asked_of_it_and_so_is_its_return(bus_ahead, clock_ahead, caplog):
    caplog.set_level(logging.INFO, "bus")
    host = {"cloud": False, "box": False}
    link = bus_ahead.calls("car")
    wanted = [Visit(name, "cloud", host) for name in ("soc", "range", "odometer")] + [Visit("plug", "box", host)]
    for _ in range(4):
        refresh(bus_ahead, link, *wanted)
        clock_ahead.ahead_s += 61
    assert sorted(record.getMessage().split("/")[2] for record in caplog.records) == ["box", "cloud"]
    host["cloud"] = True
    for _ in range(2):
        refresh(bus_ahead, link, *wanted)
        clock_ahead.ahead_s += 61
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING", "INFO"]


def test_a_question_in_the_log_ends_with_one_mark(bus_ahead, caplog, monkeypatch):
    said = Event()
    monkeypatch.setattr(caplog.handler, "emit", lambda record: (caplog.records.append(record), said.set()))
    refresh(bus_ahead, bus_ahead.mqtt(MqttSpec("127.0.0.1", 1)), "house/power")
    assert said.wait(30)
    assert "the port right? Trying again every" in caplog.records[0].getMessage()
    assert [ReadError(ErrorKind.TIMEOUT, text).sentence for text in ("gone", "gone?")] == ["gone.", "gone?"]
