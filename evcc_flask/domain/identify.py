"""Which car stands where, found out by the card that the wallbox read, or by what the cars' own accounts say.

A person's word stands until the car leaves. A card counts when it changes; a car's account counts where exactly one
free car says that it is plugged in.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from .carmemory import CarMemory
from .decision import Event
from .figures import DETECTION_S
from .point import Point
from .readings import CarReading
from .reasons import Code, because
from .settings import Settings
from .status import came, left
from .vehicles import VehicleSettings
from .words import Contact, Feature, Status

PLUGGED = (Status.B, Status.C)


def follow(points: Sequence[Point], cars: Mapping[str, CarReading], settings: Settings) -> None:
    """Note on the sheets who was found; the wishes that follow from it are changes, in force from the next cycle on."""
    taken: set[str] = set()
    for p in points:
        if Feature.INTEGRATED_DEVICE in p.features:
            continue
        if not p.connected:
            p.car = replace(p.car, identifier="", detects_s=None, gave_up=False, seen="")
            continue
        if Event.CONNECT in p.events:
            p.car = replace(p.car, identifier="", detects_s=None, gave_up=False, seen="")
            p.welcome = p.welcome or _welcomed(p, points, settings)
        found = _by_card(p, cars, settings) or _by_account(p, points, cars, settings)
        if found is not None and found not in taken:
            taken.add(found)
            _assign(p, found, points, cars, settings)


def match(identifier: str, cars: Mapping[str, VehicleSettings]) -> str | None:
    """The car that has this card: written out first, then by ``*``. Case does not matter; nothing matches nothing."""
    wanted = identifier.strip().casefold()
    if not wanted:
        return None
    known = [(name, each.strip().casefold()) for name, car in cars.items() for each in car.vehicle.identifiers]
    for name, each in known:
        if each == wanted:
            return name
    for name, each in known:
        if "*" in each and each.strip("*") and re.fullmatch(".*".join(map(re.escape, each.split("*"))), wanted):
            return name
    return None


def candidates(p: Point, points: Sequence[Point], settings: Settings) -> list[str]:
    """The cars that could stand here: those that stand at no other loadpoint with a car in it."""
    elsewhere = {each.settings.vehicle for each in points if each is not p and each.connected}
    return [name for name in settings.vehicles if name not in elsewhere]


def looks(p: Point) -> bool:
    """Whether it is being found out which car stands here."""
    return p.car.detects_s is not None and not p.car.gave_up


def _by_card(p: Point, cars: Mapping[str, CarReading], settings: Settings) -> str | None:
    card = (p.charger.identifier or "").strip()
    if not p.fresh or not card or card == p.car.identifier:
        return None
    found = match(card, settings.vehicles)
    if found is None:
        return None
    if p.car.identifier and found != p.settings.vehicle:
        # Another car's card without a gap: that car left, and this one came, between two looks.
        _swap(p, cars, settings)
    p.car = replace(p.car, identifier=card)
    return found


def _by_account(p: Point, points: Sequence[Point], cars: Mapping[str, CarReading], settings: Settings) -> str | None:
    """For ten minutes: the one free car whose account says since the plug-in that it stands at a box."""
    own = cars.get(p.settings.vehicle or "")
    p.car = replace(p.car, seen=_seen(p, own))
    p.car = _looking(p, own, settings)
    if not looks(p) or p.car.detects_s is None:
        return None
    if p.since(p.car.detects_s) > DETECTION_S:
        p.car = replace(p.car, gave_up=True)
        if p.settings.vehicle is None:
            p.events.append(Event.GUEST)
        return None
    possible = [
        name for name in candidates(p, points, settings) if name in cars and detectable(settings.vehicles[name])
    ]
    if possible:
        p.note(because(Code.DETECTS_VEHICLE, remaining_s=round(DETECTION_S - p.since(p.car.detects_s))))
    there = [(name, cars[name].status) for name in possible if _since_plug(p, cars[name])]
    plugged = [name for name, status in there if status in PLUGGED]
    same = [name for name, status in there if status is p.status]
    found = plugged if len(plugged) == 1 else same
    return found[0] if len(found) == 1 and found[0] != p.settings.vehicle else None


def _seen(p: Point, own: CarReading | None) -> str:
    name = p.settings.vehicle or ""
    if own is not None and own.status in PLUGGED and _since_plug(p, own):
        return name
    return p.car.seen if p.car.seen == name else ""


def _looking(p: Point, own: CarReading | None, settings: Settings) -> CarMemory:
    """Whether to look, and since when. A car whose own account says that it stands elsewhere is in doubt."""
    car, s = p.car, p.settings
    if s.detect_at is not None and s.detect_at != car.asked_at:
        return replace(car, asked_at=s.detect_at, detects_s=p.now_s, gave_up=False)
    away = _since_plug(p, own) and own is not None and own.status is Status.A
    wanted = not s.chosen and bool(settings.vehicles) and (s.vehicle is None or away)
    if not wanted:
        return replace(car, detects_s=None, gave_up=False) if s.vehicle is not None or s.chosen else car
    return car if car.detects_s is not None else replace(car, detects_s=p.now_s)


def _since_plug(p: Point, said: CarReading | None) -> bool:
    """Whether a car's word is of this connection. Before the first look at the box, of this run."""
    if said is None or said.contact is not Contact.UP or said.at_s is None:
        return False
    session = p.memory.session
    connected_s = session.connected_s if session is not None and Event.CONNECT not in p.events else p.now_s
    return said.at_s >= connected_s


def detectable(car: VehicleSettings) -> bool:
    """Whether the account may be asked for this."""
    return not {Feature.OFFLINE, Feature.AUTODETECT_DISABLED} & car.vehicle.features


def _assign(p: Point, name: str, points: Sequence[Point], cars: Mapping[str, CarReading], settings: Settings) -> None:
    """The car stands here and nowhere else. If another was seen here before, that one has left unseen."""
    if name == p.settings.vehicle:
        p.car = replace(p.car, detects_s=None, gave_up=False)
        return
    if p.car.seen not in ("", name) and Event.CONNECT not in p.events:
        _swap(p, cars, settings)
    for other in points:
        if other is not p and other.settings.vehicle == name:
            other.change("vehicle", None, "identified")
    p.change("vehicle", name, "identified")
    mode = settings.vehicles[name].vehicle.mode
    if mode is not None:
        p.change("mode", mode, "identified")
    _stands(p, name, cars, settings)


def _swap(p: Point, cars: Mapping[str, CarReading], settings: Settings) -> None:
    """One car left and another one came, unseen."""
    left(p, "swap")
    came(p)
    _stands(p, p.settings.default_vehicle, cars, settings)


def _stands(p: Point, name: str | None, cars: Mapping[str, CarReading], settings: Settings) -> None:
    """This car counts from this cycle on."""
    car = settings.vehicles.get(name) if name is not None else None
    p.settings = replace(p.settings, vehicle=name)
    p.vehicle = car.reading(cars.get(car.vehicle.name)) if car is not None else None
    p.car = replace(p.car, detects_s=None, gave_up=False, seen="")


def _welcomed(p: Point, points: Sequence[Point], settings: Settings) -> bool:
    """A car that must see current when it is plugged in may be the one that came."""
    if p.settings.vehicle is not None:
        return False
    return any(
        Feature.WELCOME_CHARGE in settings.vehicles[name].vehicle.features for name in candidates(p, points, settings)
    )
