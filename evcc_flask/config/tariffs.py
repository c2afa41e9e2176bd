"""The section ``tariffs`` of an evcc.yaml: which there are. What is in them their builders read."""

import re
from collections.abc import Iterator
from typing import Any

from marshmallow import ValidationError

from evcc_flask.plugins.fields import Many, Number, Text, Tree, as_list, as_map

from .model import DeviceConfig
from .problems import Report
from .sections import Section

FOLLOWS = "secondary"
"""Where the path of a tariff ends with it, that goes on where the one before it ends."""
CURRENCY = re.compile(r"[A-Za-z]{3}")


class TariffsSection(Section):
    currency = Text()
    grid = Tree()
    feedin = Tree()
    co2 = Tree()
    planner = Tree()
    solar = Many(Tree())
    temperature = Tree()

    def _names(self) -> list[str]:
        return ["currency", "grid", "feedin", "co2", "planner", "solar"]


class MergedSection(Section):
    type = Text()
    template = Text()
    primary = Tree(required=True)
    secondary = Tree(required=True)


def share_of(value: Any) -> float | None:
    """None: it is no number, which the tariff says itself."""
    try:
        return Number().deserialize(value) if value is not None else None
    except ValidationError:
        return None


def tariffs_of(node: Any, report: Report) -> tuple[str, tuple[DeviceConfig, ...]]:
    """The currency, and each tariff by its usage; of several roofs each has its path (``tariffs.solar[1]``)."""
    if node is None:
        return "EUR", ()
    given = report.checked(TariffsSection(), node, "tariff", "tariffs")
    currency = given.pop("currency", "EUR")
    if not CURRENCY.fullmatch(currency):
        report.add("tariff", "tariffs.currency", f"{currency!r} is no currency. Write three letters, like EUR or CHF.")
        currency = "EUR"
    if given.pop("temperature", None) is not None:
        report.add("tariff", "tariffs.temperature", "is not used.", fatal=False)
    entries = []
    for usage, value in given.items():
        many = isinstance((as_map(node) or {}).get(usage), list) and usage == "solar"
        parts: list[tuple[str, Any]] = []
        for number, each in enumerate(as_list(value)):
            parts += _parts(f"tariffs.{usage}[{number}]" if many else f"tariffs.{usage}", each, usage, report)
        for path, entry in parts:
            word = entry.get("type")
            if not word:
                hint = "template" if "template" in entry else "fixed', 'template' or 'custom"
                report.add("tariff", f"{path}.type", f"is missing. Write 'type: {hint}'.", device=usage)
                continue
            tax = share_of(entry.get("tax"))
            if tax is not None and tax > 1:
                message = f"{tax:g} means {tax * 100:g} %. Did you mean {tax / 100:g}?"
                report.add("tariff", f"{path}.tax", message, fatal=False, device=usage)
            params = {key: value for key, value in entry.items() if key != "type"}
            entries.append(DeviceConfig(usage, str(word), params, path))
    return currency.upper(), tuple(entries)


def _parts(path: str, entry: Any, usage: str, report: Report) -> Iterator[tuple[str, Any]]:
    """A tariff with its path. One that is ``merged`` is two: the second goes on where what the first tells ends."""
    word = entry.get("template") if entry.get("type") == "template" else entry.get("type")
    if str(word).lower() != "merged":
        yield path, entry
        return
    given = report.checked(MergedSection(), entry, "tariff", path, usage)
    for key in ("primary", FOLLOWS):
        if given.get(key):
            yield from _parts(f"{path}.{key}", given[key], usage, report)
