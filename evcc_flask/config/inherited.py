"""Writes the evcc.yaml of a house that evcc's web page configured: readable names, a comment where each came from.

Pure: entries and settings go in, the text comes out.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from evcc_flask.domain.inherited import Entry
from evcc_flask.domain.words import Mode

from .tree import parse

ROLES = {
    "gridMeter": "grid",
    "pvMeters": "pv",
    "batteryMeters": "battery",
    "auxMeters": "aux",
    "extMeters": "ext",
    "consumerMeters": "consumer",
}
DEVICES = {"meter": "meters", "charger": "chargers", "vehicle": "vehicles"}
SECTIONS = ("mqtt", "influx", "eebus", "ocpp", "shm", "hems", "messaging", "modbusproxy")
"""Settings of evcc that are sections of a file."""
TARIFFS = {"grid": "grid", "feedIn": "feedin", "co2": "co2", "planner": "planner", "solar": "solar"}
STATIC = ("title", "charger", "meter", "vehicle", "circuit")
"""Of a loadpoint, what stands in the file; the rest people change while it runs."""
SPANS = ("timeout", "delay", "connectdelay", "cache", "interval")
"""Parameters that evcc's page writes as nanoseconds."""
NS = 1_000_000
_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
HEAD = """\
# Written from evcc's database. Change it as you like: it is not written again.
# It may hold passwords of devices; keep it to yourself.
"""


@dataclass(frozen=True, slots=True)
class Inherited:
    """``text``: the file. ``names``: by evcc's references. ``settings``: of loadpoints, by evcc's keys, as text.

    ``left``: sentences on what has no place in the file.
    """

    text: str
    names: Mapping[str, str]
    settings: Mapping[str, str]
    left: tuple[str, ...]


def inherited(entries: Sequence[Entry], settings: Mapping[str, str]) -> Inherited:
    """The house of ``entries`` and of evcc's ``settings``."""
    roles = {reference: role for key, role in ROLES.items() for reference in _references(settings.get(key, ""))}
    names = _names(entries, roles)
    writer = _Writer(entries, settings, names)
    return Inherited(writer.text(), names, writer.settings, tuple(writer.left))


