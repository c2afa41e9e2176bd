"""The demo's folder, its file, and the process that serves the house."""

import subprocess
import sys
from contextlib import suppress
from datetime import datetime, timedelta, timezone

import minimalmodbus
import pytest
import requests
import serial
import yaml
from pymodbus.client import ModbusTcpClient

from evcc_flask.clock import DemoClock, SystemClock
from evcc_flask.simulation.demo import morning
from evcc_flask.simulation.demofolder import DemoFolder, DemoRefused, demo_folder
from evcc_flask.simulation.house import House
from evcc_flask.simulation.houseprocess import house_by_local_sun
from evcc_flask.simulation.wire.tcp import ModbusTcpServer


@pytest.fixture
def folder(tmp_path):
    return DemoFolder(tmp_path)


def test_the_file_names_every_wire_of_the_house(folder):
    ports = folder.prepare(7070, "Sonnenhaus")
    house = yaml.safe_load(folder.config.read_text())
    assert house["site"]["title"] == "Sonnenhaus"
    assert [each["title"] for each in house["loadpoints"]] == ["Carport", "Garage"]
    assert {each["name"]: each.get("port", each.get("device")) for each in house["meters"]} == {
        "grid": str(folder.line),
        "roof": str(folder.line),
        "hybrid": ports.inverter,
        "battery": ports.inverter,
    }
    assert house["chargers"][1]["host"] == f"127.0.0.1:{ports.goe}"


def test_an_unchanged_file_is_written_anew(folder):
    folder.prepare(7070, "Sonnenhaus")
    folder.prepare(7080, "Demo Mode")
    house = yaml.safe_load(folder.config.read_text())
    assert (house["network"]["port"], house["site"]["title"]) == (7080, "Demo Mode")


def test_a_changed_file_is_kept_with_its_ports(folder):
    ports = folder.prepare(7070, "Sonnenhaus")
    changed = folder.config.read_text().replace("Carport", "Barn")
    folder.config.write_text(changed)
    assert folder.prepare(7080, "Demo Mode") == ports
    assert folder.config.read_text() == changed


def test_a_file_that_we_never_wrote_is_kept(folder):
    folder.config.write_text("interval: 10s\n")
    # why: the usual ports may be in use where this test runs
    with suppress(DemoRefused):
        folder.prepare(7070, "Sonnenhaus")
    assert folder.config.read_text() == "interval: 10s\n"


def test_a_changed_file_whose_port_is_taken_is_said(folder):
    ports = folder.prepare(7070, "Sonnenhaus")
    folder.config.write_text("interval: 10s\n")
    server = ModbusTcpServer({}, ports.inverter)
    try:
        with pytest.raises(DemoRefused, match=rf"port {ports.inverter}, which your .*evcc\.yaml names, is in use"):
            folder.prepare(7070, "Sonnenhaus")
    finally:
        server.close()


def test_a_taken_port_is_replaced_by_a_free_one(folder):
    first = folder.prepare(7070, "Sonnenhaus")
    server = ModbusTcpServer({}, first.inverter)
    try:
        assert folder.prepare(7070, "Sonnenhaus").inverter != first.inverter
    finally:
        server.close()


def test_two_demos_do_not_share_a_folder_and_no_lock_stays(folder):
    with folder.held(), pytest.raises(DemoRefused, match="another demo runs"), folder.held():
        pytest.fail("the folder was held twice")
    with folder.held():
        assert list(folder.path.iterdir()) == []


def test_a_database_is_forgotten_with_its_side_files_and_nothing_else(folder):
    for name in ("evcc-flask.db", "evcc-flask.db-wal", "evcc-flask.db.lock", "evcc.yaml"):
        (folder.path / name).touch()
    folder.forget()
    assert [each.name for each in folder.path.iterdir()] == ["evcc.yaml"]


def test_the_demo_stands_in_the_working_directory_or_where_it_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert demo_folder(None) == (DemoFolder(tmp_path / ".demo"), False)
    assert demo_folder(tmp_path / "else") == (DemoFolder(tmp_path / "else"), False)


def test_the_morning_is_sunny_enough_for_three_phases_wherever_the_clock_hangs():
    for hours in (-8, 0, 2, 10):
        start = datetime(2026, 6, 21, 9, 30, tzinfo=timezone(timedelta(hours=hours)))
        house = House(house_by_local_sun(start))
        for _ in range(4):
            house.step(house.now + timedelta(seconds=15))
            surplus_w = sum(each.power_w for each in house.pv) - house.load_w
            assert surplus_w > 6 * 3 * 230 + 500
        assert house.boxes[0].status == "B"


@pytest.fixture
def process(folder):
    ports = folder.prepare(7070, "Sonnenhaus")
    clock = DemoClock(SystemClock().wire_s(), morning(), 60.0)
    ends = ("--inverter", ports.inverter, "--goe", ports.goe, "--market", ports.market)
    words = ("--clock", clock.spelled(), "--line", folder.line, *ends)
    command = [sys.executable, "-m", "evcc_flask.simulation.houseprocess", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "ready\n"
        yield child, ports
        child.terminate()


def test_the_house_serves_all_its_wires_and_ends_in_order(process, folder):
    child, ports = process
    with serial.Serial(str(folder.line), 9600, timeout=0.5) as port:
        assert minimalmodbus.Instrument(port, 2).read_float(52, functioncode=4) < -1000
        assert minimalmodbus.Instrument(port, 3).read_register(5, functioncode=4) == 4
    with ModbusTcpClient("127.0.0.1", port=ports.inverter) as client:
        assert client.read_holding_registers(40000, count=2).registers == [0x5375, 0x6E53]
    status = requests.get(f"http://127.0.0.1:{ports.goe}/api/status?filter=car", timeout=2).json()
    assert status == {"car": 1}
    child.terminate()
    assert child.wait(1.0) == 0
    assert not folder.line.is_symlink()
