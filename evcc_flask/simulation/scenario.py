"""A day as data: a house, what happens to it, and what is expected of the controller. docs/scenarios.rst has the words.

Loadpoints, batteries and strings are counted from 1, as on the API. Times are those of one day, ``10:00:30``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from evcc_flask.domain.plans import RepeatingPlan
from evcc_flask.domain.readings import BatteryReading, ChargerReading, MeterReading, VehicleReading
from evcc_flask.domain.settings import Circuit, LoadpointSettings, Settings
from evcc_flask.domain.snapshot import Rates
from evcc_flask.domain.vehicles import ManualSoc, Vehicle, VehicleSettings
from evcc_flask.domain.words import BatteryMode, Feature, Mode

from .description import (
    BatteryDescription,
    BoxDescription,
    CarDescription,
    HouseDescription,
    PvDescription,
)
from .expect import Expectation, read_expectation
from .garage import AccountEvent, GarageCar, read_accounts, read_garage
from .strict import Unreadable, build, check_words, clock_time, convert, load, partial
from .wanted import PlanWords, read_prices

ZONE = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True, slots=True)
class BoxWords:
    """The box as scenarios describe it: its physics, what it can do, and what it keeps to itself (``hides``)."""

    phases: int = 3
    switches_phases: bool = False
    milliampere: bool = False
    has_power: bool = True
    can_wake: bool = False
    persistent_current: bool = False
    features: frozenset[Feature] = frozenset()
    hides: tuple[str, ...] = ()
    max_current_a: float = 32.0
    default_a: float = 16.0
    starts_enabled: bool = False
    switch_pause_s: float = 4.0
    switch_delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class HouseWords:
    """What a ``house`` may say besides the site's settings, its circuits and its loadpoints.

    ``grid_meter``, ``pv_meter`` false: there is none. ``watch_s``: how often between cycles the meters of circuits
    are looked at. ``battery_controllable``: whether the home battery takes a mode; ``battery_tells_mode``: whether it
    can be asked for it.
    """

    day: date = date(2026, 6, 21)
    seed: int = 1
    clouds: float | None = 0.0
    base_load_w: float = 250.0
    jitter_w: float = 0.0
    lag_s: float = 0.0
    export_limit_w: float | None = None
    grid_meter: bool = True
    pv_meter: bool = True
    battery_controllable: bool = True
    battery_tells_mode: bool = False
    watch_s: float = 0.0
    pv: tuple[PvDescription, ...] = (PvDescription(),)
    batteries: tuple[BatteryDescription, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A loadpoint with its box, its car (None: none ever) and what is known of that car."""

    settings: LoadpointSettings
    box: BoxWords
    car: CarDescription | None
    vehicle: VehicleReading | None
    live_soc: bool


@dataclass(frozen=True, slots=True)
class Tamper:
    """What stands between the truth and the controller: fields that are told wrong, or silence. Empty: honest again.

    ``reversed``: a meter whose wires were swapped, import shows as export. ``blind``: it does not see the wallboxes.
    ``currents_fail``: its phases stay as they were last read, while its power is of now.
    """

    says: Mapping[str, Any] = field(default_factory=dict)
    silent: bool = False
    reversed: bool = False
    blind: bool = False
    currents_fail: bool = False


