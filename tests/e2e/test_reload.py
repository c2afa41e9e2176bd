"""The configuration read anew, and the time in which nobody controls the house."""

import os
import signal
import socket
import subprocess
import sys

import pytest
import yaml

from evcc_flask.commands import lower
from evcc_flask.simulation.wire.heidelberg import CURRENT
from evcc_flask.simulation.wire.station import Fault
from tests.e2e.test_process import charges
from tests.e2e.world import eventually, wire_s


@pytest.fixture
def systemd(world):
    """What a supervisor hears."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(world.folder / "notify"))
        heard.settimeout(30)
        yield heard


def lowered(world):
    options = ("-c", str(world.folder / "evcc.yaml"), "--database", str(world.folder / "evcc.db"))
    command = [sys.executable, "-m", "evcc_flask.cli", "lower", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def drain(heard):
    """Take what was said until a pause of its time-out."""
    while True:
        heard.recv(200)


def renamed(world, title):
    file = world.folder / "evcc.yaml"
    config = yaml.safe_load(file.read_text())
    config["site"]["title"] = title
    file.write_text(yaml.safe_dump(config, sort_keys=False))


def test_a_reload_takes_the_new_file_and_no_car_notices(world):
    server = world.serve(world.config("now", "now"))
    eventually(lambda: min(world.power_w(0), world.power_w(1)) > 10_500, 20, "both cars charge with all they can")
    worker, told_s = server.worker(), wire_s()
    renamed(world, "Hut")
    assert server.ask("POST", "/api/system/reload")[0] == 401
    server.process.send_signal(signal.SIGHUP)
    lowest_w = []
    while server.state()["siteTitle"] != "Hut":  # whoever asks meanwhile waits at the door
        lowest_w.append(min(world.power_w(0), world.power_w(1)))
        assert wire_s() - told_s < 30
    server.ready()
    assert server.worker() != worker
    assert min(lowest_w, default=world.power_w(0)) > 10_000
    assert set(world.box.currents_a(told_s)) <= {16.0}
    assert not [
        key for at_s, key, text in world.goe_box.heard if at_s > told_s and (key, text) in (("frc", "1"), ("alw", "0"))
    ]
    assert charges(server, 0, 1)


def test_a_file_with_mistakes_is_refused_and_all_goes_on(world):
    server = world.serve(world.config("now"), "--disable-auth")
    worker, file = server.worker(), world.folder / "evcc.yaml"
    good = file.read_text()
    file.write_text(good.replace("template: heidelberg", "template: heidelbirg"))
    status, body = server.ask("POST", "/api/system/reload")
    assert status == 400
    assert b"heidelbirg" in body
    assert b"Traceback" not in body
    assert server.worker() == worker
    file.write_text(good.replace("House", "Hut"))
    assert server.ask("POST", "/api/system/reload")[0] == 204
    server.until(lambda state: state["siteTitle"] == "Hut", 30, "the new title is shown")


def test_a_supervisor_hears_the_loop_and_is_told_again_after_a_reload(world, systemd):
    server = world.serve(world.config("now"), NOTIFY_SOCKET=systemd.getsockname())
    assert systemd.recv(200).startswith(b"READY=1")
    assert systemd.recv(200) == b"WATCHDOG=1"
    server.process.send_signal(signal.SIGHUP)
    while not systemd.recv(200).startswith(b"READY=1"):
        pass


def test_a_loop_that_is_stopped_is_heard_though_the_web_answers(world, systemd):
    """The worker's control thread cannot be stopped alone, so the whole worker is: gunicorn's master says nothing."""
    server = world.serve(world.config("now"), NOTIFY_SOCKET=systemd.getsockname())
    systemd.recv(200)
    os.kill(server.worker(), signal.SIGSTOP)
    systemd.settimeout(3)
    with pytest.raises(TimeoutError):
        drain(systemd)


def test_boxes_without_a_fail_safe_are_lowered_while_nobody_is_there(world):
    server = world.serve(world.config("now", "now"))
    charges(server, 0, 1)
    code, said = lowered(world)
    assert code == 1
    assert "in use by another server" in said
    server.terminate()
    code, said = lowered(world)
    assert code == 0, said
    assert "wallbox 'heidelberg' has lowered itself" in said
    assert "wallbox 'goe' offers 6 A from now on" in said
    eventually(lambda: 3000 < world.power_w(1) < 4500, 10, "the car at the go-e charges on, at 6 A")
    assert world.box.settings[CURRENT] == 160, "a box with a fail-safe of its own is not written to"


def test_a_box_that_does_not_answer_asks_for_another_try(world, monkeypatch):
    monkeypatch.setattr(lower, "PATIENCE_S", 1.5)
    monkeypatch.setattr(lower, "start_logs", lambda *words, **more: None)
    world.goe.fault = Fault.HANG
    file, said = world.folder / "evcc.yaml", []
    file.write_text(yaml.safe_dump(world.config("now", "now")))
    environ = {**os.environ, "EVCC_DATABASE_DSN": str(world.folder / "evcc.db")}
    assert lower.lower(file, environ, said.append) == 1
    assert any("wallbox 'goe' does not answer" in line for line in said)


def test_a_broken_database_leaves_no_box_at_its_full_current(world):
    server = world.serve(world.config("now", "now"))
    charges(server, 1)
    server.terminate()
    server.database.write_bytes(b"no database at all" * 100)
    code, said = lowered(world)
    assert code == 0, said
    assert "wallbox 'goe' offers 6 A from now on" in said
    assert server.database.read_bytes() == b"no database at all" * 100
