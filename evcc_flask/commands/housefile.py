"""The evcc.yaml that ``evcc-flask setup`` writes: what was found, with a comment where one may want another thing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

LISTS = ("pv", "battery", "aux", "ext")
"""Places of the site that hold several meters."""


@dataclass(frozen=True, slots=True)
class Found:
    """A device that answered. ``usage``: of a meter; '' for a wallbox. ``params``: what stands in the file."""

    name: str
    template: str
    title: str
    usage: str
    params: Mapping[str, Any]


@dataclass(slots=True)
class Plan:
    """What the dialogue has gathered. ``fuse_a``: A per phase of the main fuse."""

    title: str
    fuse_a: float
    phases: int
    meters: list[Found] = field(default_factory=list)
    chargers: list[Found] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    """Of the loadpoints, by the name of the wallbox."""

    def text(self, now: datetime) -> str:
        """The file."""
        lines = [
            f"# The house, written by 'evcc-flask setup' on {now:%Y-%m-%d}. Change what you like; 'evcc-flask check'",
            "# looks at it, 'systemctl reload evcc-flask' takes it, and docs/configuration.rst explains each part.",
            "",
            "site:",
            f"  title: {_said(self.title)}",
            *self._places(),
            "",
            f"# No wallbox may bring a phase above the main fuse of {self.fuse_a:g} A.",
            "circuits:",
            "  - name: main",
            "    title: Main fuse",
            f"    maxCurrent: {self.fuse_a:g}",
            *(["    meter: grid"] if any(meter.usage == "grid" for meter in self.meters) else []),
        ]
        lines += ["", "meters:", *(line for meter in self.meters for line in _device(meter))] if self.meters else []
        lines += ["", "chargers:", *(line for box in self.chargers for line in _device(box))] if self.chargers else []
        if self.chargers:
            lines += [
                "",
                "loadpoints:",
                *(line for number, box in enumerate(self.chargers) for line in self._loadpoint(number, box)),
            ]
        return "\n".join(lines) + "\n"

    def _places(self) -> list[str]:
        by_usage: dict[str, list[str]] = {}
        for meter in self.meters:
            by_usage.setdefault(meter.usage, []).append(meter.name)
        lines = [f"    grid: {by_usage['grid'][0]}"] if "grid" in by_usage else []
        lines += [f"    {usage}: [{', '.join(by_usage[usage])}]" for usage in LISTS if usage in by_usage]
        return ["  meters:", *lines] if lines else []

    def _loadpoint(self, number: int, box: Found) -> Sequence[str]:
        own = [meter.name for meter in self.meters if meter.usage == "charge"]
        return [
            f"  - title: {_said(self.titles[box.name])}",
            f"    charger: {box.name}",
            *([f"    meter: {own[number]}"] if number < len(own) else []),
            "    circuit: main",
            *(
                ["    # The house has one phase: choose 1 phase for this place on the page."]
                if self.phases == 1
                else []
            ),
            "    # mode: pv # until somebody chooses: off, pv, minpv or now",
        ]


def _device(device: Found) -> Sequence[str]:
    usage = [f"    usage: {device.usage}"] if device.usage else []
    params = [f"    {key}: {_said(value)}" for key, value in device.params.items()]
    head = [f"  - name: {device.name} # {device.title}", "    type: template", f"    template: {device.template}"]
    return [*head, *usage, *params]


def _said(value: Any) -> str:
    """JSON is YAML; a plain word needs no quotes."""
    if isinstance(value, str) and value.replace("-", "").replace("/", "").replace("_", "").isalnum():
        return (
            value
            if not value.isdigit() and value.lower() not in ("on", "off", "yes", "no", "true", "false", "null")
            else f'"{value}"'
        )
    return json.dumps(value, ensure_ascii=False)
