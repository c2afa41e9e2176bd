"""``evcc-flask devices``: what the library knows, as a list or one device in full."""

import difflib
from collections.abc import Mapping
from typing import Any

from evcc_flask.devices.registry import describe as described

from .table import columns


def overview() -> str:
    """One line per device: kind, template, title, fail-safe of a wallbox, proof."""
    rows = [
        (device["kind"], device["template"], device["title"], _short(device["failsafe"]), device["proof"])
        for device in sorted(described(), key=lambda device: (device["kind"], device["template"]))
    ]
    table = columns(("KIND", "TEMPLATE", "DEVICE", "FAIL-SAFE", "PROOF"), rows, widest=60)
    return f"{table}\n\n'evcc-flask devices NAME' says all about one. 'unproven': no recording of a real device yet."


def describe(name: str) -> str:
    """All about the device that goes by ``name``, an alias, an old type or a model. Raises LookupError."""
    everything = described()
    found = [device for device in everything if name.lower() in _names(device)]
    if not found:
        known = sorted({word for device in everything for word in _names(device)})
        near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(near)}?" if near else "'evcc-flask devices' lists what is known."
        raise LookupError(f"There is no device {name!r}. {hint}")
    return "\n\n".join(_full(device) for device in found)


def _full(device: Mapping[str, Any]) -> str:
    facts = [
        ("kind", device["kind"]),
        ("template", ", ".join([device["template"], *device["aliases"]])),
        ("type", ", ".join(device["types"])),
        ("mbmd model", ", ".join(device["models"])),
        ("usage", ", ".join(device["usages"])),
        ("controls", ", ".join(device["controls"])),
        ("fail-safe", device["failsafe"]),
        ("current kept in flash", "yes: written at most once a minute" if device["persistent"] else ""),
        ("proof", device["proof"]),
    ]
    lines = [device["title"], ""]
    lines += [f"  {name + ':':<24}{value}" for name, value in facts if value]
    lines += [f"  {'note:':<24}{note}" for note in device["notes"]]
    if device["parameters"]:
        lines += ["", "  parameters and their defaults"]
        lines += [f"    {name:<22}{text}".rstrip() for name, text in device["parameters"].items()]
    return "\n".join(lines)


def _names(device: Mapping[str, Any]) -> set[str]:
    words = [device["template"], *device["aliases"], *device["types"], *device["models"]]
    return {str(word).lower() for word in words}


def _short(failsafe: str) -> str:
    return failsafe.partition(":")[0]
