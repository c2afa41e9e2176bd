"""The watchdog beside the control loop: restarts, their cap, and what health says."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from evcc_flask.control import controller as controller_module
from evcc_flask.control.controller import RESTARTS, Controller
from evcc_flask.control.house import House
from evcc_flask.domain.memory import Memory
from tests.control.scene import Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def quick_watchdog(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = threading.Event.wait
    monkeypatch.setattr(
        controller_module.threading.Event,
        "wait",
        lambda self, timeout=None: waits(self, 0.01 if timeout == 1.0 else timeout),
    )


@pytest.fixture
def controlled(scene: Scene, quick_watchdog: None) -> Iterator[tuple[Scene, Controller]]:
    controller = Controller(scene.state, scene.wires, scene.clock, scene.make, Memory())
    yield scene, controller
    controller.stop()


def eventually(condition: Callable[[], bool], timeout_s: float = 10.0) -> bool:
    """Whether it came true in time, looked at every few ms."""
    tick = threading.Event()
    for _ in range(int(timeout_s / 0.005)):
        if condition():
            return True
        threading.Event.wait(tick, 0.005)
    return False


def test_a_crashed_loop_is_started_again(controlled: tuple[Scene, Controller], monkeypatch: pytest.MonkeyPatch) -> None:
    scene, controller = controlled
    crashes = iter([True, False])
    original = House.snapshot

    def snapshot(self: House, *given: Any) -> Any:
        if next(crashes, False):
            raise RuntimeError("a mistake of ours")
        return original(self, *given)

    monkeypatch.setattr(House, "snapshot", snapshot)
    controller.start()
    assert eventually(lambda: scene.state.published.state["cycle"] > 0)
    assert controller.restarts == 1
    assert eventually(lambda: controller.health().ok)


def test_a_loop_that_crashes_for_ever_is_given_up_and_health_says_so(
    controlled: tuple[Scene, Controller], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, controller = controlled

    def snapshot(self: House, *given: Any) -> Any:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(House, "snapshot", snapshot)
    controller.start()
    assert eventually(lambda: controller.restarts >= RESTARTS)
    assert not controller.health().ok
    assert "failed too often" in controller.health().reason


def test_health_is_bad_before_the_first_cycle_and_good_after_it(controlled: tuple[Scene, Controller]) -> None:
    _, controller = controlled
    assert controller.health().reason == "the first cycle is not done yet"
    controller.start()
    assert eventually(lambda: controller.health().ok)


def test_health_is_bad_once_the_grid_meter_is_gone_for_a_minute_and_an_interval(
    controlled: tuple[Scene, Controller],
) -> None:
    scene, controller = controlled
    controller.start()
    assert eventually(lambda: controller.health().ok)
    scene.grid.answers = False
    assert eventually(lambda: controller.health().reason == "the grid meter does not answer")


def test_the_end_closes_the_links_once(controlled: tuple[Scene, Controller]) -> None:
    scene, controller = controlled
    controller.start()
    assert eventually(lambda: scene.state.published.state["cycle"] > 0)
    controller.stop()
    controller.stop()
    assert scene.wires.closed
