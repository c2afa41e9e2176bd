"""The control loop and its watchdog, with drivers that note what they are told and a clock that the test moves."""

from typing import Any

import pytest

from evcc_flask.control import loop as loop_module
from evcc_flask.domain.commands import Enable, OfferCurrent
from evcc_flask.domain.issues import Issue
from evcc_flask.domain.settings import Circuit, ExternalBatteryMode, LoadpointSettings, Settings
from evcc_flask.domain.words import BatteryMode, Mode, Status
from tests.control.scene import Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_cycle_reads_decides_acts_and_publishes(scene: Scene) -> None:
    scene.run(1)
    assert [type(command) for command in scene.box.sent] == [OfferCurrent, Enable]
    shown = scene.state.published.state
    assert shown["cycle"] == 1
    assert shown["grid"]["power"] == -8000
    assert shown["loadpoints"][0]["offeredCurrent"] >= 6
    assert shown["loadpoints"][0]["reasons"]
    assert shown["links"] == [{"name": "line"}]


def test_observing_writes_nothing_and_explains_all_the_same() -> None:
    scene = Scene(observe=True)
    scene.run(3)
    assert scene.box.sent == []
    assert scene.box.renewed == []
    assert scene.battery.modes == []
    assert scene.state.published.state["loadpoints"][0]["reasons"]


def test_a_hung_link_delays_the_first_decision_by_two_seconds_at_most(scene: Scene) -> None:
    scene.wires.hung = True
    scene.clock.real_s = lambda house_s: house_s if house_s > 5 else 0.0  # type: ignore[method-assign]
    began = scene.clock.wire
    scene.run(1)
    assert scene.clock.wire - began < 2.5
    assert scene.state.published.state["cycle"] == 1


def test_a_change_is_acted_upon_while_a_link_hangs(scene: Scene) -> None:
    scene.run(1)
    scene.wires.hung = True
    scene.state.change_loadpoint(0, mode=Mode.NOW)
    refreshes_before = scene.wires.waits
    scene.run(1)
    assert scene.box.sent[-1] == OfferCurrent(0, 16.0)
    assert scene.wires.waits == refreshes_before


def test_a_refused_command_is_tried_again_and_said(scene: Scene) -> None:
    scene.box.error = "the box refused"
    scene.run(2)
    assert len([command for command in scene.box.sent if isinstance(command, Enable)]) >= 2
    codes = [reason["code"] for reason in scene.state.published.state["loadpoints"][0]["reasons"]]
    assert any("fail" in code or "refuse" in code for code in codes), codes


def test_a_keep_alive_is_allowed_for_two_intervals_after_a_decision(scene: Scene) -> None:
    scene.run(1)
    assert scene.box.renewed[-1] == pytest.approx(scene.loop.pulse.decided_at_s + 20.0)


def test_an_overload_is_cut_before_the_interval_is_over() -> None:
    settings = Settings(
        interval_s=300.0,
        circuits=(Circuit("main", max_current_a=20.0, meter=True),),
        loadpoints=(LoadpointSettings("Carport", Mode.NOW, circuit="main"),),
    )
    scene = Scene(settings=settings)
    scene.wires.step_s = 2.0
    scene.grid.currents_a = (1.0, 1.0, 1.0)
    scene.run(1)
    scene.box.enabled, scene.box.status = True, Status.C
    scene.grid.currents_a = (26.0, 26.0, 26.0)
    began = scene.clock.s
    sent = len(scene.box.sent)
    scene.run(1)
    assert scene.clock.s - began <= 5.0
    assert len(scene.box.sent) > sent


def test_a_battery_that_we_changed_goes_back_to_normal_at_the_end() -> None:
    settings = Settings(
        loadpoints=(LoadpointSettings(),), external_battery_mode=ExternalBatteryMode(BatteryMode.HOLD, 1000.0)
    )
    scene = Scene(settings=settings)
    scene.run(1)
    assert scene.battery.modes == [BatteryMode.HOLD]
    scene.loop.restore()
    assert scene.battery.modes == [BatteryMode.HOLD, BatteryMode.NORMAL]


def test_a_battery_that_we_never_touched_is_left_alone_at_the_end(scene: Scene) -> None:
    scene.run(2)
    scene.loop.restore()
    assert scene.battery.modes == []


def test_a_fault_in_one_driver_leaves_the_other_devices_running(scene: Scene) -> None:
    def broken() -> None:
        raise ZeroDivisionError("a driver's mistake")

    scene.box.reads = broken
    scene.run(2)
    shown = scene.state.published.state
    assert shown["cycle"] == 2
    assert shown["grid"]["power"] == -8000


def test_a_database_in_trouble_is_shown_and_charging_goes_on(scene: Scene) -> None:
    scene.book.trouble = Issue("database", "the disk is full", fatal=False)
    scene.run(1)
    assert scene.box.sent
    assert [issue["message"] for issue in scene.state.published.state["issues"]] == ["the disk is full"]


def test_what_must_survive_a_power_cut_is_kept_once_a_minute_and_not_each_cycle(scene: Scene) -> None:
    scene.run(1)
    assert "memory" in scene.book.values
    scene.box.status = Status.C
    before = scene.book.saves
    scene.run(12)
    assert scene.book.saves - before <= 4


def test_a_switch_is_kept_at_once_so_that_a_crash_does_not_forget_it(scene: Scene) -> None:
    scene.box.enabled = True
    scene.run(8)
    assert scene.book.values["memory"]["loadpoints"][0]["box"]["enabled"] is True
    scene.state.change_loadpoint(0, mode=Mode.OFF)
    scene.run(1)
    assert scene.book.values["memory"]["loadpoints"][0]["box"]["enabled"] is False