def _names(entries: Sequence[Entry], roles: Mapping[str, str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for kind in (*DEVICES, "circuit"):
        taken: set[str] = set()
        for entry in entries:
            if entry.kind != kind:
                continue
            template = str(entry.params.get("template") or "")
            usual = "" if template in ("custom", "offline") else template
            wish = entry.title or entry.params.get("title") or roles.get(entry.reference) or usual or kind
            name = base = _plain(str(wish)) or kind
            count = 1
            while name in taken:
                count += 1
                name = f"{base}-{count}"
            taken.add(name)
            names[entry.reference] = name
    return names


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower().translate(_LETTERS)).strip("-")


class _Writer:
    """One file in the making."""

    def __init__(self, entries: Sequence[Entry], settings: Mapping[str, str], names: Mapping[str, str]) -> None:
        self._entries = entries
        self._given = settings
        self._names = names
        self.settings: dict[str, str] = {}
        self.left: list[str] = []

    def text(self) -> str:
        parts = [HEAD, *self._general(), _section("site", self._site())]
        for kind, section in DEVICES.items():
            parts.append(self._listed(section, kind, self._device))
        parts.append(self._listed("circuits", "circuit", self._circuit) or self._stored("circuits"))
        parts.append(self._loadpoints())
        parts.append(_section("tariffs", self._tariffs()) or self._stored("tariffs"))
        parts += [self._stored(section) for section in SECTIONS]
        if self._given.get("sponsorToken"):
            self.left.append("the sponsor token: none is needed here")
        return "\n".join(part for part in parts if part)

    def _general(self) -> Iterable[str]:
        network = _parsed(self._given.get("network", ""))
        if isinstance(network, dict):
            kept = {key: network[key] for key in ("host", "port", "externalUrl") if network.get(key)}
            yield _section("network", kept)
        if (interval := _span(_parsed(self._given.get("interval", "")))) is not None:
            yield f"interval: {interval}\n"

    def _site(self) -> dict[str, Any]:
        meters: dict[str, Any] = {}
        for key, role in ROLES.items():
            found = [self._names[each] for each in _references(self._given.get(key, "")) if each in self._names]
            if found:
                meters[role] = found[0] if role == "grid" else found
        title = self._given.get("title") or self._given.get("site.title")
        return ({"title": title} if title else {}) | ({"meters": meters} if meters else {})

    def _listed(self, section: str, kind: str, made: Any) -> str:
        items = [_item(made(entry), _origin(entry)) for entry in self._entries if entry.kind == kind]
        return f"{section}:\n" + "".join(items) if items else ""

    def _device(self, entry: Entry) -> dict[str, Any]:
        params = self._params(entry)
        words = {"title": entry.title, "icon": entry.icon} if entry.kind == "vehicle" else {}
        shown = {key: value for key, value in words.items() if value and key not in params}
        return {"name": self._names[entry.reference], "type": entry.type or "template", **shown, **params}

    def _params(self, entry: Entry) -> dict[str, Any]:
        params = dict(entry.params)
        written = params.pop("yaml", None)
        if isinstance(written, str):
            tree = parse(written.encode(), entry.reference)
            params |= tree.root
            if tree.issues:
                self.left.append(f"{entry.reference} ({entry.title or entry.type}): its YAML cannot be read")
        return {key: self._value(key, value) for key, value in params.items() if value not in (None, "")}

    def _value(self, key: str, value: Any) -> Any:
        """``value`` with our names for evcc's references, and durations with their unit."""
        if isinstance(value, str):
            return self._names.get(value, value)
        if isinstance(value, list):
            return [self._value(key, each) for each in value]
        if isinstance(value, dict):
            return {name: self._value(name, each) for name, each in value.items()}
        return (_span(value) or value) if key.lower() in SPANS else value

    def _circuit(self, entry: Entry) -> dict[str, Any]:
        params = {key: value for key, value in self._params(entry).items() if value != 0}
        title = {"title": entry.title} if entry.title else {}
        return {"name": self._names[entry.reference], **title, **params}

    def _loadpoints(self) -> str:
        items = []
        for number, entry in enumerate((each for each in self._entries if each.kind == "loadpoint"), 1):
            params = self._params(entry)
            node = {key: params[key] for key in STATIC if params.get(key)}
            if params.get("defaultMode") in {mode.value for mode in Mode}:
                node["mode"] = params["defaultMode"]
            if isinstance(params.get("soc"), dict):
                node["soc"] = params["soc"]
            items.append(_item(node, _origin(entry)))
            for key, value in entry.params.items():
                if key not in (*STATIC, "defaultMode", "soc"):
                    self.settings[f"lp{number}.{key}"] = value if isinstance(value, str) else json.dumps(value)
        return "loadpoints:\n" + "".join(items) if items else ""

    def _tariffs(self) -> dict[str, Any]:
        references = _parsed(self._given.get("tariffRefs", ""))
        tariffs = {entry.reference: entry for entry in self._entries if entry.kind == "tariff"}
        if not isinstance(references, dict):
            self.left += [
                f"tariff {each} ({entry.title or entry.type}): nothing says its use" for each, entry in tariffs.items()
            ]
            return {}
        node: dict[str, Any] = {"currency": references["currency"]} if references.get("currency") else {}
        for key, ours in TARIFFS.items():
            given = references.get(key) or references.get(ours)
            wanted = given if isinstance(given, list) else [given]
            found = [
                {"type": tariffs[each].type or "template", **self._params(tariffs[each])}
                for each in wanted
                if each in tariffs
            ]
            if found:
                node[ours] = found if ours == "solar" else found[0]
        return node

    def _stored(self, section: str) -> str:
        """A section that evcc keeps whole, as JSON or YAML."""
        text = self._given.get(section, "")
        value = _parsed(text)
        if isinstance(value, str) and value.strip():
            tree = parse(f"{section}:\n{_indented(value)}".encode(), section)
            value = None if tree.issues else tree.root.get(section)
            if tree.issues:
                self.left.append(f"{section}: its YAML cannot be read")
        return _section(section, value) if isinstance(value, (dict, list)) and value else ""


def _references(text: str) -> list[str]:
    value = _parsed(text)
    words = value if isinstance(value, list) else str(value or "").split(",")
    return [str(word).strip() for word in words if str(word).strip()]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _span(value: Any) -> str | None:
    """Nanoseconds as ``15s``; None for what is none."""
    if not isinstance(value, int) or isinstance(value, bool) or value < NS:
        return None
    return f"{value / 1e9:g}s"


def _origin(entry: Entry) -> str:
    words = " ".join(word for word in (entry.product or entry.title, f"({entry.reference} in evcc)") if word)
    return re.sub(r"\s+", " ", words)


def _section(name: str, value: Any) -> str:
    return f"{name}:\n{_indented(_dumped(value))}" if value else ""


def _item(node: Mapping[str, Any], comment: str) -> str:
    return _indented(f"# {comment}\n{_dumped([dict(node)])}")


def _dumped(value: Any) -> str:
    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, default_flow_style=False, width=1000))


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())
