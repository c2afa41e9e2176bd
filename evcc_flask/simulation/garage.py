"""Cars that come to any box, and their makers' accounts, which answer late, sleep, limit calls, repeat themselves.

``house.garage`` describes them by name; docs/scenarios.rst has the words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from evcc_flask.domain.decision import Ask
from evcc_flask.domain.readings import CarReading, CarTraits
from evcc_flask.domain.vehicles import Vehicle, VehicleSettings
from evcc_flask.domain.words import Contact, Status

from .car import Car
from .description import CarDescription
from .house import House
from .strict import Unreadable, build, check_words, partial

GUEST = "guest"
TELLS = ("soc", "status", "odometer", "range", "climater", "limit")


@dataclass(frozen=True, slots=True)
class AccountWords:
    """An account that ``tells`` so much of its car, ``delay_s`` after it was asked, and keeps it for ``cache_s``."""

    tells: tuple[str, ...] = ("soc",)
    delay_s: float = 0.0
    cache_s: float = 900.0


@dataclass(frozen=True, slots=True)
class GarageCar:
    """A car with what people want of it; ``account`` None: it is offline."""

    settings: VehicleSettings
    car: CarDescription
    account: AccountWords | None


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """How an account stands from now on, and what it says whatever is true."""

    contact: Contact = Contact.UP
    says: Mapping[str, Any] = field(default_factory=dict)


def read_garage(node: object, path: str) -> dict[str, GarageCar]:
    """The cars by name. Raises Unreadable naming the key."""
    if not isinstance(node, Mapping):
        raise Unreadable(f"{path}: names of cars were expected")
    return {str(name): _car(str(name), each, f"{path}.{name}") for name, each in node.items()}


def _car(name: str, node: object, path: str) -> GarageCar:
    facts = [each.name for each in fields(Vehicle) if each.name != "name"]
    wishes = ("min_soc_percent", "limit_soc_percent")
    if not isinstance(node, Mapping):
        raise Unreadable(f"{path}: a mapping was expected")
    check_words(node, [*facts, *wishes, "car", "account"], path)
    vehicle = Vehicle(name, **partial(Vehicle, {key: node[key] for key in node if key in facts}, path))
    wanted = partial(VehicleSettings, {key: node[key] for key in node if key in wishes}, path)
    own = {"capacity_kwh": vehicle.capacity_kwh} if vehicle.capacity_kwh else {}
    car = replace(build(CarDescription, {**own, **(node.get("car") or {})}, f"{path}.car"), plugged=False)
    account = build(AccountWords, node["account"], f"{path}.account") if node.get("account") is not None else None
    if account is not None:
        check_words(dict.fromkeys(account.tells), TELLS, f"{path}.account.tells")
    return GarageCar(VehicleSettings(vehicle, **wanted), car, account)


def read_accounts(node: object, path: str) -> dict[str, AccountEvent]:
    """Accounts by the name of the car. Raises Unreadable naming the key."""
    if not isinstance(node, Mapping):
        raise Unreadable(f"{path}: names of cars were expected")
    found = {}
    for name, each in node.items():
        below = f"{path}.{name}"
        if not isinstance(each, Mapping):
            raise Unreadable(f"{below}: a mapping was expected; {{}} makes it honest again")
        check_words(each, ("contact", "says"), below)
        event = partial(AccountEvent, {key: each[key] for key in each if key == "contact"}, below)
        found[str(name)] = AccountEvent(**event, says=partial(CarReading, each.get("says") or {}, f"{below}.says"))
    return found


class Garage:
    """The cars of a running scenario, and what their accounts have answered so far."""

    def __init__(self, cars: Mapping[str, GarageCar], house: House) -> None:
        self._house = house
        self._words = {name: each.account for name, each in cars.items() if each.account is not None}
        self._cars = dict(zip(cars, house.cars[len(house.cars) - len(cars) :], strict=True))
        self._events: dict[str, AccountEvent] = {}
        self._said = {
            name: CarReading(name, Contact.UNREAD, traits=_traits(each)) for name, each in self._words.items()
        }
        self._coming: list[tuple[float, str, CarReading]] = []
        self.calls = 0

    def forget(self) -> None:
        """The program starts anew, and has asked nobody yet."""
        self._coming.clear()
        self._said = {name: CarReading(name, Contact.UNREAD, traits=each.traits) for name, each in self._said.items()}

    def plug(self, name: str, place: int) -> None:
        """This car's cable goes into a box (0-based); another car that is there leaves in the same moment."""
        box, car = self._house.boxes[place], self._cars[name]
        for other in self._house.boxes:
            if other.car is car or other is box:
                other.unplug()
        box.plug(car)

    def happen(self, events: Mapping[str, AccountEvent]) -> None:
        """From now on these accounts stand so."""
        self._events.update(events)

    def ask(self, asks: Sequence[Ask], now_s: float) -> None:
        """As the drivers do: what is young enough in the cache is not asked for again."""
        for each in asks:
            words, said = self._words.get(each.name), self._said.get(each.name)
            if words is None or said is None:
                continue
            if not each.anew and said.at_s is not None and now_s - said.at_s < words.cache_s:
                continue
            self.calls += 1
            contact = self._events.get(each.name, AccountEvent()).contact
            pending = Contact.PENDING if said.at_s is None else said.contact
            self._said[each.name] = replace(said, asked_at_s=now_s, contact=pending)
            answer = self._answer(each.name, words, contact, now_s)
            self._coming.append((now_s + words.delay_s, each.name, answer))

    def readings(self, now_s: float) -> dict[str, CarReading]:
        """What is known by now."""
        for coming in [each for each in self._coming if each[0] <= now_s]:
            self._coming.remove(coming)
            due_s, name, answer = coming
            asked_at_s = self._said[name].asked_at_s
            if answer.contact is Contact.UP:
                self._said[name] = replace(answer, at_s=due_s, asked_at_s=asked_at_s)
            else:
                self._said[name] = replace(self._said[name], contact=answer.contact, error=answer.error)
        return dict(self._said)

    def _answer(self, name: str, words: AccountWords, contact: Contact, now_s: float) -> CarReading:
        reading = CarReading(name, contact, now_s, traits=_traits(words))
        if contact is not Contact.UP:
            return replace(reading, error=f"the account is {contact.value}")
        car = self._cars[name]
        truth: dict[str, Any] = {
            "soc": ("soc_percent", float(int(car.soc_percent))),
            "status": ("status", self._status(car)),
            "odometer": ("odometer_km", 12345.6),
            "range": ("range_km", 4.0 * car.soc_percent),
            "climater": ("climater", False),
            "limit": ("limit_soc_percent", car.limit_soc_percent),
        }
        told = dict(truth[each] for each in words.tells)
        return replace(reading, **{**told, **self._events.get(name, AccountEvent()).says})

    def _status(self, car: Car) -> Status:
        box = next((each for each in self._house.boxes if each.car is car), None)
        return Status(box.status) if box is not None else Status.A


def _traits(words: AccountWords) -> CarTraits:
    return CarTraits(has_soc="soc" in words.tells, has_status="status" in words.tells)
