"""What a scenario expects, and how a trace is held against it, with an answer that shows what was there instead."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import Enum, IntEnum

from evcc_flask.domain.decision import CircuitDecision, LoadpointDecision, SiteDecision
from evcc_flask.domain.reasons import Code, Reason

from .strict import Unreadable, check_words, clock_time
from .trace import Cycle, Trace

OF_LOADPOINT = {each.name for each in fields(LoadpointDecision)} - {"reasons", "events", "charge_currents_a", "soc"}
OF_SITE = {each.name for each in fields(SiteDecision)} - {"reasons", "battery_reasons", "circuits"}
OF_TRUTH = {"phases", "box_enabled", "box_offered_a", "car_w", "car_soc_percent", "true_grid_w", "true_battery_mode"}
OF_CAR = {"vehicle", "mode", "soc_percent", "soc_source", "soc_trusted"}
OF_HOUSE = {"total_offered_a", "charging_count"}
REASONS = {"reason", "no_reason", "site_reason", "no_site_reason", "battery_reason"}
COUNTED = {"commands", "on_off", "currents", "enables", "disables", "switches", "wakes", "battery_commands"}
OF_SPAN = COUNTED | {
    "command_order",
    "events",
    "charged_kwh",
    "import_kwh",
    "session_count",
    "session_vehicles",
    "calls",
}
WORDS = sorted(OF_LOADPOINT | OF_CAR | OF_SITE | OF_TRUTH | OF_HOUSE | REASONS | OF_SPAN | {"circuits"})


@dataclass(frozen=True, slots=True)
class Expectation:
    """Claims about the cycle ``at``; with ``span`` about each until ``until``, with ``once`` about one of them."""

    at: timedelta
    until: timedelta
    span: bool
    once: bool
    loadpoint: int
    claims: Mapping[str, object]


def read_expectation(node: object, path: str) -> Expectation:
    """One entry of ``expect``. Raises Unreadable naming the key."""
    if not isinstance(node, Mapping):
        raise Unreadable(f"{path}: a mapping was expected")
    check_words(node, ["at", "from", "to", "loadpoint", "once", *WORDS], path)
    if ("at" in node) == ("from" in node) or ("from" in node) != ("to" in node):
        raise Unreadable(f"{path}: say either at, or from and to")
    claims = {key: value for key, value in node.items() if key in WORDS}
    if not claims:
        raise Unreadable(f"{path}: nothing is expected there")
    for key, value in claims.items():
        _check_claim(key, value, f"{path}.{key}")
    span = "from" in node
    if not span and (OF_SPAN - {"events"}) & set(claims):
        raise Unreadable(f"{path}: {', '.join(sorted(OF_SPAN & set(claims)))} is counted from … to, not at one time")
    at = clock_time(node["from"] if span else node["at"], path)
    until = clock_time(node["to"], path) if span else at
    if span and until <= at:
        raise Unreadable(f"{path}: to does not lie after from")
    loadpoint = node.get("loadpoint", 1)
    if not isinstance(loadpoint, int):
        raise Unreadable(f"{path}.loadpoint: {loadpoint!r} is no number")
    return Expectation(at, until, span, node.get("once") is True, loadpoint, claims)


def _check_claim(key: str, value: object, path: str) -> None:
    if key in REASONS:
        for each in value if isinstance(value, list) else [value]:
            code = each.get("code") if isinstance(each, Mapping) else each
            check_words({code: None}, [known.value for known in Code], path)
    elif key == "circuits":
        if not isinstance(value, Mapping):
            raise Unreadable(f"{path}: names of circuits were expected")
        for name, claims in value.items():
            check_words(claims, [each.name for each in fields(CircuitDecision)], f"{path}.{name}")
    elif isinstance(value, Mapping):
        check_words(value, ("min", "max", "not"), path)


def failures(trace: Trace, expectations: Iterable[Expectation]) -> list[str]:
    """Each expectation that does not hold, as text with time, what was expected, what was there, and the reasons."""
    found = []
    for expectation in expectations:
        found += _failures(trace, expectation)
    return found


def _failures(trace: Trace, expectation: Expectation) -> list[str]:
    cycles = trace.between(expectation.at, expectation.until) if expectation.span else [trace.at(expectation.at)]
    if not cycles:
        return [f"{expectation.at}: no cycle ran in that span"]
    found = []
    whole = {key: value for key, value in expectation.claims.items() if key in OF_SPAN}
    for key, wanted in whole.items():
        actual = _of_span(key, cycles, expectation.loadpoint - 1)
        if not _holds(actual, wanted):
            found.append(
                f"{cycles[0].clock} to {cycles[-1].clock} loadpoint {expectation.loadpoint}: "
                f"{key} expected {_shown(wanted)}, was {_shown(actual)}\n" + _commands_told(cycles)
            )
    claims = {key: value for key, value in expectation.claims.items() if key not in OF_SPAN}
    if not claims:
        return found
    wrong = [(cycle, _wrong(cycle, expectation.loadpoint - 1, claims)) for cycle in cycles]
    if expectation.once:
        if all(differences for _, differences in wrong):
            found.append(f"never from {cycles[0].clock} to {cycles[-1].clock}: {claims}\n" + _told(*wrong[-1]))
        return found
    bad = [each for each in wrong if each[1]]
    if bad:
        more = f"\n    … and in {len(bad) - 1} further cycles of {len(cycles)}" if len(bad) > 1 else ""
        found.append(f"{bad[0][0].clock} loadpoint {expectation.loadpoint}: " + _told(*bad[0]) + more)
    return found


def _wrong(cycle: Cycle, loadpoint: int, claims: Mapping[str, object]) -> list[str]:
    differences = []
    for key, wanted in claims.items():
        if key in REASONS:
            differences += _wrong_reasons(cycle, loadpoint, key, wanted)
        elif key == "circuits":
            differences += _wrong_circuits(cycle, wanted)
        else:
            actual = _of_cycle(key, cycle, loadpoint)
            if not _holds(actual, wanted):
                differences.append(f"{key} expected {_shown(wanted)}, was {_shown(actual)}")
    return differences


def _of_cycle(key: str, cycle: Cycle, loadpoint: int) -> object:
    if key in OF_LOADPOINT:
        return getattr(cycle.decision.loadpoints[loadpoint], key)
    if key in OF_SITE:
        return getattr(cycle.decision.site, key)
    if key in OF_CAR:
        return _of_car(key, cycle, loadpoint)
    if key == "total_offered_a":
        return sum(each.offered_a for each in cycle.decision.loadpoints if each.enabled)
    if key == "charging_count":
        return sum(each.charging for each in cycle.decision.loadpoints)
    if key == "true_grid_w":
        return cycle.true_grid_w
    if key == "true_battery_mode":
        return cycle.battery_modes[0] if cycle.battery_modes else None
    return getattr(cycle.boxes[loadpoint], key)


def _of_car(key: str, cycle: Cycle, loadpoint: int) -> object:
    if key in ("vehicle", "mode"):
        return getattr(cycle.settings.loadpoints[loadpoint], key)
    soc = cycle.decision.loadpoints[loadpoint].soc
    return getattr(soc, key.removeprefix("soc_")) if soc is not None else None


def _of_span(key: str, cycles: list[Cycle], loadpoint: int) -> object:
    if key == "events":
        return [event.value for cycle in cycles for event in cycle.decision.loadpoints[loadpoint].events]
    if key == "charged_kwh":
        return cycles[-1].boxes[loadpoint].energy_kwh - cycles[0].boxes[loadpoint].energy_kwh
    if key == "import_kwh":
        return cycles[-1].import_kwh - cycles[0].import_kwh
    if key == "session_count":
        return len({row.key for cycle in cycles for row in cycle.decision.sessions if row.loadpoint == loadpoint})
    if key == "session_vehicles":
        rows = {
            row.key: row.vehicle for cycle in cycles for row in cycle.decision.sessions if row.loadpoint == loadpoint
        }
        return list(rows.values())
    if key == "calls":
        return cycles[-1].calls - cycles[0].calls
    words = [word for cycle in cycles for place, word in cycle.command_words if place in (loadpoint, None)]
    if key == "command_order":
        return [word for word in words if word != "battery"]
    if key == "commands":
        return sum(word != "battery" for word in words)
    if key == "on_off":
        return words.count("enable") + words.count("disable")
    wanted = {"currents": "current", "enables": "enable", "disables": "disable", "switches": "phases", "wakes": "wake"}
    return words.count(wanted.get(key, "battery"))


def _wrong_reasons(cycle: Cycle, loadpoint: int, key: str, wanted: object) -> list[str]:
    there: tuple[Reason, ...]
    if key in ("site_reason", "no_site_reason"):
        there = cycle.decision.site.reasons
    elif key == "battery_reason":
        there = cycle.decision.site.battery_reasons
    else:
        there = cycle.decision.loadpoints[loadpoint].reasons
    differences = []
    for each in wanted if isinstance(wanted, list) else [wanted]:
        if key in ("no_reason", "no_site_reason"):
            if any(reason.code.value == each for reason in there):
                differences.append(f"{key} {each}, but it was given")
        elif not any(_reason_holds(reason, each) for reason in there):
            differences.append(f"{key} expected {each}, was {', '.join(map(_reason_told, there)) or 'none'}")
    return differences


def _reason_holds(reason: Reason, wanted: object) -> bool:
    if not isinstance(wanted, Mapping):
        return reason.code.value == wanted
    published = reason.published()
    return all(_holds(published.get(str(key)), value) for key, value in wanted.items())


def _wrong_circuits(cycle: Cycle, wanted: object) -> list[str]:
    assert isinstance(wanted, Mapping)
    differences = []
    for name, claims in wanted.items():
        circuit = cycle.decision.site.circuits.get(name)
        for key, value in claims.items():
            actual = getattr(circuit, key, None)
            if not _holds(actual, value):
                differences.append(f"circuit {name}: {key} expected {_shown(value)}, was {_shown(actual)}")
    return differences


def _holds(actual: object, wanted: object) -> bool:
    """A number to a thousandth, bounds with ``min`` and ``max`` (unknown is within none), ``not``: something else."""
    if isinstance(wanted, Mapping):
        if "not" in wanted:
            return not _holds(actual, wanted["not"])
        if not isinstance(actual, int | float):
            return False
        return bool(wanted.get("min", actual) - 1e-6 <= actual <= wanted.get("max", actual) + 1e-6)
    if isinstance(actual, IntEnum):
        return actual.name.lower() == wanted
    if isinstance(actual, Enum):
        return bool(actual.value == wanted)
    if isinstance(actual, bool) or isinstance(wanted, bool):
        return actual is wanted
    if isinstance(actual, int | float) and isinstance(wanted, int | float):
        return abs(actual - wanted) <= 1e-3 * max(1.0, abs(wanted))
    return actual == wanted


def _shown(value: object) -> str:
    if isinstance(value, IntEnum):
        return value.name.lower()
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _reason_told(reason: Reason) -> str:
    facts = " ".join(f"{name}={_shown(value)}" for name, value in reason.facts)
    return f"{reason.code.value}({facts})" if facts else reason.code.value


def _told(cycle: Cycle, differences: list[str]) -> str:
    site = cycle.decision.site
    lines = ["; ".join(differences)]
    for place, each in enumerate(cycle.decision.loadpoints):
        box = cycle.boxes[place]
        lines.append(
            f"    loadpoint {place + 1}: {box.status} {_shown(each.offered_a)} A "
            f"{'on' if each.enabled else 'off'} {box.phases}p car {box.car_w:.0f} W"
            f" | {', '.join(map(_reason_told, each.reasons)) or 'no reason given'}"
        )
    lines.append(
        f"    house: grid {_shown(site.grid_w)} pv {_shown(site.pv_w)} battery {_shown(site.battery_w)} "
        f"({_shown(site.battery_soc_percent)} %, {_shown(site.battery_mode)}) site power {_shown(site.site_power_w)} W"
        f" | {', '.join(map(_reason_told, (*site.reasons, *site.battery_reasons)))}"
    )
    return "\n".join(lines)


def _commands_told(cycles: list[Cycle]) -> str:
    told = [f"    {cycle.clock} {cycle.decision.commands}" for cycle in cycles if cycle.decision.commands]
    return "\n".join(told[:12]) + ("\n    …" if len(told) > 12 else "")
