"""Finds and reads an evcc.yaml: everything that is right about it, and every problem of it at once."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from evcc_flask.domain.issues import Issue
from evcc_flask.domain.words import Mode
from evcc_flask.plugins.fields import as_list, as_map

from .circuits import check_circuits
from .model import CircuitConfig, Configuration, DeviceConfig, LoadpointConfig, SiteConfig
from .own import own_config
from .problems import PARSING, Report, ordered
from .sections import (
    ACTED_ON,
    KEPT,
    CircuitSection,
    LoadpointSection,
    SiteSection,
    Top,
    known_level,
    parse_log,
)
from .surroundings import overridden
from .tariffs import tariffs_of
from .tree import MAX_BYTES, Tree, parse

NAME = re.compile(r"[a-zA-Z0-9_.:-]+")
KINDS = {"meters": "meter", "chargers": "charger", "vehicles": "vehicle"}
SHORTEST_INTERVAL_S = 0.1


def find(environ: Mapping[str, str]) -> Path | None:
    """Where evcc looks without ``-c``: evcc.yaml in the home folder, here, in /etc; then where our installer lays one.

    None: there is no file.
    """
    home = environ.get("HOME")
    folders = (*((Path(home),) if home else ()), Path(), Path("/etc"), Path("/etc/evcc-flask"))
    return next((file for folder in folders if (file := folder / "evcc.yaml").is_file()), None)


def load(path: Path | None, environ: Mapping[str, str]) -> Configuration:
    """The configuration with its ``issues``; never raises for what stands, or fails to stand, in a file.

    ``path`` None: search as evcc does; no file at all is legal. ``environ``: EVCC_NETWORK_PORT and the like overrule
    plain values of the file.
    """
    found = path or find(environ)
    tree = read(found) if found else Tree()
    root, places = overridden(tree.root, tree.places, environ)
    report = Report(found.name if found else "", places, tree.issues)
    configuration = _Sections(root, report).configuration(str(found.resolve()) if found else None)
    own, own_issues = own_config(found.parent if found else Path(), configuration)
    issues = (*(issue for _, issue in report.found), *own_issues)
    loadpoints = tuple(_with_fault(loadpoint, own_issues) for loadpoint in configuration.loadpoints)
    return replace(configuration, own=own, loadpoints=loadpoints, issues=ordered(issues))


def read(path: Path) -> Tree:
    """The tree of a file; one that cannot be read is an issue of it."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"{PARSING}{error.strerror or error}."
        issue = Issue("configfile", message, str(path), remedy="Check the path and its permissions.")
        return Tree(issues=[("", issue)])
    return parse(data, path.name)


def _with_fault(loadpoint: LoadpointConfig, own_issues: tuple[Issue, ...]) -> LoadpointConfig:
    """A misspelled phase order must not silently become the usual one: it could overload a phase."""
    fault = next((issue for issue in own_issues if issue.fatal and issue.device == loadpoint.charger), None)
    return replace(loadpoint, fault=str(fault)) if fault and loadpoint.fault is None else loadpoint


