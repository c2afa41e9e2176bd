"""What systemd hears: the loop's own pulse, and nothing else's."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evcc_flask.control.controller import Controller
from evcc_flask.control.house import House
from evcc_flask.control.loop import Loop
from evcc_flask.control.supervisor import PULSE, READY, Supervisor
from evcc_flask.domain.memory import Memory
from tests.control.scene import Scene


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(20)
        yield heard


@pytest.fixture
def supervisor(systemd: socket.socket) -> Supervisor:
    return Supervisor.of({"EVCC_FLASK_NOTIFY": systemd.getsockname()})


def test_the_first_pulse_says_that_all_is_ready(supervisor: Supervisor, systemd: socket.socket) -> None:
    supervisor.alive()
    supervisor.alive()
    assert (systemd.recv(100), systemd.recv(100)) == (READY, PULSE)


def test_a_supervisor_that_is_not_there_yet_hears_it_later(tmp_path: Path) -> None:
    supervisor = Supervisor(str(tmp_path / "notify"))
    supervisor.alive()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        supervisor.alive()
        assert heard.recv(100) == READY


def test_without_a_supervisor_nothing_is_said() -> None:
    Supervisor.of({}).alive()


def controlled(scene: Scene, supervisor: Supervisor) -> Controller:
    def make(memory: Memory) -> Loop:
        loop = scene.make(memory)
        loop._alive = supervisor.alive
        return loop

    return Controller(scene.state, scene.wires, scene.clock, make, Memory())


def test_the_loop_feeds_it(supervisor: Supervisor, systemd: socket.socket) -> None:
    controller = controlled(Scene(), supervisor)
    controller.start()
    heard = [systemd.recv(100) for _ in range(2)]
    controller.stop()
    assert heard == [READY, PULSE]


def test_a_loop_that_cannot_look_at_the_house_is_silent_though_its_watchdog_lives(
    supervisor: Supervisor, systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def snapshot(self: House, *given: Any) -> Any:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(House, "snapshot", snapshot)
    controller = controlled(Scene(), supervisor)
    controller.start()
    systemd.settimeout(1.5)
    with pytest.raises(TimeoutError):
        systemd.recv(100)
    controller.stop()
