"""The cars that a configuration names. Titles and figures are read here; nothing is read from any car or its maker.

What cannot be understood is passed over, and told beside: the car is still there.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from marshmallow import ValidationError

from evcc_flask.domain.figures import ABSURD_CHARGE_W
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.domain.vehicles import Vehicle, VehicleSettings
from evcc_flask.domain.wishes import HIGHEST_A
from evcc_flask.domain.words import Feature, Mode
from evcc_flask.plugins.fields import Number, Text, Whole, as_list, as_map, unknown_key

from .model import DeviceConfig

T = TypeVar("T")
ON_IDENTIFY = ["mode", "priority", "mincurrent", "maxcurrent", "maxpower", "minsoc", "targetsoc"]
"""Its keys; the last two are of old files."""
RANGES = {
    "capacity": (0.0, 1000.0),
    "phases": (0.0, 3.0),
    "mincurrent": (0.0, HIGHEST_A),
    "maxcurrent": (0.0, HIGHEST_A),
    "maxpower": (0.0, ABSURD_CHARGE_W),
    "priority": (0.0, 10.0),
}
"""What cars have: kWh, phases, A, W; 0: not known."""


def vehicles_of(entries: tuple[DeviceConfig, ...]) -> dict[str, VehicleSettings]:
    """Wishes for each car as after a first start, by name."""
    return {entry.name: VehicleSettings(_facts(entry)) for entry in entries}


def wrong_in(entry: DeviceConfig) -> list[Misconfigured]:
    """What is written of this car and passed over, because no car is like that. What its builder tells is left out."""
    below = as_map(entry.params.get("onidentify"))
    found = list(_wrong(entry.params, ()))
    if below is not None:
        at = "onidentify"
        found += [Misconfigured(unknown_key(key, ON_IDENTIFY), (at, key)) for key in below if key not in ON_IDENTIFY]
        found += _wrong(below, (at,))
    return found


def _wrong(params: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Misconfigured]:
    for key, (low, high) in RANGES.items():
        value = params.get(key)
        if value is None or isinstance(value, (Mapping, list)):
            continue
        try:
            if not low <= Number().deserialize(value) <= high:
                yield Misconfigured(f"{value} is not within {low:g} and {high:g}", (*path, key), "It is passed over.")
        except ValidationError as error:
            if path:
                yield Misconfigured(str(error.messages[0]), (*path, key))
    mode = params.get("mode")
    if mode is not None and _mode(mode) is None:
        yield _unknown(str(mode), "mode", [each.value for each in Mode if each.value], (*path, "mode"))
    words = [str(each).strip().lower() for each in as_list(params.get("features"))]
    known = [each.value for each in Feature]
    for place, word in enumerate(words):
        if word not in known:
            yield _unknown(word, "feature", known, (*path, "features", place))


def _unknown(word: str, what: str, known: list[str], path: tuple[str | int, ...]) -> Misconfigured:
    near = get_close_matches(word.lower(), known, 1)
    remedy = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
    return Misconfigured(f"{word!r} is no {what}", path, remedy)


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
    return number if math.isfinite(number) and 0 < number <= RANGES[key][1] else 0.0


def _features(value: Any) -> frozenset[Feature]:
    words = {str(word).strip().lower() for word in as_list(value)} if value else set()
    return frozenset(feature for feature in Feature if feature.value in words)


def _read(parse: Callable[[Any], T], params: Mapping[str, Any], key: str, default: T) -> T:
    try:
        return parse(params[key]) if params.get(key) is not None else default
    except ValidationError:
        return default
