"""The control loop and its watchdog, with drivers that note what they are told and a clock that the test moves."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from evcc_flask.control import controller as controller_module
from evcc_flask.control import loop as loop_module
from evcc_flask.control.controller import RESTARTS, Controller
from evcc_flask.control.house import House, LoadpointDrivers
from evcc_flask.control.loop import Loop
from evcc_flask.control.state import SharedState
from evcc_flask.control.view import Facts, View
from evcc_flask.domain.changes import Change
from evcc_flask.domain.commands import Enable, OfferCurrent
from evcc_flask.domain.issues import Issue
from evcc_flask.domain.memory import Memory
from evcc_flask.domain.readings import BatteryReading, ChargerReading, ChargerTraits, MeterReading, PvReading
from evcc_flask.domain.settings import Circuit, ExternalBatteryMode, LoadpointSettings, Settings
from evcc_flask.domain.words import BatteryMode, Mode, Status


class HandClock:
    """House time moves when the test says so; ``real_s`` is 0, so that no pause of the loop takes time."""

    def __init__(self) -> None:
        self.s = 1000.0
        self.wire = 0.0

    def monotonic_s(self) -> float:
        return self.s

    def wire_s(self) -> float:
        self.wire += 0.01
        return self.wire

    def now(self) -> datetime:
        return datetime(2026, 6, 21, 12, tzinfo=UTC) + timedelta(seconds=self.s)

    def trusted(self) -> bool:
        return True

    def real_s(self, house_s: float) -> float:
        return 0.0


class Meter:
    def __init__(self, clock: HandClock, name: str, power_w: float) -> None:
        self.clock, self.name, self.power_w = clock, name, power_w
        self.answers = True
        self.at_s: float | None = None
        self.currents_a: tuple[float, float, float] | None = None
        self.modes: list[BatteryMode] = []

    def reading(self) -> MeterReading:
        if self.answers:
            self.at_s = self.clock.s
        return MeterReading(self.name, self.at_s, self.power_w, currents_a=self.currents_a)

    def pv_reading(self) -> PvReading:
        return PvReading(self.reading())

    def battery_reading(self) -> BatteryReading:
        return BatteryReading(self.reading(), 50.0, 10.0, controllable=True)

    def renew(self, until_s: float) -> None:
        """Nothing to keep alive."""

    def set_battery_mode(self, mode: BatteryMode, done: Callable[[str | None, bool], None]) -> None:
        self.modes.append(mode)
        done(None, True)


class Box:
    def __init__(self, clock: HandClock) -> None:
        self.clock, self.name = clock, "box"
        self.sent: list[Any] = []
        self.renewed: list[float] = []
        self.error: str | None = None
        self.error_text: str | None = None
        self.status = Status.B
        self.enabled = False
        self.reads = lambda: None

    def reading(self) -> ChargerReading:
        self.reads()
        traits = ChargerTraits(physical_phases=3)
        if self.error_text:
            return ChargerReading(self.name, error=self.error_text, traits=traits)
        return ChargerReading(self.name, self.clock.s, self.status, self.enabled, traits=traits)

    def send(self, command: Any, done: Callable[[str | None, bool], None]) -> None:
        self.sent.append(command)
        done(self.error, True)

    def renew(self, until_s: float) -> None:
        self.renewed.append(until_s)


class Wires:
    """Each refresh moves the clock on; ``hung``: no round ever ends."""

    def __init__(self, clock: HandClock, step_s: float = 10.0) -> None:
        self.clock, self.step_s, self.hung, self.closed = clock, step_s, False, False
        self.waits = 0

    def refresh(self) -> "Wires":
        self.clock.s += self.step_s
        return self

    def wait(self, timeout_s: float) -> bool:
        self.waits += 1
        self.clock.wire += timeout_s if self.hung else 0.0
        return not self.hung

    def links(self) -> Sequence[Mapping[str, object]]:
        return [{"name": "line"}]

    def close(self) -> None:
        self.closed = True


class Book:
    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.rows: list[Any] = []
        self.saves = 0
        self.trouble: Issue | None = None

    def save(self, values: Mapping[str, Any], changes: Sequence[Change] = ()) -> "Book":
        self.values |= values
        self.saves += 1
        return self

    def save_sessions(self, rows: Sequence[Any], values: Mapping[str, Any]) -> "Book":
        self.rows += rows
        return self.save(values)

    def wait(self, timeout_s: float) -> str | None:
        return None

    def problem(self) -> Issue | None:
        return self.trouble


class Scene:
    """A grid meter that exports 8 kW, a battery, and a wallbox with a car on it."""

    def __init__(self, *, observe: bool = False, settings: Settings | None = None) -> None:
        self.clock = HandClock()
        self.grid, self.battery = Meter(self.clock, "grid", -8000.0), Meter(self.clock, "battery", 0.0)
        self.box, self.wires, self.book = Box(self.clock), Wires(self.clock), Book()
        self.house = House(
            grid=self.grid,
            batteries=(self.battery,),
            loadpoints=(LoadpointDrivers(self.box),),
            circuit_meters={"main": self.grid},
        )
        self.settings = settings or Settings(loadpoints=(LoadpointSettings("Carport", Mode.PV),))
        self.state = SharedState(self.settings, View(Facts(grid=True, has_battery=True)), self.book)
        self.loop = self.make(Memory(), observe=observe)

    def make(self, memory: Memory, *, observe: bool = False) -> Loop:
        return Loop(
            self.state, self.house, self.wires, self.book, self.clock, memory=memory, standing=(), observe=observe
        )

    def run(self, cycles: int) -> None:
        left = iter(range(10_000))
        goal = self.loop.pulse.cycles + cycles
        self.loop.run(lambda: self.loop.pulse.cycles < goal and next(left) < 5000)


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


def test_an_hour_with_a_car_that_does_not_charge_writes_nothing(scene: Scene) -> None:
    scene.run(12)
    before = scene.book.saves
    scene.run(360)
    assert scene.book.saves == before


def test_an_hour_of_steady_charging_writes_once_a_minute_at_most(scene: Scene) -> None:
    scene.box.status, scene.box.enabled = Status.C, True
    scene.run(12)
    before = scene.book.saves
    scene.run(360)
    assert 50 <= scene.book.saves - before <= 60


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

    def snapshot(self: House, outcomes: Any) -> Any:
        if next(crashes, False):
            raise RuntimeError("a mistake of ours")
        return original(self, outcomes)

    monkeypatch.setattr(House, "snapshot", snapshot)
    controller.start()
    assert eventually(lambda: scene.state.published.state["cycle"] > 0)
    assert controller.restarts == 1
    assert eventually(lambda: controller.health().ok)


def test_a_loop_that_crashes_for_ever_is_given_up_and_health_says_so(
    controlled: tuple[Scene, Controller], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, controller = controlled

    def snapshot(self: House, outcomes: Any) -> Any:
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
