"""What may be wished for on a broker: ``<topic>/set`` with a payload becomes a change of a setting.

Each is checked as through the API; a payload that means nothing raises ``Rejected`` with a sentence.
"""

import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from evcc_flask.control.state import SharedState
from evcc_flask.domain.plans import EnergyPlan, SocPlan
from evcc_flask.domain.ports import Clock
from evcc_flask.domain.settings import ExternalBatteryMode
from evcc_flask.domain.wishes import Rejected, Unknown, still_to_come
from evcc_flask.domain.words import BatteryMode, Mode

from .topics import level

NOTHING = ("-", "nil", "null", "none")
"""Payloads that take a value back."""
_TRUE, _FALSE = ("1", "t", "true", "on"), ("0", "f", "false", "off")
LONGEST_S = (2**63 - 1) // 10**9

Parse = Callable[[str], Any]


class Setters:
    """Carries out wishes, on the thread that calls."""

    def __init__(self, state: SharedState, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def apply(self, place: str, text: str) -> None:
        """``place``: ``site/bufferSoc``, ``loadpoints/1/mode``, ``vehicles/tesla/minSoc``. Raises Rejected, Unknown."""
        match place.split("/"):
            case ["site", key]:
                self._site(key, text)
            case ["loadpoints", number, key]:
                self._loadpoint(self._index(number), key, text)
            case ["vehicles", name, key]:
                self._vehicle(self._name(name), key, text)
            case _:
                raise Unknown(f"{place} cannot be set")

    def _site(self, key: str, text: str) -> None:
        if key in EVERYWHERE:
            field, parse = EVERYWHERE[key]
            self._state.change_all_loadpoints(**{field: parse(text)})
        elif key == "batteryMode":
            mode = battery_mode(text)
            order = None if mode is BatteryMode.UNKNOWN else ExternalBatteryMode(mode, self._clock.monotonic_s())
            self._state.change_site(external_battery_mode=order)
        else:
            field, parse = _known(SITE, key)
            self._state.change_site(**{field: parse(text)})

    def _loadpoint(self, index: int, key: str, text: str) -> None:
        if key == "vehicle":
            self._state.assign_vehicle(index, None if text.lower() in NOTHING else text)
        elif key == "planEnergy":
            energy, time, precondition_s = plan(text)
            made = EnergyPlan(energy, time, precondition_s) if time else None
            self._state.change_loadpoint(
                index, energy_plan=still_to_come(made, self._clock.now()) if made and energy else None
            )
        else:
            field, parse = _known(LOADPOINT, key)
            self._state.change_loadpoint(index, **{field: parse(text)})

    def _vehicle(self, name: str, key: str, text: str) -> None:
        if key == "planSoc":
            soc, time, precondition_s = plan(text)
            made = SocPlan(round(percent(str(soc))), time, precondition_s) if time else None
            self._state.change_vehicle(name, plan=still_to_come(made, self._clock.now()) if made and soc else None)
        else:
            field, parse = _known(VEHICLE, key)
            self._state.change_vehicle(name, **{field: parse(text)})

    def _index(self, number: str) -> int:
        count = len(self._state.settings.loadpoints)
        if not number.isascii() or not number.isdecimal() or not 1 <= int(number) <= count:
            raise Unknown(f"there is no loadpoint {number}")
        return int(number) - 1

    def _name(self, name: str) -> str:
        """The car of this level of a topic."""
        return next((each for each in self._state.settings.vehicles if level(each) == name), name)


def number(text: str) -> float:
    """Any finite number. Raises Rejected, as all of these do."""
    try:
        value = float(text)
    except ValueError:
        raise Rejected(f"{text!r} is no number") from None
    if not math.isfinite(value):
        raise Rejected(f"{text!r} is no number")
    return value


def positive(text: str) -> float:
    """A number from 0 on."""
    value = number(text)
    if value < 0:
        raise Rejected(f"{text} is below 0")
    return value


def percent(text: str) -> float:
    """A number from 0 to 100."""
    value = positive(text)
    if value > 100:
        raise Rejected(f"{text} is above 100")
    return value


def whole_percent(text: str) -> int:
    """The same, rounded."""
    return round(percent(text))


def whole(text: str) -> int:
    """A whole number from 0 on, that fits 64 bits."""
    value = positive(text)
    if value != int(value) or value >= 2**63:
        raise Rejected(f"{text} is no whole number")
    return int(value)


def seconds(text: str) -> int:
    """Whole seconds, that fit 64 bits of nanoseconds."""
    return min(whole(text), LONGEST_S)


def flag(text: str) -> bool:
    """True or false in the spellings that are usual on brokers."""
    word = text.lower()
    if word not in _TRUE + _FALSE:
        raise Rejected(f"{text!r} is neither true nor false")
    return word in _TRUE


def limit(text: str) -> float | None:
    """A number, or a word that takes it back."""
    return None if text.lower() in NOTHING else number(text)


def mode(text: str) -> Mode:
    """A charge mode."""
    try:
        return Mode(text.lower())
    except ValueError:
        raise Rejected(f"{text!r} is none of off, pv, minpv, now") from None


def battery_mode(text: str) -> BatteryMode:
    """A mode of the home battery, by its word or evcc's number."""
    for each in BatteryMode:
        if text.lower() in (each.word, str(each.value)):
            return each
    raise Rejected(f"{text!r} is none of unknown, normal, hold, charge")


def plan(text: str) -> tuple[float, datetime | None, int]:
    """``{"value": 80, "time": "2026-05-05T06:00:00Z", "precondition": 0}``; a word that takes it back: no time."""
    if text.lower() in NOTHING:
        return 0.0, None, 0
    wrong = Rejected(f'{text!r} is no plan like {{"value": 80, "time": "2026-05-05T06:00:00Z"}}')
    try:
        given = json.loads(text)
        value, precondition_s = positive(str(given["value"])), seconds(str(given.get("precondition") or 0))
        time = datetime.fromisoformat(str(given["time"])) if value else None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise wrong from None
    if time is not None and time.tzinfo is None:
        raise wrong
    return value, time, precondition_s


def _known(table: Mapping[str, tuple[str, Parse]], key: str) -> tuple[str, Parse]:
    if key not in table:
        raise Unknown(f"{key} cannot be set; possible are {', '.join(sorted(table))}")
    return table[key]


EVERYWHERE: Mapping[str, tuple[str, Parse]] = {
    "smartCostLimit": ("smart_cost_limit", limit),
    "smartFeedInPriorityLimit": ("smart_feed_in_limit", limit),
}
"""Of the site, for all loadpoints."""
SITE: Mapping[str, tuple[str, Parse]] = {
    "prioritySoc": ("priority_soc_percent", percent),
    "bufferSoc": ("buffer_soc_percent", percent),
    "bufferStartSoc": ("buffer_start_soc_percent", percent),
    "batteryDischargeControl": ("battery_discharge_control", flag),
    "batteryGridChargeLimit": ("battery_grid_charge_limit", limit),
    "residualPower": ("residual_power_w", number),
}
LOADPOINT: Mapping[str, tuple[str, Parse]] = {
    "mode": ("mode", mode),
    "phases": ("phases", whole),
    "phasesConfigured": ("phases", whole),
    "limitSoc": ("limit_soc_percent", whole_percent),
    "limitEnergy": ("limit_energy_kwh", positive),
    "priority": ("priority", whole),
    "minCurrent": ("min_current_a", positive),
    "maxCurrent": ("max_current_a", positive),
    "enableThreshold": ("enable_power_w", number),
    "enableDelay": ("enable_delay_s", seconds),
    "disableThreshold": ("disable_power_w", number),
    "disableDelay": ("disable_delay_s", seconds),
    "batteryBoost": ("boost", flag),
    **EVERYWHERE,
}
VEHICLE: Mapping[str, tuple[str, Parse]] = {
    "limitSoc": ("limit_soc_percent", whole_percent),
    "minSoc": ("min_soc_percent", whole_percent),
}
"""Fields of our settings, and what makes their values of a payload, by evcc's names."""
