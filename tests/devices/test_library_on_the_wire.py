"""Every row of the library against a slave made of raw words: what is read, and exactly which frames are written."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from evcc_flask.bus.bus import Bus
from evcc_flask.clock import SystemClock
from evcc_flask.devices import library
from evcc_flask.devices.charger import SourceCharger
from evcc_flask.devices.meter import SourceMeter
from evcc_flask.devices.registry import build_charger, build_meter
from evcc_flask.domain.commands import Disable, Enable, Ending, OfferCurrent, SwitchPhases, WakeUp
from evcc_flask.domain.readings import Failsafe
from evcc_flask.domain.words import BatteryMode
from evcc_flask.plugins.shop import Workshop
from tests.broker import Broker, Speaker
from tests.devices.images import NAMES, described, words
from tests.wire.slaves import AsciiSlaves, Image, RtuSlaves, TcpSlave
from tests.wire.web import WebDevice

MODBUS = [name for name in NAMES if "unit" in described(name)]
CASES = [(name, place) for name in NAMES for place in range(len(described(name)["cases"]))]


@dataclass
class Line:
    """All RS485 rows behind one pseudo terminal, each with an id of its own, and one bus that reads them."""

    path: Path
    units: Mapping[str, int]
    images: Mapping[str, Image]
    bus: Bus


@pytest.fixture(scope="module")
def line() -> Iterator[Line]:
    names = [name for name in MODBUS if "rtu" in row_of(name)["link"]]
    images = {name: Image(words(described(name))) for name in names}
    units = {name: place + 1 for place, name in enumerate(names)}
    slaves = RtuSlaves({units[name]: images[name] for name in names})
    bus = Bus(SystemClock())
    yield Line(slaves.path, units, images, bus)
    bus.close()
    slaves.close()


@dataclass
class Topics:
    """A device on a real broker: what it says is retained, what is said to it is heard."""

    speaker: Speaker

    @property
    def commands(self) -> list[str]:
        """Topic and payload of all that was written; what was sent before the mark has come before it."""
        mark = str(len(self.speaker.heard))
        self.speaker.says("mark", mark)
        self.speaker.hears("mark", mark)
        return [f"{topic} {payload}" for topic, payload, _ in self.speaker.heard if topic != "mark"]


@dataclass
class Bench:
    """One device under test, its slave, and the bus between them."""

    device: SourceMeter | SourceCharger
    slave: Image | WebDevice | Topics
    bus: Bus

    def fetch(self) -> None:
        # Twice: what a SunSpec scan finds is due in the second round.
        for _ in range(2):
            assert self.bus.refresh(list(self.device.needs())).wait(5), "the link did not answer in time"

    def written(self) -> list[str]:
        """Frames as hexadecimal text, or targets of HTTP requests."""
        return self.slave.writes if isinstance(self.slave, Image) else self.slave.commands


@pytest.fixture
def bench(request: pytest.FixtureRequest, line: Line, tmp_path: Path) -> Iterator[Bench]:
    name, place = request.param
    fixture = described(name)
    params: dict[str, Any] = {"template": fixture["device"], **fixture["cases"][place]["parameters"]}
    build = build_meter if row_of(name)["kind"] == "meter" else build_charger
    if name in line.units:
        params |= {"modbus": "rs485serial", "device": str(line.path), "baudrate": 19200, "comset": "8N1"}
        device = build("it", "template", {**params, "id": line.units[name]}, Workshop(line.bus, SystemClock()))
        line.images[name].requests.clear()
        yield Bench(device, line.images[name], line.bus)
        return
    bus = Bus(SystemClock())
    if "http" in fixture:
        web = WebDevice(fixture["http"])
        params |= {"host": "127.0.0.1", "port": web.port}
        yield Bench(build("it", "template", params, Workshop(bus, SystemClock())), web, bus)
        bus.close()
        web.close()
        return
    if "mqtt" in fixture:
        with Broker(tmp_path) as broker, closing(Speaker(broker)) as speaker:
            for topic, payload in fixture["mqtt"].items():
                speaker.says(topic, payload)
            for topic in ("mark", *written_topics(fixture)):
                speaker.listens(topic)
            params |= {"host": "127.0.0.1", "port": broker.port}
            yield Bench(build("it", "template", params, Workshop(bus, SystemClock())), Topics(speaker), bus)
            bus.close()
        return
    image = Image(words(fixture))
    if "ascii" in row_of(name)["link"]:
        slaves = AsciiSlaves({fixture["unit"]: image})
        params |= {"device": str(slaves.path)}
        yield Bench(build("it", "template", params, Workshop(bus, SystemClock())), image, bus)
        bus.close()
        slaves.close()
        return
    slave = TcpSlave(
        {fixture["unit"]: image, **{unit: Image(words(also)) for unit, also in fixture.get("also", {}).items()}}
    )
    params |= {"host": "127.0.0.1", "port": slave.port}
    yield Bench(build("it", "template", params, Workshop(bus, SystemClock())), image, bus)
    bus.close()
    slave.close()


@pytest.mark.parametrize("bench", CASES, indirect=True, ids=lambda case: f"{case[0]}-{case[1]}")
def test_a_row_reads_what_its_slave_holds_and_writes_the_right_frames(
    bench: Bench, request: pytest.FixtureRequest
) -> None:
    name, place = request.node.callspec.params["bench"]
    fixture = described(name)
    case = fixture["cases"][place]
    bench.fetch()
    read = told(bench.device)
    if "mqtt" in fixture:
        assert bench.device.reading().notes == (), "what a box has never said is no fault"
    if "proof" in fixture:
        # A source shows some of what a device can say, and some of the frames that it takes.
        read = {word: value for word, value in read.items() if word in case["reads"]}
    assert read == expected(case["reads"])
    for command, frames in case.get("writes", {}).items():
        before = len(bench.written())
        carry_out(bench.device, command)
        written = bench.written()[before:]
        if "proof" in fixture:
            written = [frame for frame in written if frame in frames]
        assert (command, written) == (command, frames)


def test_every_row_with_a_link_has_a_fixture() -> None:
    on_a_wire = {name for name, row in library.rows().items() if row["link"] != "none"}
    assert on_a_wire - {described(name)["device"] for name in NAMES} == set()


def written_topics(fixture: Mapping[str, Any]) -> set[str]:
    """Those that the fixture's writes go to."""
    frames = [frame for case in fixture["cases"] for listed in case.get("writes", {}).values() for frame in listed]
    return {frame.partition(" ")[0] for frame in frames}


