"""Changing what people want: each change is checked against the rest, and a rejected one changes nothing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from .assignment import moved
from .figures import ABSURD_CAPACITY_KWH, ABSURD_KWH, ABSURD_PRICE, ABSURD_W, LONGEST_DELAY_S
from .plans import EnergyPlan, SocPlan
from .settings import LoadpointSettings, Settings
from .vehicles import ManualSoc, VehicleSettings
from .words import Mode

HIGHEST_A = 80.0
"""IEC 61851-1: more than that per phase cannot be offered to a car."""
LARGEST: Mapping[str, float] = {
    "min_current_a": HIGHEST_A,
    "max_current_a": HIGHEST_A,
    "residual_power_w": ABSURD_W,
    "enable_power_w": ABSURD_W,
    "disable_power_w": ABSURD_W,
    "enable_delay_s": LONGEST_DELAY_S,
    "disable_delay_s": LONGEST_DELAY_S,
    "limit_energy_kwh": ABSURD_KWH,
    "smart_cost_limit": ABSURD_PRICE,
    "smart_feed_in_limit": ABSURD_PRICE,
    "battery_grid_charge_limit": ABSURD_PRICE,
}
"""Beyond, in either direction, nothing is meant, and sums would leave what can be computed."""


def sensible(name: str, value: object) -> bool:
    """Whether a setting of this name can be meant; what has no bound always can."""
    limit = LARGEST.get(name)
    return limit is None or not isinstance(value, int | float) or abs(value) <= limit


class Rejected(Exception):
    """The wish contradicts another setting or the house; the text says which and what would be right."""


class Unknown(Exception):
    """The wish is for something that the house does not have; the text names it."""


def with_site(settings: Settings, changes: Mapping[str, Any], *, has_battery: bool, controllable: bool) -> Settings:
    """``changes``: fields of Settings. Raises Rejected.

    SoC marks keep priority ≤ buffer ≤ buffer start, where 0 switches a buffer mark off (docs/control.rst, site).
    """
    _check_sizes(changes)
    marks = {"priority_soc_percent", "buffer_soc_percent", "buffer_start_soc_percent"}
    needs_control = {"battery_discharge_control", "battery_grid_charge_limit", "external_battery_mode"}
    if marks & changes.keys() and not has_battery:
        raise Rejected("battery not configured")
    if needs_control & changes.keys() and not controllable:
        raise Rejected("battery control not available")
    new = replace(settings, **changes)
    priority, buffer, start = new.priority_soc_percent, new.buffer_soc_percent, new.buffer_start_soc_percent
    if marks & changes.keys() and buffer and priority > buffer:
        raise Rejected(f"priority soc {priority:g} % must not be above buffer soc {buffer:g} %")
    if marks & changes.keys() and start and buffer > start:
        raise Rejected(f"buffer soc {buffer:g} % must not be above buffer start soc {start:g} %")
    return new


def with_loadpoint(
    settings: Settings, index: int, changes: Mapping[str, Any], *, physical_phases: int | None, switches: bool
) -> Settings:
    """``index`` 0-based; ``changes``: fields of LoadpointSettings. Raises Rejected; IndexError where there is none.

    A change of mode ends the battery boost; any choice of a mode, what was wanted fast for once; a mode reset by a
    person starts its timers anew (the rules see to that).
    ``enable_power_w``, ``enable_delay_s``, ``disable_power_w`` and ``disable_delay_s`` change one half of a threshold.
    """
    _check_sizes(changes)
    old = settings.loadpoints[index]
    new = replace(old, **_whole_thresholds(old, changes))
    if new.min_current_a > new.max_current_a and {"min_current_a", "max_current_a"} & changes.keys():
        raise Rejected(f"min current {new.min_current_a:g} A must not be above max current {new.max_current_a:g} A")
    if "phases" in changes:
        _check_phases(new.phases, physical_phases, switches)
    if changes.get("boost") and new.mode not in (Mode.PV, Mode.MINPV):
        raise Rejected("battery boost is only available in PV modes")
    if new.mode is not old.mode:
        new = replace(new, boost=False)
    if "mode" in changes:
        new = replace(new, fast_once=None)
    return _replaced(settings, index, new)


def with_all_loadpoints(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """``changes``: fields of LoadpointSettings that contradict nothing, for every loadpoint. Raises Rejected."""
    _check_sizes(changes)
    return replace(settings, loadpoints=tuple(replace(each, **changes) for each in settings.loadpoints))


def with_car(settings: Settings, index: int, name: str | None) -> Settings:
    """``name``: a configured car, which leaves any other loadpoint; None: a guest. Raises Unknown, IndexError.

    It is looked for no longer. A car that was not there before brings its own mode along.
    """
    mode = _known(settings, name).vehicle.mode if name is not None else None
    before, settings = settings.loadpoints[index].vehicle, moved(settings, index, name)
    loadpoint = replace(settings.loadpoints[index], chosen=True, detect_at=None)
    if mode is not None and name != before:
        loadpoint = replace(loadpoint, mode=mode, boost=False)
    return _replaced(settings, index, loadpoint)


def with_detection(settings: Settings, index: int, at: datetime) -> Settings:
    """Forget which car stands there and find it out anew. Raises IndexError."""
    settings = moved(settings, index, None)
    return _replaced(settings, index, replace(settings.loadpoints[index], chosen=False, detect_at=at))


def with_soc(settings: Settings, index: int, told: ManualSoc | None) -> Settings:
    """How full the car at a loadpoint is, by a person's word; None takes it back. Raises Rejected, IndexError."""
    if told is not None and told.capacity_kwh > ABSURD_CAPACITY_KWH:
        raise Rejected(f"{told.capacity_kwh:g} is too large; at most {ABSURD_CAPACITY_KWH:g} is possible")
    return _replaced(settings, index, replace(settings.loadpoints[index], manual_soc=told))


