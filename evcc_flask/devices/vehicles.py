"""Cars by the names of an evcc.yaml: offline, ``custom``, and the rows of ``kind: vehicle`` in the library.

A row is the custom vehicle that a user would have to write, with ``${name}`` for its parameters; what needs one that
was not given is left out.
"""

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from evcc_flask.bus.needs import Need
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.domain.ports import Round
from evcc_flask.plugins.fields import Duration, Loose, Many, Number, Text, Tree, Whole
from evcc_flask.plugins.problems import load
from evcc_flask.plugins.shop import Shop, Workshop
from evcc_flask.plugins.values import Kind

from . import library, template
from .custom import Bench
from .filled import at_template, filled
from .library import Row
from .vehicle import SourceVehicle, VehicleParts

Params = Mapping[str, Any]
Ask = Callable[[Iterable[Need]], Round]

CACHE_S = 900.0
"""How old an answer of an account may be before it is asked again, where the user says nothing; as evcc."""
OFFLINE = ("", "offline")
SETTERS = {"wakeup", "chargeenable", "maxcurrent"}
"""What can be written to a car."""


class Base(Loose):
    """config.md §4, all vehicles; :mod:`evcc_flask.config.vehicles` reads their values."""

    title, icon, mode = Text(), Text(), Text()
    maxcurrent: Any = Number()
    capacity, mincurrent, maxpower = Number(), Number(), Number()
    phases, priority = Whole(), Whole()
    identifiers, features = Many(Text()), Many(Text())
    onidentify = Tree()
    cache = Duration()


class Custom(Base):
    """Only ``soc`` must be there. ``maxcurrent`` is a setter here."""

    soc = Tree(required=True)
    limitsoc, status, range, odometer, climater = Tree(), Tree(), Tree(), Tree(), Tree()
    getmaxcurrent, finishtime, chargedenergy, position = Tree(), Tree(), Tree(), Tree()
    maxcurrent: Any = Tree()
    chargeenable, wakeup = Tree(), Tree()


class Position(Loose):
    latitude, longitude = Tree(required=True), Tree(required=True)


def known(type_: str, params: Params) -> bool:
    """Whether this program can read such a car (an offline one needs no reading)."""
    if type_ == "template":
        return params.get("template") in ("offline", *library.names("vehicle"))
    return type_ in (*OFFLINE, "custom")


def meant(type_: str, params: Params) -> str | None:
    """What was probably meant by a type or a template that is not known."""
    word = str(params.get("template") if type_ == "template" else type_)
    names = ["offline", *library.names("vehicle")] if type_ == "template" else ["offline", "custom", "template"]
    return next(iter(get_close_matches(word.lower(), names, 1, 0.75)), None)


def build_vehicle(name: str, type_: str, params: Params, workshop: Workshop, ask: Ask) -> SourceVehicle:
    """A car. ``params``: its other keys in lower case; ``ask`` fetches needs once.

    Raises Misconfigured, or a group of them, with paths below the car's own node.
    """
    shop = workshop.shop(f"vehicle {name}")
    return SourceVehicle(name, _parts(type_, params, shop), workshop.clock, ask, shop.calls)


def offline(name: str, workshop: Workshop, ask: Ask) -> SourceVehicle:
    """A car without an account, or with one that cannot be read."""
    return SourceVehicle(name, VehicleParts(), workshop.clock, ask, workshop.shop(f"vehicle {name}").calls)


def _parts(type_: str, params: Params, shop: Shop) -> VehicleParts:
    if type_ in OFFLINE or (type_ == "template" and params.get("template") == "offline"):
        load(Base(), {key: value for key, value in params.items() if key != "template"})
        return VehicleParts()
    if type_ == "custom":
        return custom(params, shop)
    if type_ == "template":
        _, row = library.find("vehicle", str(params.get("template") or ""))
        return of_row(row, {key: value for key, value in params.items() if key != "template"}, shop)
    raise Misconfigured(f"{type_!r} is no type of a vehicle that this program knows", ("type",))


def custom(params: Params, shop: Shop) -> VehicleParts:
    """A car whose every value is a plugin of the evcc.yaml."""
    bench = Bench(Custom(), params, shop)
    return _made(bench, bench.node.get("cache", 0.0), own=True)


def of_row(row: Row, params: Params, shop: Shop) -> VehicleParts:
    """A row with one user's parameters. A fault in the row itself is told at the template's name."""
    given = template.read(row, params)
    values = {**given.values, "timeout": template.lasting(given.values.get("timeout", row.get("timeout", 0.0)))}
    node = filled(row["vehicle"], values, SETTERS - row.get("parameters", {}).keys())
    with at_template():
        return _made(Bench(Custom(), node, shop), values.get("cache", CACHE_S), own=False)


def _made(bench: Bench, cache_s: float, *, own: bool) -> VehicleParts:
    node, problems = bench.node, bench.problems
    for setter in ("maxcurrent", "chargeenable"):
        if setter in node and "status" not in node and own:
            problems.found.append(Misconfigured(f"is missing: {setter} needs it", ("status",)))
    where = Bench(Position() if "position" in node else Loose(), node.get("position"), bench.shop)

    def number(key: str) -> Any:
        return bench.source(key, max_age_s=cache_s)

    parts = VehicleParts(
        soc=number("soc"),
        limit_soc=number("limitsoc"),
        status=bench.source("status", Kind.TEXT, cache_s),
        range_km=number("range"),
        odometer_km=number("odometer"),
        climater=bench.source("climater", Kind.BOOL, cache_s),
        offered=number("getmaxcurrent"),
        finish=bench.source("finishtime", Kind.TEXT, cache_s),
        charged_kwh=number("chargedenergy"),
        latitude=where.source("latitude", max_age_s=cache_s),
        longitude=where.source("longitude", max_age_s=cache_s),
        wakeup=bench.sink("wakeup", "wakeup"),
        enable=bench.sink("chargeenable", "chargeenable"),
        current=bench.sink("maxcurrent", "maxcurrent"),
        own=own,
    )
    problems.found += [problem.below("position") for problem in where.problems.found]
    problems.end()
    return parts
