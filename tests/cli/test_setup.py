"""The first configuration, in dialogue with somebody at a keyboard, over a real line and real HTTP."""

import os
import termios
from datetime import UTC, datetime

import pytest
import serial
import yaml
from click.testing import CliRunner

from evcc_flask.cli import main
from evcc_flask.commands import search
from evcc_flask.commands.housefile import Found, Plan
from evcc_flask.config.load import load
from evcc_flask.simulation.wire.meters import Eastron, sdm630_at_grid
from evcc_flask.simulation.wire.tcp import ModbusTcpServer
from evcc_flask.storage.owner import Owner
from tests.e2e.world import BOX, GRID, World


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A house whose line is the only one, asked at its own speed; nobody makes himself known in the network."""
    world = World(tmp_path)
    monkeypatch.setattr(search, "ports", lambda: [str(world.line.path)])
    monkeypatch.setattr(search, "speeds", lambda: [(9600, "8N1"), (19200, "8N1")])
    monkeypatch.setattr(search, "IDS", (1, 2, 3))
    monkeypatch.setattr(search, "LISTEN_S", 0.3)
    monkeypatch.setattr(search, "neighbours", list)
    fitting = {GRID: [("meter", "eastron-sdm630"), ("meter", "finder-7m38")], BOX: [("charger", "heidelberg")]}
    monkeypatch.setattr(search, "candidates", lambda slave: fitting[slave.id])
    yield world
    world.close()


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))

    def call_(*answers):
        words = ["setup", "-c", str(tmp_path / "new" / "evcc.yaml"), "--database", str(tmp_path / "house.db")]
        return CliRunner().invoke(main, words, input="".join(f"{answer}\n" for answer in answers))

    return call_


def test_a_house_is_found_checked_and_written(world, call, tmp_path):
    answer = call(
        *("Hut", "35", "3"),
        "",  # no other port
        *("1", "grid"),
        *("1", "Carport"),
        *("go-e-v3", f"127.0.0.1:{world.goe.port}", "1", "Garage"),
        "",  # no other device
        "y",
    )
    assert answer.exit_code == 0, answer.output
    assert "id 1 at 19200 8N1" in answer.output
    assert "All is well" in answer.output or "note" in answer.output
    written = yaml.safe_load((tmp_path / "new" / "evcc.yaml").read_text())
    assert written["site"] == {"title": "Hut", "meters": {"grid": "grid"}}
    assert written["circuits"] == [{"name": "main", "title": "Main fuse", "maxCurrent": 35, "meter": "grid"}]
    assert [box["template"] for box in written["chargers"]] == ["heidelberg", "go-e-v3"]
    assert [(each["title"], each["circuit"]) for each in written["loadpoints"]] == [
        ("Carport", "main"),
        ("Garage", "main"),
    ]
    assert world.box.heard == [], "nothing was written to the wallbox"
    assert world.goe_box.heard == []


def test_the_fuse_is_asked_for_until_somebody_knows_it(world, call):
    answer = call("Hut", "", "a lot", "3", "35", "1", "", "skip", "skip", "", "n")
    assert answer.output.count("Main fuse, A per phase") == 4
    assert answer.exit_code == 1


def test_a_line_on_which_another_master_speaks_is_left_alone(world, call, monkeypatch):
    monkeypatch.setattr(search, "heard", lambda port: 8)
    asked = world.line.transactions
    answer = call("Hut", "35", "3", "", "", "n")
    assert "Another master uses this line" in answer.output
    assert world.line.transactions == asked


def test_a_file_that_is_there_is_kept_beside(world, call, tmp_path, monkeypatch):
    monkeypatch.setattr(search, "ports", list)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "evcc.yaml").write_text("site: {title: Former}\n")
    call("Hut", "35", "3", "", "", "y")
    assert (tmp_path / "new" / "evcc.yaml.before-setup").read_text() == "site: {title: Former}\n"
    assert "Hut" in (tmp_path / "new" / "evcc.yaml").read_text()


def test_beside_a_server_it_says_what_to_do(call, tmp_path):
    owner = Owner.take(tmp_path / "house.db")
    answer = call()
    owner.release()
    assert answer.exit_code == 1
    assert "systemctl stop evcc-flask" in answer.output


def test_what_is_written_is_read_without_a_word(tmp_path):
    wire = {"modbus": "rs485serial", "device": "/dev/rs485-A1: odd", "baudrate": 9600, "comset": "8N1", "id": 1}
    plan = Plan('Mein "Haus": #1', 25, 1)
    plan.meters = [
        Found(name, "eastron", "Eastron", usage, wire)
        for name, usage in (("grid", "grid"), ("pv", "pv"), ("charge", "charge"))
    ]
    plan.chargers = [Found("box", "evse-din", "EVSE", "", {**wire, "id": 2})]
    plan.titles = {"box": "on"}
    (tmp_path / "evcc.yaml").write_text(plan.text(datetime(2026, 1, 1, tzinfo=UTC)))
    configuration = load(tmp_path / "evcc.yaml", {})
    assert configuration.issues == ()
    assert (configuration.site.title, configuration.site.pv) == ('Mein "Haus": #1', ("pv",))
    (loadpoint,) = configuration.loadpoints
    assert (loadpoint.meter, loadpoint.circuit) == ("charge", "main")


def test_each_port_is_named_once_and_speeds_are_those_of_the_library():
    assert len(set(search.ports())) == len(search.ports())
    assert search.speeds()[0] == (9600, "8N1")
    assert (19200, "8E1") in search.speeds()


def test_a_port_that_cannot_speak_so_keeps_the_answers_given_so_far(call, tmp_path, monkeypatch):
    leader, follower = os.openpty()
    port, real = os.ttyname(follower), serial.Serial

    def without_parity(*words, **more):
        if "E" in words:
            raise termios.error(22, "Invalid argument")
        return real(*words, **more)

    monkeypatch.setattr(search.serial, "Serial", without_parity)
    monkeypatch.setattr(search, "ports", lambda: [port])
    monkeypatch.setattr(search, "LISTEN_S", 0.1)
    monkeypatch.setattr(search, "IDS", ())
    monkeypatch.setattr(search, "ANSWER_S", 0.01)
    monkeypatch.setattr(search, "neighbours", list)
    answer = call("Hut", "35", "3", "", "", "y")
    os.close(leader)
    os.close(follower)
    assert "the port does not take 9600 baud 8E1" in answer.output, answer.output
    assert "Traceback" not in answer.output
    assert "Hut" in (tmp_path / "new" / "evcc.yaml").read_text()


def test_a_meter_of_a_line_is_entered_behind_a_gateway_with_its_port_and_id(world, call, tmp_path, monkeypatch):
    monkeypatch.setattr(search, "ports", list)
    server = ModbusTcpServer({7: Eastron(world.live, sdm630_at_grid)})
    answer = call(
        *("Hut", "35", "3", "", "eastron-sdm630", "127.0.0.1", "", str(server.port), "7", "1", "grid"), "", "y"
    )
    server.close()
    assert answer.exit_code == 0, answer.output
    (written,) = yaml.safe_load((tmp_path / "new" / "evcc.yaml").read_text())["meters"]
    assert (written["modbus"], written["port"], written["id"]) == ("tcpip", server.port, 7)
