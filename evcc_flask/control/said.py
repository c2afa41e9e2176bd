"""Reasons in sentences, for the log and for messages: one text for each code that either of them tells. Pure.

In square brackets stands what is said only where its facts are known; a fact brings its unit.
"""

import re
from collections.abc import Mapping

from evcc_flask.domain.reasons import Code, Fact, Reason

SENTENCES: Mapping[Code, str] = {
    Code.DOES_NOT_OBEY: (
        "the wallbox does not do what it is told[ ({command})][: told {told_a}, it says {reported_a}]"
        "[; told again: {repeated}]"
    ),
    Code.SOMEBODY_ELSE: (
        "somebody else controls the wallbox[: told {told_a}, it says {reported_a}][: told {told_a}, "
        "measured {measured_a}]"
    ),
    Code.OUT_OF_SYNC: "the wallbox had left its setting and was corrected[: {phases} phases instead of {told_phases}]",
    Code.MORE_PHASES: "the car draws on {phases} phases, although wallbox or car are said to use {told_phases}",
    Code.MINIMUM_ABOVE_MAXIMUM: "the least current, {minimum_a}, is above the most allowed, {maximum_a}",
    Code.SWITCH_BUDGET: "switched on and off often enough for now; on again in {remaining_s}",
    Code.PHASE_BUDGET: "phases were switched often enough for now; again in {remaining_s}",
    Code.CIRCUIT_METER_MISSING: "stopped, as the meter of circuit {circuit} is silent",
    Code.CIRCUIT_LIMIT_MISSING: "stopped, as the limit of circuit {circuit} cannot be read",
    Code.COUNTER_STANDS_STILL: "the counter stands still; {charged_kwh} are counted by the power",
    Code.IMPLAUSIBLE_VALUE: "meter {meter} says {value}, which cannot be",
    Code.GRID_REVERSED: "the grid meter seems reversed: {caused_w} were switched, {jump_w} seen",
    Code.GRID_BLIND: "the grid meter does not see the wallbox: {caused_w} were switched, {jump_w} seen",
    Code.GRID_LATE: "the grid meter is late: {caused_w} were switched, {jump_w} seen so far",
    Code.GRID_STUCK: "the grid meter repeats one value although {caused_w} changed",
    Code.BATTERY_DISOBEYS: (
        "the home battery {battery} does not do what it is told: told {told}[, it shows {shows}]"
        "[, it gives {discharges_w}]"
    ),
    Code.BATTERY_REFUSES: "the home battery {battery} refuses[: {error}]",
}
UNITS = {"w": "W", "a": "A", "s": "s", "kwh": "kWh", "wh": "Wh", "percent": "%", "v": "V"}
_PART = re.compile(r"\[([^]]*)\]")
_NAME = re.compile(r"\{(\w+)\}")


def said(reason: Reason) -> str:
    """A reason as a sentence without its full stop; of one without a text its code, and its facts with their units."""
    facts = {name: _fact(name, value) for name, value in reason.facts if value or name != "repeated"}
    text = SENTENCES.get(reason.code)
    if text is None or any(name not in facts for name in _NAME.findall(_PART.sub("", text))):
        listed = ", ".join(f"{_named(name)} {value}" for name, value in facts.items())
        return reason.code.value.replace("_", " ") + (f" ({listed})" if listed else "")
    text = _PART.sub(lambda part: part[1] if all(name in facts for name in _NAME.findall(part[1])) else "", text)
    return _NAME.sub(lambda name: facts[name[1]], text).rstrip(".")


def _named(name: str) -> str:
    words, _, unit = name.rpartition("_")
    return (words if unit in UNITS else name).replace("_", " ")


def _fact(name: str, value: Fact) -> str:
    unit = UNITS.get(name.rpartition("_")[2]) if "_" in name else None
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{text} {unit}" if unit else text