@dataclass(frozen=True, slots=True)
class BoxEvent:
    """What happens at a box. ``refuses``/``unavailable``: current, enable, disable, phases, wake."""

    tamper: Tamper | None = None
    refuses: tuple[str, ...] | None = None
    unavailable: tuple[str, ...] | None = None
    rebels: bool | None = None
    ignores_phases: bool | None = None
    reboots: bool = False
    offered_a: float | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class CarEvent:
    """What happens to a car, and what it is from then on."""

    soc_percent: float | None = None
    limit_soc_percent: float | None = None
    asleep: bool | None = None
    takes: float | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """All that happens at one time; what is None stays as it was."""

    at: timedelta
    loadpoint: int = 1
    pv_w: float | None = None
    load_w: float | tuple[float, float, float] | None = None
    aux_w: float | None = None
    plugged: bool | None = None
    plugs: str | None = None
    assigns: str | None = None
    detects: bool = False
    tells_soc: ManualSoc | None = None
    accounts: Mapping[str, AccountEvent] = field(default_factory=dict)
    mode: Mode | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    site: Mapping[str, Any] = field(default_factory=dict)
    external_battery_mode: BatteryMode | None = None
    battery_soc_percent: float | None = None
    battery_refuses: bool | None = None
    battery_ignores: bool | None = None
    battery_mode: BatteryMode | None = None
    rates: Mapping[str, Any] | None = None
    prices: tuple[tuple[timedelta, float | None], ...] | None = None
    plan: PlanWords | None = None
    repeating: tuple[RepeatingPlan, ...] | None = None
    fast_once: str | None = None
    grid: Tamper | None = None
    pv: Tamper | None = None
    battery: Tamper | None = None
    circuits: Mapping[str, Tamper] = field(default_factory=dict)
    vehicle: Tamper | None = None
    box: BoxEvent | None = None
    car: CarEvent | None = None
    restart: bool = False
    clock_trusted: bool | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One day. ``forced``: sun and family are told by the timeline, not lived."""

    file: str
    title: str
    house: HouseWords
    settings: Settings
    places: tuple[Place, ...]
    garage: Mapping[str, GarageCar]
    timeline: tuple[Event, ...]
    expectations: tuple[Expectation, ...]
    start: datetime
    end: datetime

    @property
    def forced(self) -> bool:
        return any(event.pv_w is not None or event.load_w is not None for event in self.timeline)

    @property
    def watch_s(self) -> float:
        return self.house.watch_s

    @property
    def midnight(self) -> datetime:
        return datetime.combine(self.house.day, datetime.min.time(), ZONE)

    def description(self, warm_up: timedelta) -> HouseDescription:
        """The physical house of it, which begins to live ``warm_up`` before the scenario."""
        return HouseDescription(
            start=self.start - warm_up,
            seed=self.house.seed,
            clouds=self.house.clouds,
            base_load_w=self.house.base_load_w,
            jitter_w=self.house.jitter_w,
            lag_s=self.house.lag_s,
            export_limit_w=self.house.export_limit_w,
            pv=self.house.pv,
            batteries=self.house.batteries,
            boxes=tuple(_box(place) for place in self.places),
            cars=(*(place.car for place in self.places if place.car), *(each.car for each in self.garage.values())),
        )


def _box(place: Place) -> BoxDescription:
    words = place.box
    return BoxDescription(
        phases=words.phases,
        phase_order=place.settings.phase_order,
        max_current_a=words.max_current_a,
        default_a=words.default_a,
        starts_enabled=words.starts_enabled,
        switch_pause_s=words.switch_pause_s,
        switch_delay_s=words.switch_delay_s,
    )


def read(path: Path) -> Scenario:
    """A scenario from its file. Raises Unreadable with file and key."""
    try:
        return parse(load(path), str(path))
    except Unreadable as error:
        text = str(error)
        raise Unreadable(text if text.startswith(str(path)) else f"{path}: {text}") from error


def parse(content: object, file: str = "scenario") -> Scenario:
    """A scenario from plain data. Raises Unreadable naming the key."""
    if not isinstance(content, Mapping):
        raise Unreadable("a mapping with title, house, timeline, expect was expected")
    check_words(content, ("title", "house", "timeline", "expect", "until"), "scenario")
    title = content.get("title")
    if not isinstance(title, str) or not title:
        raise Unreadable("title: a sentence is missing")
    house, settings, places, garage = _house(content.get("house") or {})
    timeline = tuple(
        sorted(
            (_event(node, f"timeline[{place}]") for place, node in enumerate(_list(content, "timeline"))),
            key=lambda event: event.at,
        )
    )
    expectations = tuple(
        read_expectation(node, f"expect[{place}]") for place, node in enumerate(_list(content, "expect"))
    )
    for place, event in enumerate(timeline):
        _there(event.loadpoint, places, f"timeline[{place}]")
    for place, expectation in enumerate(expectations):
        _there(expectation.loadpoint, places, f"expect[{place}]")
    midnight = datetime.combine(house.day, datetime.min.time(), ZONE)
    first = timeline[0].at if timeline else timedelta(0)
    last = max((each.until for each in expectations), default=first)
    last = max([last, *(event.at for event in timeline)])
    if "until" in content:
        last = clock_time(content["until"], "until")
    start, end = midnight + first, midnight + last
    return Scenario(file, title, house, settings, places, garage, timeline, expectations, start, end)


def _list(content: Mapping[str, object], key: str) -> list[object]:
    node = content.get(key) or []
    if not isinstance(node, list):
        raise Unreadable(f"{key}: a list was expected")
    return node


def _there(loadpoint: int, places: tuple[Place, ...], path: str) -> None:
    if not 1 <= loadpoint <= len(places):
        raise Unreadable(f"{path}.loadpoint: there is no loadpoint {loadpoint}; they count from 1 to {len(places)}")


def _house(node: object) -> tuple[HouseWords, Settings, tuple[Place, ...], dict[str, GarageCar]]:
    if not isinstance(node, Mapping):
        raise Unreadable("house: a mapping was expected")
    of_house = {each.name for each in fields(HouseWords)}
    of_site = {each.name for each in fields(Settings)} - {"circuits", "loadpoints", "external_battery_mode", "vehicles"}
    check_words(node, sorted(of_house | of_site | {"circuits", "loadpoints", "garage"}), "house")
    garage = read_garage(node.get("garage") or {}, "house.garage")
    words = build(HouseWords, {key: node[key] for key in node if key in of_house}, "house")
    places = tuple(_place(each, at) for at, each in enumerate(node.get("loadpoints") or [{}]))
    circuits = convert(tuple[Circuit, ...], node.get("circuits") or [], "house.circuits")
    site = partial(Settings, {key: node[key] for key in node if key in of_site}, "house")
    cars = {place.vehicle.name: _car(place.vehicle) for place in places if place.vehicle}
    cars |= {name: each.settings for name, each in garage.items()}
    loadpoints = tuple(place.settings for place in places)
    settings = Settings(**site, circuits=circuits, loadpoints=loadpoints, vehicles=cars)
    return words, settings, places, garage


def _place(node: object, at: int) -> Place:
    path = f"house.loadpoints[{at}]"
    if not isinstance(node, Mapping):
        raise Unreadable(f"{path}: a mapping was expected")
    wishes = {key: value for key, value in node.items() if key not in ("box", "car", "vehicle")}
    settings = build(LoadpointSettings, wishes, path)
    box = build(BoxWords, node.get("box") or {}, f"{path}.box")
    readable = [each.name for each in fields(ChargerReading)]
    check_words(dict.fromkeys(box.hides), readable, f"{path}.box.hides")
    car_node = node.get("car", {})
    car = None if car_node is None else replace(build(CarDescription, car_node, f"{path}.car"), box=at)
    vehicle_node = node.get("vehicle")
    vehicle = build(VehicleReading, vehicle_node, f"{path}.vehicle") if vehicle_node else None
    if settings.default_vehicle:
        settings = replace(settings, vehicle=settings.default_vehicle)
    if vehicle:
        settings = replace(settings, vehicle=vehicle.name, default_vehicle=vehicle.name)
    live = isinstance(vehicle_node, Mapping) and "soc_percent" not in vehicle_node
    return Place(settings, box, car, vehicle, live)


def _car(reading: VehicleReading) -> VehicleSettings:
    return VehicleSettings(
        Vehicle(reading.name, reading.title, capacity_kwh=reading.capacity_kwh or 0.0, features=reading.features)
    )


LONG_AGO = datetime(2000, 1, 1, tzinfo=ZONE)
"""Stands for the time of the event, which the replay knows."""
COMMAND_WORDS = ("current", "enable", "disable", "phases", "wake")

_TAMPERED = {"grid": MeterReading, "pv": MeterReading, "battery": BatteryReading, "vehicle": VehicleReading}


def _event(node: object, path: str) -> Event:
    if not isinstance(node, Mapping):
        raise Unreadable(f"{path}: a mapping was expected")
    check_words(node, [each.name for each in fields(Event)], path)
    values: dict[str, Any] = {}
    plain = {}
    for key, value in node.items():
        below = f"{path}.{key}"
        if key in _TAMPERED:
            values[key] = _tamper(_TAMPERED[key], value, below)
        elif key == "box":
            values[key] = _box_event(value, below)
        elif key == "circuits":
            values[key] = {name: _tamper(MeterReading, each, f"{below}.{name}") for name, each in value.items()}
        elif key == "settings":
            values[key] = partial(LoadpointSettings, value, below)
        elif key == "site":
            values[key] = partial(Settings, value, below)
        elif key == "rates":
            values[key] = partial(Rates, value, below)
        elif key == "accounts":
            values[key] = read_accounts(value, below)
        elif key == "tells_soc":
            values[key] = ManualSoc(**{"at": LONG_AGO, **partial(ManualSoc, value, below)})
        elif key == "prices":
            values[key] = read_prices(value, below)
        else:
            plain[key] = value
    return Event(**partial(Event, plain, path), **values)


FLAGS = ("silent", "reversed", "blind", "currents_fail")


def _tamper(reading: type, node: object, path: str) -> Tamper:
    if not isinstance(node, Mapping):
        raise Unreadable(f"{path}: a mapping was expected; {{}} makes it honest again")
    check_words(node, ("says", *FLAGS), path)
    says = node.get("says") or {}
    own = {}
    if reading is BatteryReading and isinstance(says, Mapping):
        of_meter = {each.name for each in fields(MeterReading)}
        own = partial(MeterReading, {key: says[key] for key in says if key in of_meter}, f"{path}.says")
        says = {key: says[key] for key in says if key not in of_meter}
    flags = {key: convert(bool, node[key], f"{path}.{key}") for key in FLAGS if key in node}
    if (flags.keys() - {"silent"}) and reading is not MeterReading:
        raise Unreadable(f"{path}: only meters can be reversed, blind or without currents")
    return Tamper(own | partial(reading, says, f"{path}.says"), **flags)


def _box_event(node: object, path: str) -> BoxEvent:
    if not isinstance(node, Mapping):
        raise Unreadable(f"{path}: a mapping was expected")
    words = [each.name for each in fields(BoxEvent) if each.name != "tamper"]
    check_words(node, [*words, "says", "silent"], path)
    own = partial(BoxEvent, {key: node[key] for key in node if key in words}, path)
    for key in ("refuses", "unavailable"):
        check_words(
            dict.fromkeys(own.get(key, ())), ("current", "enable", "disable", "phases", "wake"), f"{path}.{key}"
        )
    tampered = {key: node[key] for key in ("says", "silent") if key in node}
    tamper = _tamper(ChargerReading, tampered, path) if tampered or not node else None
    return BoxEvent(tamper=tamper, **own)
