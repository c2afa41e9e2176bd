"""``type: custom``: a meter or a wallbox whose every value is a plugin of the evcc.yaml."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from marshmallow.fields import Field

from evcc_flask.bus.needs import ErrorKind, Link, ReadError
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.domain.words import BatteryMode, Feature
from evcc_flask.plugins.fields import Flag, Loose, Many, Number, Text, Tree, as_map
from evcc_flask.plugins.ports import Sink, Source, Value
from evcc_flask.plugins.problems import Problems
from evcc_flask.plugins.registry import build_sink, build_source
from evcc_flask.plugins.shop import Shop
from evcc_flask.plugins.values import Kind

from .parts import ChargerParts, MeterParts
from .sinks import Nowhere
from .sources import above, cases, fixed, number, scaled
from .take import Triple

SLOW_S = 60.0
"""Energies, SoC and voltages change slowly; they are asked for once a minute."""
SOC_S = 30.0
LIMIT_S = 3600.0
LAPSING = ("power", "powers", "currents")
"""What changes all the time: pushed to us and not heard for a minute, it is not known any more."""
MIN_SOC_PERCENT, MAX_SOC_PERCENT = 20.0, 95.0
"""Where the user says nothing, as evcc has it."""


class Either(Field[Any]):
    """A figure, or a plugin that brings it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return value if as_map(value) is not None else Number()._deserialize(value, attr, data, **kwargs)


class CustomMeter(Loose):
    """config.md §4: only ``power`` must be there."""

    power = Tree(required=True)
    energy, returnenergy, soc = Tree(), Tree(), Tree()
    currents, voltages, powers = Many(Tree()), Many(Tree()), Many(Tree())
    capacity, minsoc, maxsoc = Either(), Either(), Either()
    maxchargepower, maxdischargepower, maxacpower = Either(), Either(), Either()
    limitsoc, batterymode = Tree(), Tree()
    dim, dimmed, curtail, curtailed = Tree(), Tree(), Tree(), Tree()
    title, icon = Text(), Text()


class CustomCharger(Loose):
    """config.md §4: status, enabled, enable and maxcurrent must be there."""

    status, enabled = Tree(required=True), Tree(required=True)
    enable, maxcurrent = Tree(required=True), Tree(required=True)
    maxcurrentmillis, phases1p3p, tos = Tree(), Tree(), Flag()
    power, energy, returnenergy, soc, identify = Tree(), Tree(), Tree(), Tree(), Tree()
    currents, voltages, powers = Many(Tree()), Many(Tree()), Many(Tree())
    getmaxcurrent, limitsoc, temp, limittemp, finishtime = Tree(), Tree(), Tree(), Tree(), Tree()
    wakeup = Tree()
    dim, dimmed, curtail, curtailed = Tree(), Tree(), Tree(), Tree()
    title, icon, features = Text(), Text(), Many(Text())


class SwitchSocket(Loose):
    """A wallbox that is a switch: above ``standbypower`` W it charges; a negative one is its power while it is on."""

    enabled, enable, power = Tree(required=True), Tree(required=True), Tree()
    energy, soc = Tree(), Tree()
    standbypower = Number(load_default=0.0)
    title, icon, features = Text(), Text(), Many(Text())


