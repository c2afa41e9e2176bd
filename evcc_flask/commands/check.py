"""``evcc-flask check``: validates a configuration and reads each device once. Nothing is written to any device."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from evcc_flask.bus.needs import Need
from evcc_flask.clock import SystemClock
from evcc_flask.config.house import unguarded
from evcc_flask.config.load import load
from evcc_flask.config.model import Configuration
from evcc_flask.config.problems import sentence
from evcc_flask.construction import Built, build_house
from evcc_flask.control.absent import AbsentCharger, AbsentMeter
from evcc_flask.devices.field import DeviceField
from evcc_flask.domain.issues import Issue
from evcc_flask.domain.readings import BatteryReading, ChargerReading, Failsafe, MeterReading
from evcc_flask.domain.words import Feature
from evcc_flask.logs.setup import start_logs
from evcc_flask.security.redaction import REDACTOR
from evcc_flask.storage.owner import Owner
from evcc_flask.storage.place import house_file, usual_file, written_house
from evcc_flask.storage.problem import StorageProblem

from .cars import of_cars, read_cars, table_of
from .restart import noticing
from .table import columns
from .tariffs import read_tariffs

PATIENCE_S = 12.0
"""All devices together get so long; what has not answered by then is dead."""
ROUNDS = 3
"""A SunSpec device is scanned first, and then read."""


class Device(Protocol):
    """A meter or a wallbox that a configuration made."""

    name: str

    def needs(self) -> Sequence[Need]: ...

    def reading(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Result:
    """One row of the table."""

    kind: str
    name: str
    link: str
    values: str
    milliseconds: str
    failsafe: str
    errors: tuple[str, ...] = ()


def check(path: Path | None, environ: Mapping[str, str], say: Callable[[str], None]) -> int:
    """Tell the state of a house, line by line through ``say``; 0 when all is well, else 1."""
    clock = SystemClock()
    configuration = load(path, environ)
    if configuration.file is None and (written := written_house(configuration.database)):
        configuration = load(written, environ)
    REDACTOR.learn(configuration.raw)
    start_logs("fatal", {}, redact=REDACTOR.text)
    say(_title(configuration))
    built = build_house(configuration, clock)
    try:
        results = read_all(built, clock)
        cars = read_cars(built.vehicles.values(), built.field, clock)
        tariffs, late = read_tariffs(built.tariffs, clock, PATIENCE_S)
        issues = [
            *built.issues,
            *late,
            *_silent(results),
            *of_cars(cars),
            *_running(configuration),
            *unguarded(configuration, built.chargers),
            *noticing(built.chargers),
        ]
    finally:
        built.tariffs.close()
        built.field.close()
    if results:
        head = ("KIND", "DEVICE", "LINK", "VALUES", "MS", "FAIL-SAFE")
        rows = [
            (r.kind, r.name, r.link, r.values or "no value: see below", r.milliseconds, r.failsafe) for r in results
        ]
        say("\n" + REDACTOR.text(columns(head, rows)))
    elif not tariffs and not any(issue.fatal for issue in issues):
        say("No device is configured: no meter, no charger. There is nothing to read and nothing to control yet.")
    if cars:
        say("\n" + REDACTOR.text(table_of(cars)))
    if tariffs:
        say("\n" + REDACTOR.text(tariffs))
    if results or cars or tariffs or issues:
        say(REDACTOR.text(_told(issues)))
    return 1 if any(issue.fatal for issue in issues) else 0


def check_offline(path: Path | None, environ: Mapping[str, str], say: Callable[[str], None]) -> int:
    """Only what stands in the files; no device is asked. 0 when a server may start on them, else 1."""
    configuration = load(path, environ)
    REDACTOR.learn(configuration.raw)
    start_logs("fatal", {}, redact=REDACTOR.text)
    say(_title(configuration))
    built = build_house(configuration, SystemClock())
    built.tariffs.close()
    built.field.close()
    say(REDACTOR.text(_told(list(built.issues))))
    return 1 if any(issue.fatal for issue in built.issues) else 0


def read_all(built: Built, clock: SystemClock, patience_s: float | None = None) -> list[Result]:
    """Read every device that could be built; different links side by side, the devices of one link in turn.

    ``patience_s``: for all of them together, instead of the usual 12 s.
    """
    devices: list[tuple[str, Any]] = [("meter", device) for device in built.meters.values()]
    devices += [("charger", device) for device in built.chargers.values()]
    present = [(kind, device) for kind, device in devices if not isinstance(device, (AbsentMeter, AbsentCharger))]
    until_s = clock.wire_s() + (patience_s or PATIENCE_S)
    by_link: dict[str, list[tuple[str, Any]]] = {}
    for kind, device in present:
        by_link.setdefault(_link(device), []).append((kind, device))
    found: dict[tuple[str, str], Result] = {}

    def work(group: list[tuple[str, Any]]) -> None:
        for kind, device in group:
            found[kind, device.name] = _read(kind, device, built.field, clock, until_s)

    threads = [threading.Thread(target=work, args=(group,), daemon=True) for group in by_link.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until_s + 1.0 - clock.wire_s()))
    late = "not read: the time was up"
    return [
        found.get((kind, device.name)) or Result(kind, device.name, _link(device), "", "", "", (late,))
        for kind, device in present
    ]


def _read(kind: str, device: Any, field: DeviceField, clock: SystemClock, until_s: float) -> Result:
    for _ in range(ROUNDS):
        field.refresh_one(device).wait(max(0.1, until_s - clock.wire_s()))
        if device.reading().at_s is not None:
            break
    began_s = clock.wire_s()
    answered = device.reading().at_s is not None
    if answered:  # once more: this is what each cycle costs, without connecting and scanning
        field.refresh_one(device).wait(max(0.1, until_s - clock.wire_s()))
    milliseconds = f"{1000 * (clock.wire_s() - began_s):.0f}" if answered else ""
    if kind == "charger":
        reading = device.reading()
        values, safe = _of_charger(reading), _safe(reading.traits.failsafe)
        return Result(kind, device.name, _link(device), values, milliseconds, safe, _errors(reading))
    battery = device.battery_reading()
    return Result(kind, device.name, _link(device), _of_meter(battery), milliseconds, "", _errors(battery.meter))


def _errors(reading: ChargerReading | MeterReading) -> tuple[str, ...]:
    return (*([reading.error] if reading.error else []), *reading.notes)


def _link(device: Any) -> str:
    names = sorted({need.link.name for need in device.needs()})
    return ", ".join(names) or "none"


def _of_meter(reading: BatteryReading) -> str:
    meter = reading.meter
    return _joined(
        _value(meter.power_w, "W", 0),
        _value(meter.energy_kwh, "kWh", 1),
        _value(meter.return_energy_kwh, "kWh back", 1),
        _phases(meter.currents_a, "A", 1),
        _phases(meter.voltages_v, "V", 0),
        _value(reading.soc_percent, "%", 0),
        _value(reading.capacity_kwh, "kWh capacity", 1),
        "controllable" if reading.controllable else "",
    )


def _of_charger(reading: ChargerReading) -> str:
    if reading.status is None:
        return ""
    return _joined(
        f"status {reading.status.value}",
        {True: "enabled", False: "disabled", None: ""}[reading.enabled],
        _value(reading.offered_a, "A offered", 1),
        f"{reading.phases}p" if reading.phases else "",
        _value(reading.power_w, "W", 0),
        _value(reading.energy_kwh, "kWh", 1),
        _phases(reading.currents_a, "A", 1),
        _value(reading.soc_percent, "°C" if Feature.HEATING in reading.traits.features else "%", 0),
    )


def _joined(*words: str) -> str:
    return ", ".join(word for word in words if word)


def _value(number: float | None, unit: str, digits: int) -> str:
    return "" if number is None else f"{number:.{digits}f} {unit}"


def _phases(numbers: tuple[float, float, float] | None, unit: str, digits: int) -> str:
    return "" if numbers is None else f"{'/'.join(f'{number:.{digits}f}' for number in numbers)} {unit}"


def _safe(failsafe: Failsafe | None) -> str:
    return f"{failsafe.current_a:g} A after {failsafe.timeout_s:g} s" if failsafe else "none"


def _silent(results: list[Result]) -> list[Issue]:
    return [
        Issue(result.kind, sentence(error), key=result.name, device=result.name)
        for result in results
        for error in result.errors
    ]


def _running(configuration: Configuration) -> list[Issue]:
    """A note where a server runs on this file: it holds the serial lines, so they cannot be read beside it."""
    try:
        file, _ = house_file(usual_file(configuration.database))
    except StorageProblem:
        return []
    process = Owner.holder(file)
    if process is None:
        return []
    message = f"evcc-flask runs on this house (process {process}), and keeps its serial lines to itself."
    remedy = (
        "Stop it before checking them, or look at what it reads itself: "
        f"http://localhost:{configuration.port}/api/state, under 'links'."
    )
    return [Issue("check", message, remedy=remedy, fatal=False)]


def _title(configuration: Configuration) -> str:
    if configuration.file is None:
        return "There is no evcc.yaml in the home folder, here or in /etc; name one with -c."
    own = f" and {configuration.own.file}" if configuration.own.file else ""
    return f"{configuration.file}{own}"


def _told(issues: list[Issue]) -> str:
    if not issues:
        return "\nAll is well."
    wrong = sum(issue.fatal for issue in issues)
    lines = [f"{'error' if issue.fatal else 'note '}  [{issue.kind}] {issue}" for issue in issues]
    count = f"{wrong} error{'s' * (wrong != 1)}, {len(issues) - wrong} note{'s' * (len(issues) - wrong != 1)}"
    return "\n".join(["", *lines, "", count])