def test_an_hour_with_a_car_that_does_not_charge_writes_its_four_quarters_and_nothing_else(scene: Scene) -> None:
    scene.run(1)
    scene.box.enabled = True
    scene.run(12)
    before = scene.book.saves
    scene.run(360)
    assert scene.book.saves - before == 4
    assert len(scene.book.quarters) >= 4
    assert sum(quarter.export_kwh for quarter in scene.book.quarters.values()) == pytest.approx(8.0, rel=0.1)


def test_an_hour_of_steady_charging_writes_once_a_minute_at_most(scene: Scene) -> None:
    scene.box.status, scene.box.enabled = Status.C, True
    scene.run(12)
    before = scene.book.saves
    scene.run(360)
    assert 50 <= scene.book.saves - before <= 60


def test_a_loop_that_was_replaced_while_it_decided_commands_nothing_more(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced = []
    original = loop_module.decide

    def slow(*arguments: Any) -> Any:
        replaced.append(True)
        return original(*arguments)

    monkeypatch.setattr(loop_module, "decide", slow)
    scene.loop.run(lambda: not replaced)
    assert scene.box.sent == []
    assert scene.box.renewed == []


def test_a_device_that_never_answered_is_an_issue_with_its_cause_until_it_answers(scene: Scene) -> None:
    scene.box.error_text = "no answer"
    scene.run(1)
    issues = scene.state.published.state["issues"]
    assert [(issue["class"], issue["device"], issue["fatal"]) for issue in issues] == [("charger", "box", False)]
    assert "no answer" in issues[0]["message"]
    scene.box.error_text = None
    scene.run(1)
    assert scene.state.published.state["issues"] == []


def test_a_value_that_a_device_fails_to_tell_is_an_issue_until_it_comes(scene: Scene) -> None:
    scene.grid.notes = ("energy: the answer has no key total",)
    scene.run(1)
    (issue,) = scene.state.published.state["issues"]
    assert (issue["device"], issue["fatal"]) == ("grid", False)
    assert "does not tell its energy: the answer has no key total" in issue["message"]
    scene.grid.notes = ()
    scene.run(1)
    assert scene.state.published.state["issues"] == []


def test_a_command_that_keeps_failing_is_one_line_in_the_log_and_one_when_it_works_again(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "site")
    scene.box.error = "the box refused"
    scene.run(5)
    kinds = {type(command) for command in scene.box.sent}
    assert len(scene.box.sent) > len(kinds)
    assert len([line for line in caplog.messages if "the box refused" in line]) == len(kinds)
    scene.box.error = None
    scene.run(3)
    assert any("works again" in line for line in caplog.messages)


def test_a_charge_under_way_is_in_the_list_of_sessions_a_minute_later(scene: Scene) -> None:
    scene.run(1)
    scene.box.status, scene.box.enabled = Status.C, True
    scene.run(2)
    first = scene.book.rows[-1]
    scene.run(8)
    last = scene.book.rows[-1]
    assert last.key == first.key
    assert not last.closed
    assert last.charged_kwh > first.charged_kwh


def test_a_refused_enable_is_shown_within_seconds_though_the_next_decision_is_far() -> None:
    scene = Scene(settings=Settings(interval_s=300.0, loadpoints=(LoadpointSettings("Carport", Mode.NOW),)))
    scene.wires.step_s = 2.0
    scene.box.error = "the box refused"
    since_s = scene.clock.s
    scene.loop.run(lambda: scene.clock.s < since_s + 5.0)
    assert scene.loop.pulse.cycles == 1
    shown = scene.state.published.state["loadpoints"][0]
    assert (shown["enabled"], shown["offeredCurrent"]) == (False, 0)
    failed = [reason for reason in shown["reasons"] if reason["code"] == "command_failed"]
    assert [reason["command"] for reason in failed] == ["current", "enable"]
    assert "waits_for_car" not in [reason["code"] for reason in shown["reasons"]]


def test_what_is_only_observed_is_shown_as_it_is() -> None:
    wishes = LoadpointSettings("Carport", Mode.NOW)
    house = Settings(30.0, loadpoints=(wishes,), external_battery_mode=ExternalBatteryMode(BatteryMode.HOLD, 1e6))
    scene = Scene(observe=True, settings=house)
    scene.wires.step_s = 2.0
    for seconds in (5.0, 200.0):
        since_s = scene.clock.s
        scene.loop.run(lambda until_s=since_s + seconds: scene.clock.s < until_s)
        shown = scene.state.published.state
        assert shown["batteryMode"] == "unknown"
        assert (shown["loadpoints"][0]["enabled"], shown["loadpoints"][0]["offeredCurrent"]) == (False, 0)
        assert "mode_now" in [reason["code"] for reason in shown["loadpoints"][0]["reasons"]]


def test_what_is_shown_follows_the_end_of_an_overload_within_two_looks() -> None:
    circuit = Circuit("main", max_current_a=25, meter=True)
    wishes = LoadpointSettings("Carport", Mode.NOW, circuit="main")
    scene = Scene(settings=Settings(300.0, loadpoints=(wishes,), circuits=(circuit,)))
    scene.wires.step_s = 2.0
    scene.grid.currents_a = (10.0, 10.0, 10.0)

    def live(seconds: float) -> Any:
        since_s = scene.clock.s
        scene.loop.run(lambda: scene.clock.s < since_s + seconds)
        return scene.state.published.state["circuits"]["main"]

    live(10.0)
    scene.grid.currents_a = (30.0, 10.0, 10.0)
    told = live(4.0)
    assert (told["overloaded"], told["current"]) == (True, 30)
    scene.grid.currents_a = (20.0, 10.0, 10.0)
    told = live(4.0)
    assert (told["overloaded"], told["current"]) == (False, 20)