class Bench:
    """Builds one device's values, and collects what is wrong with any of them."""

    def __init__(self, schema: Loose, node: Any, shop: Shop) -> None:
        self.problems = Problems()
        self.node = self.problems.sound(schema, node)
        self.shop = shop

    def source(self, key: str, kind: Kind = Kind.FLOAT, max_age_s: float = 0.0) -> Source | None:
        """The plugin of ``key``; None where it is not configured or wrong."""
        below = self.node.get(key)
        if below is None:
            return None
        return self.problems.build(lambda: build_source(below, self._shop(key), kind, max_age_s), key)

    def _shop(self, key: str) -> Shop:
        return self.shop.lapsing() if key in LAPSING else self.shop

    def figure(self, key: str) -> Source | None:
        """A static figure, or a plugin for it."""
        value = self.node.get(key)
        if value is None or as_map(value) is not None:
            return self.source(key, Kind.FLOAT, LIMIT_S)
        return fixed(value, self.shop.clock)

    def triple(self, key: str, max_age_s: float = 0.0) -> Triple | None:
        """Exactly three plugins."""
        listed = self.node.get(key)
        if not listed:
            return None
        if len(listed) != 3:
            self.problems.found.append(Misconfigured(f"needs three values, one per phase, not {len(listed)}", (key,)))
            return None
        one, two, three = (
            self.problems.build(partial(build_source, below, self._shop(key), Kind.FLOAT, max_age_s), key, place)
            for place, below in enumerate(listed)
        )
        return None if one is None or two is None or three is None else (one, two, three)

    def sink(self, key: str, parameter: str) -> Sink | None:
        """The setter of ``key``, whose value is called ``parameter`` in its texts."""
        below = self.node.get(key)
        return None if below is None else self.problems.build(lambda: build_sink(below, parameter, self.shop), key)

    def features(self) -> frozenset[Feature]:
        """The declared features; an unknown one is a problem."""
        found: set[Feature] = set()
        for place, word in enumerate(self.node.get("features", ())):
            try:
                found.add(Feature(word.lower()))
            except ValueError:
                known = ", ".join(feature.value for feature in Feature)
                self.problems.found.append(
                    Misconfigured(f"{word!r} is no feature", ("features", place), f"Known: {known}.")
                )
        return frozenset(found)

    def checked(self, getters: Iterable[str] = (), setters: Iterable[str] = ()) -> None:
        """Values that nothing here uses yet: what is wrong with them is told all the same."""
        for key in getters:
            self.source(key, Kind.TEXT)
        for key in setters:
            self.sink(key, key)

    def pairs(self) -> None:
        """Setters that come with their getter or not at all; nothing uses them yet."""
        self.checked(("dimmed", "curtailed"), ("dim", "curtail"))
        for setter, getter in (("dim", "dimmed"), ("curtail", "curtailed")):
            if (setter in self.node) is not (getter in self.node):
                missing = getter if setter in self.node else setter
                self.problems.found.append(Misconfigured(f"needs {setter} and {getter}", (missing,)))


def meter(params: Mapping[str, Any], shop: Shop) -> MeterParts:
    """A custom meter. Raises Misconfigured, or a group of them."""
    bench = Bench(CustomMeter(), params, shop)
    power, soc = bench.source("power"), bench.source("soc", max_age_s=SOC_S)
    battery = "soc" in bench.node
    low, high = bench.figure("minsoc"), bench.figure("maxsoc")
    mode, limit = bench.sink("batterymode", "batteryMode"), bench.sink("limitsoc", "limitSoc")
    if mode is None and limit is not None and soc is not None:
        mode = SocLimit(
            limit, soc, low or fixed(MIN_SOC_PERCENT, shop.clock), high or fixed(MAX_SOC_PERCENT, shop.clock)
        )
    bench.pairs()
    made = MeterParts(
        power=power or fixed(None, shop.clock),
        energy=bench.source("energy", max_age_s=SLOW_S),
        return_energy=bench.source("returnenergy", max_age_s=SLOW_S),
        powers=None if battery else bench.triple("powers"),
        currents=None if battery else bench.triple("currents"),
        voltages=None if battery else bench.triple("voltages", SLOW_S),
        max_ac_w=bench.figure("maxacpower"),
        soc=soc,
        capacity=bench.figure("capacity"),
        min_soc=low,
        max_soc=high,
        max_charge_w=bench.figure("maxchargepower"),
        max_discharge_w=bench.figure("maxdischargepower"),
        battery_mode=mode,
        own=True,
        title=bench.node.get("title", ""),
        icon=bench.node.get("icon", ""),
    )
    bench.problems.end()
    return made


