"""The cars that a configuration names. Titles and figures are read here; nothing is read from any car or its maker.

What cannot be understood is passed over, as everything that only a maker's account would need.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from marshmallow import ValidationError

from evcc_flask.domain.vehicles import Vehicle, VehicleSettings
from evcc_flask.domain.words import Feature, Mode
from evcc_flask.plugins.fields import Number, Text, Whole, as_list, as_map

from .model import DeviceConfig

T = TypeVar("T")


def vehicles_of(entries: tuple[DeviceConfig, ...]) -> dict[str, VehicleSettings]:
    """Wishes for each car as after a first start, by name."""
    return {entry.name: VehicleSettings(_facts(entry)) for entry in entries}


def _facts(entry: DeviceConfig) -> Vehicle:
    # Templates flatten what others keep under onIdentify.
    params = {**(as_map(entry.params.get("onidentify")) or {}), **entry.params}
    offline = entry.type in ("", "offline") or params.get("template") == "offline"
    return Vehicle(
        entry.name,
        title=_read(Text().deserialize, params, "title", ""),
        icon=_read(Text().deserialize, params, "icon", ""),
        capacity_kwh=_positive(params, "capacity"),
        phases=phases if (phases := _read(Whole().deserialize, params, "phases", 0)) in (1, 2, 3) else 0,
        min_current_a=_positive(params, "mincurrent"),
        max_current_a=_positive(params, "maxcurrent"),
        priority=max(0, _read(Whole().deserialize, params, "priority", 0)),
        features=_features(params.get("features")) | ({Feature.OFFLINE} if offline else frozenset()),
        identifiers=tuple(str(each).strip() for each in as_list(params.get("identifiers")) if str(each).strip()),
        mode=_mode(params.get("mode")),
    )


def _mode(value: Any) -> Mode | None:
    # To YAML a bare off is the opposite of true.
    word = "off" if value is False else str(value).strip().lower()
    return next((mode for mode in Mode if mode.value == word), None)


def _positive(params: Mapping[str, Any], key: str) -> float:
    number = _read(Number().deserialize, params, key, 0.0)
    return number if math.isfinite(number) and number > 0 else 0.0


def _features(value: Any) -> frozenset[Feature]:
    words = {str(word).strip().lower() for word in as_list(value)} if value else set()
    return frozenset(feature for feature in Feature if feature.value in words)


def _read(parse: Callable[[Any], T], params: Mapping[str, Any], key: str, default: T) -> T:
    try:
        return parse(params[key]) if params.get(key) is not None else default
    except ValidationError:
        return default
