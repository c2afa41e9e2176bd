"""A configuration becomes a house: every device in its place, a stand-in where one cannot be built. Does no I/O."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import TypeVar

from evcc_flask.bus.bus import Bus
from evcc_flask.bus.ocpp import PORT, OcppSpec
from evcc_flask.clock import DemoClock, SystemClock
from evcc_flask.config.house import settings_of
from evcc_flask.config.model import CircuitConfig, Configuration, DeviceConfig, OwnDevice
from evcc_flask.config.problems import issues_of, ordered
from evcc_flask.config.tariffs import FOLLOWS
from evcc_flask.config.vehicles import wrong_in
from evcc_flask.control.absent import AbsentCharger, AbsentLimits, AbsentMeter
from evcc_flask.control.house import House, LoadpointDrivers
from evcc_flask.devices.charger import SourceCharger
from evcc_flask.devices.field import DeviceField, Needy
from evcc_flask.devices.meter import SourceMeter
from evcc_flask.devices.registry import ANY, build_charger, build_limits, build_meter
from evcc_flask.devices.vehicles import build_vehicle, known, meant, offline
from evcc_flask.domain.issues import Issue, Misconfigured
from evcc_flask.domain.ports import Charger, GridOperator, Limits, Meter, Vehicle
from evcc_flask.domain.rates import Usage
from evcc_flask.domain.settings import Settings
from evcc_flask.domain.words import Feature
from evcc_flask.integrations.hems import Rules, hems, unreachable
from evcc_flask.plugins.mqtt import house_broker
from evcc_flask.plugins.shop import Workshop
from evcc_flask.tariffs.board import NO_SHELF, Board, Shelf, mark_of
from evcc_flask.tariffs.feed import Feed
from evcc_flask.tariffs.registry import build_feed

log = logging.getLogger("main")
Device = TypeVar("Device", bound=Needy)
Kind = TypeVar("Kind")
STAND_IN = frozenset({Feature.OFFLINE, Feature.RETRYABLE})
"""What a car is whose account cannot be read."""


@dataclass(frozen=True, slots=True)
class Built:
    """A house made of a configuration: every driver by name, each in its place, and what was wrong."""

    house: House
    settings: Settings
    field: DeviceField
    issues: tuple[Issue, ...]
    meters: Mapping[str, Meter]
    chargers: Mapping[str, Charger]
    tariffs: Board
    vehicles: Mapping[str, Vehicle]
    workshop: Workshop


def build_house(
    configuration: Configuration, clock: SystemClock | DemoClock, bus: Bus | None = None, shelf: Shelf = NO_SHELF
) -> Built:
    """Build all devices that the house uses, on ``bus`` or on one of their own; ``shelf`` keeps fetched rates."""
    return _Site(configuration, clock, bus or Bus(clock), shelf).built()


def _charge_points(configuration: Configuration) -> OcppSpec:
    own = configuration.own.ocpp
    port = (configuration.kept.get("ocpp") or {}).get("port", PORT)
    return OcppSpec(port, own.host, own.stations, own.password, own.shut)


class _Site:
    """One building site: what goes wrong at one device is an issue and a stand-in, and the others go on."""

    def __init__(self, configuration: Configuration, clock: SystemClock | DemoClock, bus: Bus, shelf: Shelf) -> None:
        self._configuration = configuration
        self._clock = clock
        self._shelf = shelf
        self._bus = bus
        self._field = DeviceField(bus)
        self._issues = list(configuration.issues)
        self._unread: set[str] = set()
        bus.await_stations(_charge_points(configuration))
        section = DeviceConfig("", "", configuration.kept.get("mqtt") or {}, "mqtt")
        self._broker = broker = self._made("mqtt", section, lambda: house_broker(section.params), lambda _: None)
        script = DeviceConfig("", "", {}, "javascript")
        self._workshop = self._made(
            "javascript",
            script,
            lambda: Workshop(bus, clock, configuration.javascript, broker),
            lambda _: Workshop(bus, clock, broker=broker),
        )

    def built(self) -> Built:
        site, loadpoints, circuits = (
            self._configuration.site,
            self._configuration.loadpoints,
            self._configuration.circuits,
        )
        meters = self._meters()
        for name in meters.keys() & {site.grid, *(circuit.meter for circuit in circuits)}:
            self._field.press(meters[name])
        for circuit in circuits:
            self._check_circuit(circuit, meters.get(circuit.meter or ""))
        chargers = self._chargers()
        tariffs = self._tariffs()
        vehicles = {entry.name: self._vehicle(entry) for entry in self._configuration.vehicles}

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
            circuit_meters={circuit.name: meter(circuit.meter) for circuit in circuits if circuit.meter},
            circuit_limits={circuit.name: self._limits(circuit) for circuit in circuits if circuit.params},
            tariffs=tariffs,
            vehicles=vehicles,
            grid_operator=self._grid_operator(),
        )
        issues = ordered(self._issues)
        return Built(house, self._settings(), self._field, issues, meters, chargers, tariffs, vehicles, self._workshop)

    def _settings(self) -> Settings:
        settings = settings_of(self._configuration)
        cars = dict(settings.vehicles)
        for name in self._unread:
            facts = cars[name].vehicle
            cars[name] = replace(cars[name], vehicle=replace(facts, features=facts.features | STAND_IN))
        return replace(settings, vehicles=cars)

    def _vehicle(self, entry: DeviceConfig) -> Vehicle:
        def stand_in(_: str) -> Vehicle:
            self._unread.add(entry.name)
            return offline(entry.name, self._workshop, self._bus.ask)

        self._passed_over(entry, *wrong_in(entry))
        if not known(entry.type, entry.params):
            maker = entry.params.get("template") or entry.type
            near = meant(entry.type, entry.params)
            problem = Misconfigured(
                f"{maker!r} is the account of a maker, which is not read here: the car is charged without its SoC",
                ("template" if "template" in entry.params else "type",),
                f"Did you mean {near!r}?"
                if near
                else "Set its SoC by hand, or read it by type: custom, Home Assistant, or an MQTT gateway of the car.",
            )
            self._passed_over(entry, problem)
            return stand_in("")

        def vehicle() -> Vehicle:
            return self._joined(build_vehicle(entry.name, entry.type, entry.params, self._workshop, self._bus.ask))

        return self._made("vehicle", entry, vehicle, stand_in)

    def _passed_over(self, entry: DeviceConfig, *problems: Misconfigured) -> None:
        for problem in problems:
            told = issues_of(self._configuration, entry, problem, "vehicle")
            self._issues.extend(replace(issue, fatal=False) for issue in told)

    def _meters(self) -> Mapping[str, Meter]:
        site, configuration = self._configuration.site, self._configuration
        roles = {each.meter: "grid" for each in configuration.circuits}
        roles |= {each.meter: "charge" for each in configuration.loadpoints}
        for role, names in (("aux", (*site.ext, *site.aux)), ("battery", site.battery), ("pv", site.pv)):
            roles |= dict.fromkeys(names, role)
        roles[site.grid] = "grid"

        def meter(entry: DeviceConfig, workshop: Workshop) -> SourceMeter:
            own = configuration.own.devices.get(entry.name, OwnDevice())
            role = roles.get(entry.name, ANY)
            return build_meter(entry.name, entry.type, entry.params, workshop, invert=own.invert, role=role)

        used = {name for name in roles if name}
        return self._devices("meter", configuration.meters, used, meter, AbsentMeter)

    def _chargers(self) -> Mapping[str, Charger]:
        used = {loadpoint.charger for loadpoint in self._configuration.loadpoints}

        def charger(entry: DeviceConfig, workshop: Workshop) -> SourceCharger:
            return build_charger(entry.name, entry.type, entry.params, workshop)

        return self._devices("charger", self._configuration.chargers, used - {""}, charger, AbsentCharger)

    def _tariffs(self) -> Board:
        zone = self._clock.epoch.tzinfo if isinstance(self._clock, DemoClock) else None
        feeds: list[tuple[Usage, Feed, str]] = []
        continuing: set[int] = set()
        for entry in self._configuration.tariffs:
            worker = f"tariff {entry.path.removeprefix('tariffs.')}"
            feed = self._tariff(entry, worker, zone)
            if feed is not None:
                if entry.path.endswith(f".{FOLLOWS}"):
                    continuing.add(len(feeds))
                feeds.append((Usage(entry.name), feed, mark_of([entry.type, entry.params])))
        currency, shelf = self._configuration.currency, self._shelf
        return Board(feeds, self._clock, currency=currency, zone=zone, shelf=shelf, continuing=continuing)

    def _tariff(self, entry: DeviceConfig, worker: str, zone: tzinfo | None) -> Feed | None:
        def feed() -> Feed | None:
            return build_feed(Usage(entry.name), worker, entry.type, entry.params, self._workshop, zone)

        return self._made("tariff", entry, feed, lambda _: None)

    def _grid_operator(self) -> GridOperator | None:
        section, own = self._configuration.kept.get("hems"), self._configuration.own.hems
        if not section:
            return None
        entry = DeviceConfig("hems", "", section, "hems")
        devices = own.devices or len(self._configuration.loadpoints) + bool(self._configuration.site.battery)
        rules = Rules(devices, own.with_sun, own.closed)
        return self._made(
            "hems", entry, lambda: self._joined(hems(section, rules, self._workshop.shop("hems"))), unreachable
        )

    def _check_circuit(self, circuit: CircuitConfig, meter: Meter | None) -> None:
        """A limit in A by a meter that knows only the sum in W is none: a single phase may carry it all."""
        key = "maxcurrent" if circuit.max_current_a > 0 else "getmaxcurrent"
        limited = circuit.max_current_a > 0 or key in circuit.params
        if not limited or not isinstance(meter, SourceMeter) or meter.tells_phases:
            return
        problem = Misconfigured(
            f"its meter {meter.name!r} tells no currents of the phases, so that nothing is charged in this circuit",
            (key,),
            "Give the meter its currents, or write maxPower; without meter: the loadpoints below are added up.",
        )
        entry = DeviceConfig(circuit.name, "", circuit.params, circuit.path)
        self._issues.extend(issues_of(self._configuration, entry, problem, "circuit"))

    def _limits(self, circuit: CircuitConfig) -> Limits:
        entry = DeviceConfig(circuit.name, "", circuit.params, circuit.path)
        static_a, static_w = circuit.max_current_a, circuit.max_power_w

        def limits() -> Limits:
            return self._joined(
                build_limits(circuit.name, circuit.params, self._workshop, static_a=static_a, static_w=static_w)
            )

        return self._made("circuit", entry, limits, lambda _: AbsentLimits())

    def _devices(
        self,
        kind: str,
        entries: tuple[DeviceConfig, ...],
        used: set[str],
        make: Callable[[DeviceConfig, Workshop], Device],
        stand_in: Callable[[str, str], Kind],
    ) -> Mapping[str, Device | Kind]:
        """Those that are used, by name; all, where nothing says which. The others are only checked."""

        def made(entry: DeviceConfig) -> Device | Kind:
            def joined() -> Device | Kind:
                return self._joined(make(entry, self._workshop))

            return self._made(kind, entry, joined, lambda error: stand_in(entry.name, error))

        for entry in entries:
            if used and entry.name not in used:
                self._check(kind, entry, make)
        return {entry.name: made(entry) for entry in entries if not used or entry.name in used}

    def _check(self, kind: str, entry: DeviceConfig, make: Callable[[DeviceConfig, Workshop], object]) -> None:
        """What is wrong with a device that nothing uses, built on a bus of its own: it meets no other there."""
        try:
            make(entry, Workshop(Bus(self._clock), self._clock, broker=self._broker))
        except Exception as problem:  # noqa: BLE001 # why: as below
            # One that is not known here is no mistake of the user, and nothing waits for it.
            known = not (isinstance(problem, Misconfigured) and problem.path in (("type",), ("template",)))
            self._issues.extend(replace(issue, fatal=known) for issue in self._told(kind, entry, problem))

    def _made(self, kind: str, entry: DeviceConfig, make: Callable[[], Kind], stand_in: Callable[[str], Kind]) -> Kind:
        try:
            return make()
        except Exception as problem:  # noqa: BLE001 # why: nothing at one device may take the web side with it
            found = self._told(kind, entry, problem)
            self._issues.extend(found)
            return stand_in(str(found[0]))

    def _told(self, kind: str, entry: DeviceConfig, problem: Exception) -> tuple[Issue, ...]:
        if isinstance(problem, (Misconfigured, ExceptionGroup)):
            try:
                return issues_of(self._configuration, entry, problem, kind)
            except Exception as foreign:  # noqa: BLE001 # why: a group may hold what is no mistake of the file
                problem = foreign
        log.error("%s %s cannot be built", kind, entry.name, exc_info=problem)
        message = f"this {kind} cannot be built: {type(problem).__name__}: {problem}."
        place = self._configuration.places.get(entry.path)
        file, line, key = (place.file, place.line, place.key) if place else ("", None, entry.path)
        remedy = "This is a fault of this program; the log says where. Everything else runs."
        return (Issue(kind, message, file, line, key, entry.name, remedy),)

    def _joined(self, device: Device) -> Device:
        self._field.add(device)
        return device