class _Sections:
    """One reading of one file."""

    def __init__(self, root: dict[str, Any], report: Report) -> None:
        self._root = root
        self._report = report
        self._names: dict[str, dict[str, str]] = {}

    def configuration(self, file: str | None) -> Configuration:
        top = self._report.checked(Top(), self._root, "configfile")
        devices = {section: self._devices(section) for section in KINDS}
        site = self._site()
        circuits = self._circuits()
        loadpoints = self._loadpoints(circuits)
        currency, tariffs = tariffs_of(self._root.get("tariffs"), self._report)
        return Configuration(
            file=file,
            **_general(top, self._report),
            meters=devices["meters"],
            chargers=devices["chargers"],
            vehicles=devices["vehicles"],
            circuits=circuits,
            site=site,
            loadpoints=loadpoints,
            currency=currency,
            tariffs=tariffs,
            kept=self._kept(),
            raw=self._root,
            places=self._report.places,
        )

    def _devices(self, section: str) -> tuple[DeviceConfig, ...]:
        kind, names = KINDS[section], self._names.setdefault(section, {})
        devices = []
        for path, node in self._entries(section, kind):
            name, device_type = _text(node.get("name")), _text(node.get("type"))
            params = {key: value for key, value in node.items() if key not in ("name", "type")}
            if not self._named(section, kind, name, path):
                continue
            names[name] = path
            if not device_type and section != "vehicles":
                hint = (
                    "Write 'type: template' above it" if "template" in params else "Write 'type: template' or 'custom'"
                )
                self._report.add(kind, f"{path}.type", f"is missing. {hint}.", device=name)
                continue
            devices.append(DeviceConfig(name, device_type, params, path))
        return tuple(devices)

    def _named(self, section: str, kind: str, name: str, path: str) -> bool:
        """Whether a device can go by this name."""
        names = self._names.setdefault(section, {})
        if not name:
            self._report.add(kind, f"{path}.name", "is missing. Every device needs a name of its own.")
            return False
        if name in names:
            first = self._report.place(names[name]).line
            message = f"{name!r} is used twice, first in line {first}. Give one of them another name."
            self._report.add(kind, f"{path}.name", message, device=name)
            return False
        if not NAME.fullmatch(name):
            message = f"{name!r} holds other signs than letters, digits and _ . : -. Choose a plain name."
            self._report.add(kind, f"{path}.name", message, fatal=kind in ("vehicle", "circuit"), device=name)
            return kind not in ("vehicle", "circuit")
        return True

    def _site(self) -> SiteConfig:
        if self._root.get("site") is None:
            if self._root.get("loadpoints") is not None:
                self._report.add(
                    "site",
                    "site",
                    "is missing, so no surplus is known. Name the house's meters there: meters.grid, meters.pv.",
                    fatal=False,
                )
            return SiteConfig()
        given = self._report.checked(SiteSection(), self._root["site"], "site", "site")
        meters = given.pop("meters", {})
        site = SiteConfig(**given, **{use: _names(value) for use, value in meters.items()})
        for use, value in meters.items():
            for number, name in enumerate(as_list(value)):
                path = f"site.meters.{use}"
                below = f"{path}[{number}]"
                self._known("meters", name, "site", below if below in self._report.places else path)
        if site.grid is None and not site.pv:
            message = "names neither a grid nor a pv meter, so no surplus is known. Name one under grid or pv."
            self._report.add("site", "site.meters", message, fatal=False)
        return site

    def _circuits(self) -> tuple[CircuitConfig, ...]:
        names = self._names.setdefault("circuits", {})
        circuits = []
        for path, node in self._entries("circuits", "circuit"):
            given = self._report.checked(CircuitSection(), node, "circuit", path, _text(node.get("name")))
            name = given.get("name", "")
            if name and not self._named("circuits", "circuit", name, path):
                continue
            names[name] = path
            params: dict[str, Any] = {key: given.pop(key) for key in ("getmaxcurrent", "getmaxpower") if key in given}
            circuits.append(CircuitConfig(**{"name": "", **given}, params=params, path=path))
            if given.get("meter"):
                self._known("meters", given["meter"], "circuit", f"{path}.meter", device=name)
        named = tuple(circuit for circuit in circuits if circuit.name)
        check_circuits(named, self._report)
        return named

    def _loadpoints(self, circuits: tuple[CircuitConfig, ...]) -> tuple[LoadpointConfig, ...]:
        circuit_fault = next(self._report.faults("circuits"), None)
        loadpoints = []
        for number, (path, node) in enumerate(self._entries("loadpoints", "loadpoint"), 1):
            area = f"lp-{number}"
            given = _flat(self._report.checked(LoadpointSection(), node, "loadpoint", path, area))
            mode = given.pop("mode", None)
            loadpoint = LoadpointConfig(
                **{"charger": "", **{key: value for key, value in given.items() if key in _LOADPOINT_FIELDS}},
                mode=Mode(mode) if mode else None,
                path=path,
            )
            self._check_loadpoint(loadpoint, area, bool(circuits))
            fault = next(self._report.faults(path), None) or (circuit_fault if loadpoint.circuit else None)
            loadpoints.append(replace(loadpoint, fault=str(fault) if fault else None))
        return tuple(loadpoints)

    def _check_loadpoint(self, loadpoint: LoadpointConfig, area: str, circuits: bool) -> None:
        path = loadpoint.path
        references = (("charger", "chargers"), ("meter", "meters"), ("vehicle", "vehicles"), ("circuit", "circuits"))
        for key, section in references:
            if name := getattr(loadpoint, key):
                self._known(section, name, "loadpoint", f"{path}.{key}", device=area)
        enable, disable = loadpoint.enable_threshold_w, loadpoint.disable_threshold_w
        if enable > 0:
            message = f"{enable:g} W starts the charge from the grid. Export is negative: write {-enable:g}."
            self._report.add("loadpoint", f"{path}.enable.threshold", message, fatal=False, device=area)
        if enable > disable:
            message = f"{enable:g} W lies above disable.threshold, {disable:g} W. Enable must be the smaller one."
            self._report.add("loadpoint", f"{path}.enable.threshold", message, fatal=False, device=area)
        if circuits and not loadpoint.circuit:
            message = "belongs to no circuit, so no circuit's limit counts for it. Name one under 'circuit'."
            self._report.add("loadpoint", path, message, fatal=False, device=area)

    def _known(self, section: str, name: str, kind: str, path: str, device: str = "") -> None:
        names = self._names.get(section, {})
        if name in names:
            return
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
        known = f"Known are {', '.join(sorted(names))}." if names else f"There are no {section} in this file."
        remedy = f"Did you mean {near[0]!r}?" if near else known
        self._report.add(kind, path, f"there is no {section[:-1]} {name!r}. {remedy}", device=device)

    def _entries(self, section: str, kind: str) -> list[tuple[str, dict[str, Any]]]:
        """The section's maps with their paths; an entry that is none is reported and passed over."""
        entries = []
        value = self._root.get(section)
        for number, node in enumerate(as_list(value)):
            path = f"{section}[{number}]" if isinstance(value, list) else section
            body = as_map(node)
            if body:
                entries.append((path, {key: item for key, item in body.items() if item is not None}))
            elif body is None or isinstance(value, list):
                self._report.add(kind, path, "needs 'key: value' lines. Begin each entry with '- name: …'.")
        return entries

    def _kept(self) -> dict[str, Any]:
        kept = {section: self._root[section] for section in KEPT if self._root.get(section) is not None}
        for section in kept.keys() - set(ACTED_ON):
            self._report.add("configfile", section, "is not used yet.", fatal=False)
        return kept