def charger(params: Mapping[str, Any], shop: Shop) -> ChargerParts:
    """A custom wallbox; its current counts as volatile. Raises Misconfigured, or a group of them."""
    bench = Bench(CustomCharger(), params, shop)
    if "phases1p3p" in bench.node and not bench.node.get("tos"):
        message = "phase switching by plugin is at your own risk: the box must be able to switch under load"
        bench.problems.found.append(Misconfigured(message, ("phases1p3p",), "Confirm it with tos: true."))
    nothing = Nowhere()
    enable = bench.sink("enable", "enable")
    fine = bench.sink("maxcurrentmillis", "maxcurrentmillis")
    whole = bench.sink("maxcurrent", "maxcurrent")
    wakeup = bench.sink("wakeup", "wakeup")
    bench.pairs()
    # On a heater the temperature stands for the SoC.
    soc = bench.source("soc", max_age_s=SOC_S) or bench.source("temp", max_age_s=SOC_S)
    limit = bench.source("limitsoc", max_age_s=SOC_S) or bench.source("limittemp", max_age_s=SOC_S)
    made = ChargerParts(
        status=bench.source("status", Kind.TEXT) or fixed("", shop.clock),
        enabled=bench.source("enabled", Kind.BOOL),
        on=enable or nothing,
        off=enable or nothing,
        current=fine or whole or nothing,
        fine=fine is not None,
        offered=bench.source("getmaxcurrent"),
        switch_phases=bench.sink("phases1p3p", "phases"),
        power=bench.source("power"),
        energy=bench.source("energy", max_age_s=SOC_S),
        return_energy=bench.source("returnenergy", max_age_s=SLOW_S),
        powers=bench.triple("powers"),
        currents=bench.triple("currents"),
        voltages=bench.triple("voltages", SLOW_S),
        identify=bench.source("identify", Kind.TEXT),
        soc=soc,
        limit_soc=limit,
        finish=bench.source("finishtime", Kind.TEXT, SOC_S),
        wakeup=((0.0, wakeup),) if wakeup else (),
        own=True,
        features=bench.features() | ({Feature.HEATING} if "temp" in bench.node else frozenset()),
        icon=bench.node.get("icon"),
    )
    bench.problems.end()
    return made


def switch_socket(params: Mapping[str, Any], shop: Shop) -> ChargerParts:
    """A switch as a wallbox. Raises Misconfigured, or a group of them."""
    bench = Bench(SwitchSocket(), params, shop)
    enable = bench.sink("enable", "enable")
    enabled = bench.source("enabled", Kind.BOOL)
    standby_w = bench.node["standbypower"]
    if standby_w >= 0 and "power" not in bench.node:
        bench.problems.found.append(Misconfigured("is missing", ("power",), "Or give a negative standbypower."))
    power = bench.source("power")
    if standby_w < 0 and enabled is not None:
        power = scaled(cases([("1", enabled)], "0"), -standby_w)
    made = ChargerParts(
        status=cases([("C", above(power, max(0.0, standby_w)))] if power else [], "B"),
        enabled=enabled,
        on=enable or Nowhere(),
        off=enable or Nowhere(),
        current=Nowhere(),
        most_a=None,
        power=power,
        energy=bench.source("energy", max_age_s=SOC_S),
        soc=bench.source("soc", max_age_s=SOC_S),
        own=True,
        features=bench.features() | {Feature.SWITCH_DEVICE, Feature.INTEGRATED_DEVICE},
        icon=bench.node.get("icon"),
    )
    bench.problems.end()
    return made


class SocLimit:
    """A battery that knows no modes, only the SoC it must keep: hold the present one, charge to the upper one."""

    def __init__(self, limit: Sink, soc: Source, low: Source, high: Source) -> None:
        self._limit = limit
        self._soc = soc
        self._low = low
        self._high = high

    def link(self) -> Link | None:
        return self._limit.link()

    def write(self, value: Value) -> None:
        match BatteryMode(int(number(value))):
            case BatteryMode.NORMAL:
                self._limit.write(number(self._low.value()))
            case BatteryMode.HOLD:
                self._limit.write(max(number(self._soc.value()), number(self._low.value())))
            case BatteryMode.CHARGE:
                self._limit.write(number(self._high.value()))
            case mode:
                raise ReadError(ErrorKind.NOT_AVAILABLE, f"this battery has no mode {mode.word}")
