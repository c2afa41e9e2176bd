"""The shared state: wishes are checked, stored and shown; the lock is never held while anything slow happens."""

import gzip
import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from evcc_flask.control import state as state_module
from evcc_flask.control.origin import asked_by
from evcc_flask.control.state import SharedState
from evcc_flask.control.stored import entries, restored
from evcc_flask.control.view import Facts, View
from evcc_flask.domain.changes import Change, Origin, Who
from evcc_flask.domain.decision import SettingChange
from evcc_flask.domain.readings import BatteryReading, ChargerReading, ChargerTraits, MeterReading
from evcc_flask.domain.settings import LoadpointSettings, Settings, Threshold
from evcc_flask.domain.snapshot import LoadpointReading, Snapshot
from evcc_flask.domain.wishes import Rejected
from evcc_flask.domain.words import Mode


class Disk:
    """A keeper that notes what it was given."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.changes: list[Change] = []
        self.on_wait = lambda: None

    def save(self, values: Mapping[str, Any], changes: Sequence[Change] = ()) -> "Disk":
        self.values |= values
        self.changes += changes
        return self

    def wait(self, timeout_s: float) -> str | None:
        self.on_wait()
        return None


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def shared(disk: Disk) -> SharedState:
    snapshot = Snapshot(
        batteries=(BatteryReading(MeterReading("battery"), controllable=True),),
        loadpoints=(
            LoadpointReading(ChargerReading("box", traits=ChargerTraits(switches_phases=True, physical_phases=3))),
            LoadpointReading(ChargerReading("small box", traits=ChargerTraits(physical_phases=1))),
        ),
    )
    settings = Settings(loadpoints=(LoadpointSettings(title="Carport"), LoadpointSettings(title="Garage")))
    return SharedState(settings, View(Facts(has_battery=True), snapshot), disk)


def shown(shared: SharedState) -> dict[str, Any]:
    return json.loads(shared.published.body)["result"]


def test_a_wish_is_in_force_stored_and_shown_when_the_call_returns(shared: SharedState, disk: Disk) -> None:
    shared.change_loadpoint(0, mode=Mode.PV)
    assert shared.settings.loadpoints[0].mode is Mode.PV
    assert disk.values == {"lp1.mode": "pv"}
    assert shown(shared)["loadpoints"][0]["mode"] == "pv"
    assert shared.woken.is_set()


@pytest.mark.parametrize(
    ("index", "changes"),
    [
        (0, {"min_current_a": 17.0}),
        (0, {"max_current_a": 5.0}),
        (0, {"phases": 2}),
        (1, {"phases": 0}),
        (1, {"phases": 3}),
        (0, {"boost": True}),
    ],
)
def test_a_rejected_wish_changes_nothing(shared: SharedState, disk: Disk, index: int, changes: dict[str, Any]) -> None:
    before = shared.settings, shared.published.body
    with pytest.raises(Rejected):
        shared.change_loadpoint(index, **changes)
    assert (shared.settings, shared.published.body) == before
    assert disk.values == {}


def test_the_soc_marks_keep_their_order(shared: SharedState) -> None:
    shared.change_site(buffer_soc_percent=80.0)
    shared.change_site(priority_soc_percent=60.0)
    for wrong in ({"priority_soc_percent": 81.0}, {"buffer_start_soc_percent": 79.0}, {"buffer_soc_percent": 59.0}):
        with pytest.raises(Rejected, match="must not be above"):
            shared.change_site(**wrong)


def test_battery_wishes_need_a_battery(disk: Disk) -> None:
    shared = SharedState(Settings(), View(), disk)
    with pytest.raises(Rejected, match="battery not configured"):
        shared.change_site(priority_soc_percent=50.0)
    with pytest.raises(Rejected, match="battery control not available"):
        shared.change_site(battery_discharge_control=True)


def test_a_new_mode_ends_the_boost(shared: SharedState) -> None:
    shared.change_loadpoint(0, mode=Mode.PV)
    shared.change_loadpoint(0, boost=True)
    shared.change_loadpoint(0, mode=Mode.MINPV)
    assert shared.settings.loadpoints[0].boost is False


def test_a_rule_does_not_overrule_what_a_person_just_changed(shared: SharedState) -> None:
    seen = shared.settings
    shared.change_loadpoint(0, limit_soc_percent=70)
    shared.change_by_rule((SettingChange(0, "limit_soc_percent", 0), SettingChange(1, "boost", False)), seen)
    assert shared.settings.loadpoints[0].limit_soc_percent == 70


def test_the_lock_is_free_while_the_state_is_composed_serialised_and_stored(
    shared: SharedState, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []

    def watching(original: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            held.append(shared.lock.locked())
            return original(*arguments, **named)

        return call

    monkeypatch.setattr(state_module, "compose", watching(state_module.compose))
    monkeypatch.setattr(state_module.json, "dumps", watching(json.dumps))
    monkeypatch.setattr(state_module.gzip, "compress", watching(gzip.compress))
    disk.on_wait = lambda: held.append(shared.lock.locked())
    shared.change_loadpoint(0, mode=Mode.NOW)
    assert shared.published.gzipped
    assert len(held) >= 4
    assert not any(held)


def test_of_many_writers_none_is_lost_and_the_last_publication_shows_all(shared: SharedState, disk: Disk) -> None:
    def write(name: str, values: range) -> None:
        for value in values:
            shared.change_loadpoint(0, **{name: value})

    names = ("priority", "limit_soc_percent", "limit_energy_kwh")
    threads = [threading.Thread(target=write, args=(name, range(1, 60))) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    loadpoint = shown(shared)["loadpoints"][0]
    assert (loadpoint["priority"], loadpoint["limitSoc"], loadpoint["limitEnergy"]) == (59, 59, 59)
    assert (disk.values["lp1.priority"], disk.values["lp1.limitSoc"], disk.values["lp1.limitEnergy"]) == (59, 59, 59)


def test_the_state_is_serialised_once_per_change_for_all_readers(shared: SharedState) -> None:
    assert shared.published.body is shared.published.body
    assert gzip.decompress(shared.published.gzipped) == shared.published.body
    etag = shared.published.etag
    shared.change_loadpoint(0, mode=Mode.PV)
    assert shared.published.etag != etag


def test_what_was_stored_comes_back(shared: SharedState, disk: Disk) -> None:
    fresh = shared.settings
    shared.change_loadpoint(1, enable=Threshold(-500.0, 30.0))
    shared.change_loadpoint(1, disable=Threshold(100.0, 90.0), smart_cost_limit=-0.05)
    shared.change_site(residual_power_w=-120.0, priority_soc_percent=40.0)
    back = restored(fresh, json.loads(json.dumps(disk.values)))
    assert entries(back) == entries(shared.settings)


def test_a_stored_value_that_makes_no_sense_is_passed_over() -> None:
    settings = Settings(loadpoints=(LoadpointSettings(),))
    rows = {"lp1.mode": "turbo", "lp1.minCurrent": "six", "site.residualPower": None, "lp1.enableDelay": True}
    assert restored(settings, rows) == settings


def test_the_journal_is_told_who_changed_what_from_what(shared: SharedState, disk: Disk) -> None:
    phone = Origin(Who.PAGE, address="192.168.1.20")
    with asked_by(phone):
        shared.change_loadpoint(0, mode=Mode.PV)
        shared.change_loadpoint(0, mode=Mode.PV)
    shared.change_loadpoint(0, limit_soc_percent=70)
    seen = shared.settings
    shared.change_by_rule((SettingChange(0, "limit_soc_percent", 0),), seen)
    assert disk.changes == [
        Change("lp1.mode", "off", "pv", phone),
        Change("lp1.limitSoc", 0, 70, Origin(Who.PROGRAM)),
        Change("lp1.limitSoc", 70, 0, Origin(Who.RULE, "disconnect")),
    ]


def test_what_a_restart_ends_is_told_as_such(shared: SharedState, disk: Disk) -> None:
    shared.change_loadpoint(0, limit_soc_percent=70)
    shared.change_by_rule((SettingChange(0, "limit_soc_percent", 0, "restart"),), shared.settings)
    assert disk.changes[-1].origin == Origin(Who.RESTART)