def place_of(settings: Settings, name: str) -> int:
    """The loadpoint (0-based) where a car stands. Raises Unknown, and Rejected where it stands at none."""
    _known(settings, name)
    for index, loadpoint in enumerate(settings.loadpoints):
        if loadpoint.vehicle == name:
            return index
    raise Rejected(f"{name} stands at no loadpoint; assign it to one first")


def with_vehicle(settings: Settings, name: str, changes: Mapping[str, Any]) -> Settings:
    """``changes``: fields of VehicleSettings. Raises Unknown."""
    changed = replace(_known(settings, name), **changes)
    return replace(settings, vehicles={**settings.vehicles, name: changed})


Plan = TypeVar("Plan", SocPlan, EnergyPlan)


def still_to_come(plan: Plan, now: datetime) -> Plan:
    """The plan as it was. Raises Rejected for a time that has passed."""
    if plan.time <= now:
        raise Rejected("timestamp is in the past")
    if isinstance(plan, EnergyPlan) and plan.energy_kwh > ABSURD_KWH:
        raise Rejected(f"{plan.energy_kwh:g} is too large; at most {ABSURD_KWH:g} is possible")
    return plan


def _known(settings: Settings, name: str) -> VehicleSettings:
    if name not in settings.vehicles:
        raise Unknown(f"not found: {name}")
    return settings.vehicles[name]


def _check_sizes(changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        if not sensible(name, value):
            raise Rejected(f"{value:g} is too large; at most {LARGEST[name]:g} is possible")


def _whole_thresholds(old: LoadpointSettings, changes: Mapping[str, Any]) -> dict[str, Any]:
    whole = dict(changes)
    for word, threshold in (("enable", old.enable), ("disable", old.disable)):
        halves = {name: whole.pop(f"{word}_{name}") for name in ("power_w", "delay_s") if f"{word}_{name}" in whole}
        if halves:
            whole[word] = replace(threshold, **halves)
    return whole


def _check_phases(phases: int, physical: int | None, switches: bool) -> None:
    if phases not in (0, 1, 3):
        raise Rejected(f"invalid number of phases: {phases}")
    if phases == 0 and not switches:
        raise Rejected("charger does not support phase switching")
    if physical is not None and phases > physical:
        raise Rejected(f"charger has {physical} phase(s), not {phases}")


def _replaced(settings: Settings, index: int, loadpoint: LoadpointSettings) -> Settings:
    loadpoints = settings.loadpoints
    return replace(settings, loadpoints=(*loadpoints[:index], loadpoint, *loadpoints[index + 1 :]))
