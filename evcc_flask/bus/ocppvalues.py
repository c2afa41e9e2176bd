"""MeterValues of OCPP 1.6 as numbers: base units, phases apart, and a sum where a charge point sends only its parts."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from math import isfinite
from typing import Any

from .ocpp import Told

DEFAULT = "Energy.Active.Import.Register"
"""What a value without a measurand is, by OCPP 1.6 §7.31."""
THOUSANDS = frozenset({"kw", "kwh", "kva", "kvar", "kvarh"})
"""In lower case: charge points spell them as they like."""
SUMMED = ("Power.Active.Import", DEFAULT)
PHASES = {"L1": 1, "L2": 2, "L3": 3, "L1-N": 1, "L2-N": 2, "L3-N": 3}


def measured(connector: int, meter_values: Iterable[Mapping[str, Any]]) -> dict[Told, float]:
    """The newest of each. What is no number, or between two phases, is passed over."""
    found: dict[Told, float] = {}
    for entry in meter_values:
        for sample in entry.get("sampled_value") or ():
            with suppress(ValueError, TypeError, KeyError):
                told = _name(sample)
                value = float(sample["value"]) * (1000.0 if str(sample.get("unit")).lower() in THOUSANDS else 1.0)
                if told and isfinite(value):
                    found[Told(connector, told)] = value
    for name in SUMMED:
        parts = [found[part] for phase in (1, 2, 3) if (part := Told(connector, f"{name}.{phase}")) in found]
        if parts:
            found.setdefault(Told(connector, name), sum(parts))
    return found


def _name(sample: Mapping[str, Any]) -> str:
    name, phase = sample.get("measurand") or DEFAULT, sample.get("phase")
    if phase in (None, "", "N"):
        return str(name) if phase != "N" else ""
    return f"{name}.{PHASES[phase]}" if phase in PHASES else ""