_LOADPOINT_FIELDS = frozenset(LoadpointConfig.__dataclass_fields__)


def _general(top: dict[str, Any], report: Report) -> dict[str, Any]:
    """Network, interval, log, database and javascript as fields of Configuration."""
    general = {key: top[key] for key in ("interval_s",) if key in top}
    general |= {key: value for key, value in top.get("network", {}).items() if key in ("host", "port", "external_url")}
    if general.get("interval_s", 1.0) < SHORTEST_INTERVAL_S:
        report.add("configfile", "interval", f"is below {SHORTEST_INTERVAL_S:g}s, so 10s is used.", fatal=False)
        del general["interval_s"]
    database = top.get("database", {})
    if database.get("type", "sqlite").lower() != "sqlite":
        message = f"invalid database: {database['type']!r}. Only sqlite is possible."
        report.add("database", "database.type", message)
    elif database.get("database"):
        general["database"] = _file(database["database"])
    general["javascript"] = tuple(top.get("javascript", ()))
    return general | _levels(top, report)


def _file(dsn: str) -> str:
    """The file of a DSN: ``file:~/evcc.db?cache=shared`` is ~/evcc.db."""
    path = Path(dsn.removeprefix("file:").partition("?")[0])
    home = path.parts[:1] == ("~",)
    return str(Path.home().joinpath(*path.parts[1:]) if home else path)


def _levels(top: dict[str, Any], report: Report) -> dict[str, Any]:
    areas: dict[str, str] = {}
    for area, word in top.get("levels", {}).items():
        try:
            areas[area] = known_level(_text(word).lower())
        except ValueError as error:
            report.add("configfile", f"levels.{area}", str(error), fatal=False)
    try:
        general, more = parse_log(top.get("log", ""))
    except ValueError as error:
        report.add("configfile", "log", str(error), fatal=False)
        return {"levels": areas}
    return {"levels": areas | more} | ({"log": general} if general else {})


def _flat(given: dict[str, Any]) -> dict[str, Any]:
    """Nested sections laid into one map: their values have the names of the loadpoint's fields."""
    flat: dict[str, Any] = {}
    for key, value in given.items():
        flat |= _flat(value) if isinstance(value, dict) else {key: value}
    return flat


def _names(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, (dict, list)) else str(value)