def row_of(name: str) -> library.Row:
    """The row that a fixture is about."""
    return library.rows()[described(name)["device"]]


def told(device: SourceMeter | SourceCharger) -> dict[str, Any]:
    """Everything that a device says, None left out."""
    if isinstance(device, SourceCharger):
        reading = device.reading()
        assert reading.error is None
        names = [
            "enabled",
            "offered_a",
            "phases",
            "power_w",
            "energy_kwh",
            "currents_a",
            "voltages_v",
            "identifier",
            "soc_percent",
        ]
        values = {name: getattr(reading, name) for name in names}
        values["status"] = reading.status.value if reading.status else None
        values["failsafe"] = figures(reading.traits.failsafe)
        values["switches_phases"] = reading.traits.switches_phases or None
        return present(values)
    battery, meter = device.battery_reading(), device.reading()
    assert meter.error is None
    names = ["power_w", "energy_kwh", "return_energy_kwh", "powers_w", "currents_a", "voltages_v"]
    values = {name: getattr(meter, name) for name in names}
    names = ["soc_percent", "capacity_kwh", "min_soc_percent", "max_soc_percent", "max_charge_w", "max_discharge_w"]
    values |= {name: getattr(battery, name) for name in names}
    return present({**values, "max_ac_w": device.pv_reading().max_ac_w})


def figures(failsafe: Failsafe | None) -> list[float] | None:
    return None if failsafe is None else [failsafe.timeout_s, failsafe.current_a]


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    listed = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    return {name: value for name, value in listed.items() if value is not None}


def expected(reads: Mapping[str, Any]) -> dict[str, Any]:
    exact = (str, bool)
    return {
        name: value if isinstance(value, exact) else pytest.approx(value, rel=1e-6, abs=1e-6)
        for name, value in reads.items()
    }


def carry_out(device: SourceMeter | SourceCharger, command: str) -> None:
    """``offer 8``, ``enable``, ``phases 1``, ``mode hold``: sent, and waited for until it is done."""
    word, _, value = command.partition(" ")
    ended, outcome = Event(), []

    def done(ending: Ending, error: str) -> None:
        outcome.append((ending, error))
        ended.set()

    if isinstance(device, SourceMeter):
        device.set_battery_mode(BatteryMode[value.upper()], done)
    else:
        commands = {
            "offer": lambda: OfferCurrent(0, float(value)),
            "enable": lambda: Enable(0),
            "disable": lambda: Disable(0),
            "phases": lambda: SwitchPhases(0, int(value)),
            "wakeup": lambda: WakeUp(0),
        }
        device.send(commands[word](), done)
    assert ended.wait(5), f"{command} did not end"
    assert outcome == [(Ending.TAKEN, "")], command
