"""Which settings survive a restart, and under which keys they are stored."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evcc_flask.domain.settings import LoadpointSettings, Settings, Threshold
from evcc_flask.domain.words import Mode

_SITE = {
    "site.residualPower": "residual_power_w",
    "site.prioritySoc": "priority_soc_percent",
    "site.bufferSoc": "buffer_soc_percent",
    "site.bufferStartSoc": "buffer_start_soc_percent",
    "site.batteryDischargeControl": "battery_discharge_control",
    "site.batteryGridChargeLimit": "battery_grid_charge_limit",
}
_LOADPOINT = {
    "priority": "priority",
    "phases": "phases",
    "minCurrent": "min_current_a",
    "maxCurrent": "max_current_a",
    "limitSoc": "limit_soc_percent",
    "limitEnergy": "limit_energy_kwh",
    "smartCostLimit": "smart_cost_limit",
    "smartFeedInPriorityLimit": "smart_feed_in_limit",
}


def entries(settings: Settings) -> dict[str, Any]:
    """Every stored setting by its key; values are plain JSON."""
    rows: dict[str, Any] = {key: getattr(settings, name) for key, name in _SITE.items()}
    for number, loadpoint in enumerate(settings.loadpoints, 1):
        rows |= {f"lp{number}.{key}": getattr(loadpoint, name) for key, name in _LOADPOINT.items()}
        rows[f"lp{number}.mode"] = loadpoint.mode.value
        for word, threshold in (("enable", loadpoint.enable), ("disable", loadpoint.disable)):
            rows[f"lp{number}.{word}Threshold"] = threshold.power_w
            rows[f"lp{number}.{word}Delay"] = threshold.delay_s
    return rows


def restored(settings: Settings, rows: Mapping[str, Any]) -> Settings:
    """``settings`` of the configuration, with what was stored laid over; a row that makes no sense is passed over."""
    site = {name: rows[key] for key, name in _SITE.items() if _fits(rows.get(key), getattr(settings, name))}
    loadpoints = tuple(
        _restored_loadpoint(loadpoint, f"lp{number}.", rows) for number, loadpoint in enumerate(settings.loadpoints, 1)
    )
    return replace(settings, **site, loadpoints=loadpoints)


def _restored_loadpoint(loadpoint: LoadpointSettings, prefix: str, rows: Mapping[str, Any]) -> LoadpointSettings:
    values: dict[str, Any] = {}
    for key, name in _LOADPOINT.items():
        if _fits(rows.get(prefix + key), getattr(loadpoint, name)):
            values[name] = rows[prefix + key]
    mode = rows.get(prefix + "mode")
    if mode in {known.value for known in Mode}:
        values["mode"] = Mode(mode)
    for word in ("enable", "disable"):
        threshold: Threshold = getattr(loadpoint, word)
        values[word] = Threshold(
            _number(rows.get(f"{prefix}{word}Threshold"), threshold.power_w),
            _number(rows.get(f"{prefix}{word}Delay"), threshold.delay_s),
        )
    return replace(loadpoint, **values)


def _fits(value: Any, default: Any) -> bool:
    if isinstance(default, bool):
        return isinstance(value, bool)
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number(value: Any, default: float) -> float:
    return float(value) if _fits(value, 0.0) else default
