"""Orders to the home battery and the book: written before they are sent, and only what is really ordered."""

from dataclasses import replace
from typing import Any

from evcc_flask.domain.commands import Ending
from evcc_flask.domain.memory import BatteryMemory, BatteryOrder, Memory
from evcc_flask.domain.ports import Done
from evcc_flask.domain.settings import ExternalBatteryMode, LoadpointSettings, Settings
from evcc_flask.domain.words import BatteryMode
from tests.control.scene import Scene

HELD = Settings(loadpoints=(LoadpointSettings(),), external_battery_mode=ExternalBatteryMode(BatteryMode.HOLD, 1000.0))


def test_an_order_is_on_the_disk_before_the_battery_hears_it() -> None:
    scene = Scene(settings=HELD)
    known: list[dict[str, Any]] = []
    tell = scene.battery.set_battery_mode

    def told(mode: BatteryMode, done: Done) -> None:
        known.append(scene.book.values["memory"]["battery"])
        tell(mode, done)

    scene.battery.set_battery_mode = told  # type: ignore[method-assign]
    scene.run(1)
    assert known == [{"battery": {"mode": 2, "found": None}}]


def test_a_battery_that_refuses_again_and_again_writes_nothing_again() -> None:
    scene = Scene(settings=replace(HELD, external_battery_mode=ExternalBatteryMode(BatteryMode.HOLD, 1e6)))
    scene.battery.set_battery_mode = lambda mode, done: done(Ending.FAILED, "busy")  # type: ignore[method-assign]
    scene.run(2)
    before = scene.book.saves
    scene.run(80)
    assert scene.book.saves - before <= 2


def test_a_disk_that_is_full_does_not_keep_a_battery_from_its_order() -> None:
    scene = Scene(settings=HELD)
    scene.book.wait = lambda timeout_s: "disk full"  # type: ignore[method-assign]
    scene.run(1)
    assert scene.battery.modes == [BatteryMode.HOLD]


def test_a_house_that_is_only_observed_claims_no_battery_and_forgets_none() -> None:
    scene = Scene(settings=HELD, observe=True)
    scene.run(2)
    assert scene.book.values["memory"]["battery"] == {}
    before = BatteryMemory({"battery": BatteryOrder(BatteryMode.CHARGE, True)})
    scene.loop = scene.make(Memory(battery=before), observe=True)
    scene.run(2)
    assert scene.book.values["memory"]["battery"] == {"battery": {"mode": 3, "found": None}}
    assert scene.battery.modes == []


def test_a_mode_from_outside_lapses_between_two_decisions_and_is_shown_no_longer() -> None:
    scene = Scene(settings=replace(HELD, interval_s=600.0))
    scene.run(1)
    assert scene.state.published.state["batteryModeExternal"] == "hold"
    scene.run(8)
    assert scene.state.published.state["batteryModeExternal"] == "unknown"
    assert scene.battery.modes == [BatteryMode.HOLD, BatteryMode.NORMAL]


def test_what_was_found_comes_back_at_the_end() -> None:
    scene = Scene()
    order = BatteryOrder(BatteryMode.CHARGE, True, BatteryMode.CHARGE, True, BatteryMode.HOLD)
    scene.loop.memory = replace(scene.loop.memory, battery=BatteryMemory({"battery": order}))
    scene.loop.restore()
    assert scene.battery.modes == [BatteryMode.HOLD]
