"""The one place that knows every room: a configuration goes in, a running controller and its web app come out."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from evcc_flask.bus.bus import Bus
from evcc_flask.clock import DemoClock, SystemClock, parse_demo_clock
from evcc_flask.config.house import settings_of, unguarded
from evcc_flask.config.load import load
from evcc_flask.config.model import Configuration, DeviceConfig, OwnDevice
from evcc_flask.config.problems import issues_of
from evcc_flask.control.absent import AbsentCharger, AbsentMeter
from evcc_flask.control.controller import Controller
from evcc_flask.control.house import House, LoadpointDrivers
from evcc_flask.control.loop import Loop
from evcc_flask.control.state import SharedState
from evcc_flask.control.stored import restored
from evcc_flask.control.view import Facts, View
from evcc_flask.devices.field import DeviceField
from evcc_flask.devices.registry import build_charger, build_meter
from evcc_flask.domain.issues import Issue, Misconfigured
from evcc_flask.domain.memory import Memory
from evcc_flask.domain.ports import Charger, Meter
from evcc_flask.domain.recall import recalled
from evcc_flask.domain.settings import Settings
from evcc_flask.domain.snapshot import Snapshot
from evcc_flask.logs.setup import start_logs
from evcc_flask.options import Options
from evcc_flask.plugins.shop import Workshop
from evcc_flask.security.redaction import REDACTOR
from evcc_flask.storage.database import Database
from evcc_flask.storage.owner import Owner

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger("main")
Device = TypeVar("Device")


@dataclass(frozen=True, slots=True)
class Built:
    """A house made of a configuration: every driver by name, each in its place, and what was wrong."""

    house: House
    settings: Settings
    field: DeviceField
    issues: tuple[Issue, ...]
    meters: Mapping[str, Meter] = field(default_factory=dict)
    chargers: Mapping[str, Charger] = field(default_factory=dict)


def build_house(configuration: Configuration, clock: SystemClock | DemoClock) -> Built:
    """Build all devices; no I/O happens here. A device that cannot be built becomes a stand-in and an issue."""
    bus = Bus(clock)
    devices = DeviceField(bus)
    issues = list(configuration.issues)
    try:
        workshop = Workshop(bus, clock, configuration.javascript)
    except (Misconfigured, ExceptionGroup) as problem:
        issues.extend(issues_of(configuration, DeviceConfig("", "", {}, "javascript"), problem, "javascript"))
        workshop = Workshop(bus, clock)

    def made_meter(entry: DeviceConfig) -> Meter:
        own = configuration.own.devices.get(entry.name, OwnDevice())
        return build_meter(entry.name, entry.type, entry.params, workshop, invert=own.invert)

    def made_charger(entry: DeviceConfig) -> Charger:
        return build_charger(entry.name, entry.type, entry.params, workshop)

    def build(
        entries: tuple[DeviceConfig, ...],
        kind: str,
        maker: Callable[[DeviceConfig], Device],
        stand_in: Callable[[str, str], Device],
        wanted: set[str],
    ) -> dict[str, Device]:
        made: dict[str, Device] = {}
        for entry in entries:
            if wanted and entry.name not in wanted:
                continue
            try:
                made[entry.name] = maker(entry)
                devices.add(made[entry.name])  # type: ignore[arg-type]
            except (Misconfigured, ExceptionGroup) as problem:
                found = issues_of(configuration, entry, problem, kind)
                issues.extend(found)
                made[entry.name] = stand_in(entry.name, str(found[0]))
        return made

    site, loadpoints = configuration.site, configuration.loadpoints
    wanted_meters = {
        name
        for name in (
            site.grid,
            *site.pv,
            *site.battery,
            *site.aux,
            *site.ext,
            *(loadpoint.meter for loadpoint in loadpoints),
            *(circuit.meter for circuit in configuration.circuits),
        )
        if name
    }
    wanted_chargers = {loadpoint.charger for loadpoint in loadpoints if loadpoint.charger}
    meters = build(configuration.meters, "meter", made_meter, AbsentMeter, wanted_meters)
    chargers = build(configuration.chargers, "charger", made_charger, AbsentCharger, wanted_chargers)

    def meter(name: str) -> Meter:
        return meters.get(name) or AbsentMeter(name, f"no meter is named {name!r}")

    house = House(
        grid=meter(site.grid) if site.grid else None,
        pv=tuple(meter(name) for name in site.pv),
        batteries=tuple(meter(name) for name in site.battery),
        aux=tuple(meter(name) for name in site.aux),
        ext=tuple(meter(name) for name in site.ext),
        loadpoints=tuple(
            LoadpointDrivers(
                (AbsentCharger(loadpoint.charger, loadpoint.fault) if loadpoint.fault else None)
                or chargers.get(loadpoint.charger)
                or AbsentCharger(loadpoint.charger, f"no charger is named {loadpoint.charger!r}"),
                meter(loadpoint.meter) if loadpoint.meter else None,
            )
            for loadpoint in loadpoints
        ),
        circuit_meters={circuit.name: meter(circuit.meter) for circuit in configuration.circuits if circuit.meter},
    )
    return Built(house, settings_of(configuration), devices, tuple(issues), meters, chargers)


class Server:
    """One running server: the house, its controller, its database. Ends in order, once."""

    def __init__(self, options: Options, environ: Mapping[str, str]) -> None:
        configuration = load(options.config, {**environ, **options.overrides()})
        self.configuration = configuration
        self.clock = parse_demo_clock(options.demo_clock) if options.demo_clock else SystemClock()
        REDACTOR.learn(configuration.raw)
        start_logs(configuration.log, configuration.levels, redact=REDACTOR.text, now=self.clock.now)
        log.info("listening at %s:%s", configuration.host or "0.0.0.0", configuration.port)
        path = Path(configuration.database) if configuration.database else Path.home() / ".evcc" / "evcc-flask.db"
        path.parent.mkdir(parents=True, exist_ok=True)
        self._owner = Owner.take(path)
        self.database = Database.open(path, self.clock)
        self.clock.trust_after(self.database.newest_time())
        built = build_house(configuration, self.clock)
        standing = (*built.issues, *unguarded(configuration, built.chargers), *self.database.issues)
        for issue in standing:
            log.log(logging.ERROR if issue.fatal else logging.WARNING, "%s", issue)
        rows = self.database.settings()
        facts = _facts(configuration, options, built, path)
        # Traits of the devices and whether there is a battery are known before the first cycle.
        view = View(facts=facts, snapshot=_unread(built.house), issues=standing)
        self.state = SharedState(restored(built.settings, rows), view, self.database)
        moment = self.clock.moment()
        memory = recalled(rows["memory"], moment) if isinstance(rows.get("memory"), dict) else Memory(moment.s)

        def make_loop(memory: Memory) -> Loop:
            return Loop(
                self.state,
                built.house,
                built.field,
                self.database,
                self.clock,
                memory=memory,
                standing=standing,
                observe=options.observe or configuration.own.observe,
            )

        self.controller = Controller(self.state, built.field, self.clock, make_loop, memory)
        self._ended = threading.Lock()

    def start(self) -> None:
        """Start controlling; returns at once."""
        self.controller.start()

    def stop(self) -> None:
        """Batteries back to normal, links closed, database flushed, lock released. A second call does nothing."""
        if not self._ended.acquire(blocking=False):
            return
        self.controller.stop()
        self.database.close()
        self._owner.release()
        log.info("ended in order")


_running: Server | None = None


def application(environ: Mapping[str, str]) -> "Flask":
    """The WSGI application of this worker process, its controller started. Raises SystemExit with a sentence."""
    global _running
    from evcc_flask import create_app

    server = Server(Options.from_environment(environ), environ)
    _running = server
    server.start()
    return create_app(
        state=server.state,
        database=server.database,
        health=server.controller.health,
        clock=server.clock,
        configuration=server.configuration,
    )


def stop() -> None:
    """End the server of this process in order, if there is one."""
    if _running is not None:
        _running.stop()


def _facts(configuration: Configuration, options: Options, built: Built, database: Path) -> Facts:
    from evcc_flask.version import VERSION

    return Facts(
        software_version=VERSION,
        grid=built.house.grid is not None,
        has_battery=bool(built.house.batteries),
        config=configuration.file,
        database=str(database),
        port=configuration.port,
        host=configuration.host,
        demo=options.demo,
        observe=options.observe or configuration.own.observe,
        auth_disabled=options.disable_auth,
        custom_css=options.custom_css is not None,
        chargers=tuple(loadpoint.charger for loadpoint in configuration.loadpoints),
    )


def _unread(house: House) -> Snapshot:
    return replace(house.snapshot(()), outcomes=())
