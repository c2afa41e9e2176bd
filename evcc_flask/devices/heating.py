"""Heat pumps as wallboxes: SG Ready by a number or by relays, and pumps that take a power.

They are heated where nothing is charged: ``temp`` stands for the SoC, boost for the charge, and a pump that is not
enabled runs on as it likes.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from evcc_flask.bus.needs import Link, Need
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.domain.ports import Clock
from evcc_flask.domain.settings import VOLTAGE_V
from evcc_flask.domain.words import Feature
from evcc_flask.plugins.fields import Loose, Many, Text, Tree, Whole
from evcc_flask.plugins.made import Written
from evcc_flask.plugins.ports import Sink, Source, Value
from evcc_flask.plugins.shop import Shop

from .custom import SOC_S, Bench
from .parts import ChargerParts
from .sinks import Given, Nowhere, Times
from .sources import above, cases, number, one_of

NORMAL, BOOST = 2, 3
"""SG Ready: 1 is less than normal, by order of the grid; 2 is the pump's own will, 3 asks for more."""
HEATS = frozenset({Feature.INTEGRATED_DEVICE, Feature.HEATING, Feature.CONTINUOUS})
PHASES = 3
"""Where the user says nothing: as a loadpoint counts that knows no better."""
ICON = "heatpump"


class Heating(Loose):
    """What all of them have."""

    power, energy, temp, limittemp = Tree(), Tree(), Tree(), Tree()
    phases = Whole(load_default=PHASES, validate=lambda count: count in (1, 3))
    title, icon, features = Text(), Text(), Many(Text())


class SgReady(Heating):
    setmode, getmode, setmaxpower = Tree(required=True), Tree(), Tree()


class HeatPump(Heating):
    setmaxpower, getmaxpower = Tree(required=True), Tree()


class SgReadyRelay(Heating):
    boost, dim = Tree(required=True), Tree()


class Told:
    """A sink whose last value is a source, too: for pumps that do not say what they were told."""

    def __init__(self, sink: Sink, first: Value, clock: Clock) -> None:
        self._sink = sink
        self._value = first
        self._clock = clock

    def needs(self) -> Iterable[Need]:
        return ()

    def at_s(self) -> float | None:
        return self._clock.monotonic_s()

    def value(self) -> Value:
        return self._value

    def link(self) -> Link | None:
        return self._sink.link()

    def write(self, value: Value) -> None:
        self._sink.write(value)
        self._value = value


class Limited:
    """A power in W, written as long as the pump is enabled; disabled it is 0, whatever current is set."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._on = False
        self._power_w = 0.0

    def link(self) -> Link | None:
        return self._sink.link()

    def write(self, value: Value) -> None:
        """W."""
        self._power_w = number(value)
        if self._on:
            self._sink.write(self._power_w)

    def switch(self, value: Value) -> None:
        """True: the power that was set; False: none."""
        self._on = bool(value)
        self._sink.write(self._power_w if self._on else 0.0)


def sg_ready(params: Mapping[str, Any], shop: Shop) -> ChargerParts:
    """A pump with SG Ready as one number. Raises Misconfigured, or a group of them."""
    bench = Bench(SgReady(), params, shop)
    mode = Told(bench.sink("setmode", "mode") or Nowhere(), NORMAL, shop.clock)
    limit = bench.sink("setmaxpower", "maxpower")
    boosts = one_of(bench.source("getmode") or mode, {str(BOOST)})
    return _made(
        bench,
        status=cases([("C", boosts)], "B"),
        enabled=boosts,
        on=Given(mode, BOOST),
        off=Given(mode, NORMAL),
        current=Times(limit, _watts(bench)) if limit else Nowhere(),
        switched=limit is None,
    )


def heat_pump(params: Mapping[str, Any], shop: Shop) -> ChargerParts:
    """A pump that takes a power in W. Raises Misconfigured, or a group of them."""
    bench = Bench(HeatPump(), params, shop)
    told = Told(bench.sink("setmaxpower", "maxpower") or Nowhere(), 0.0, shop.clock)
    limited = Limited(told)
    heats = above(bench.source("getmaxpower") or told, 0.0)
    return _made(
        bench,
        status=cases([("C", heats)], "B"),
        enabled=heats,
        on=Written(limited.link(), limited.switch),
        off=Written(limited.link(), limited.switch),
        current=Times(limited, _watts(bench)),
        switched=False,
    )


def sg_ready_relay(
    params: Mapping[str, Any], shop: Shop, charger: Callable[[str, Mapping[str, Any], Shop], ChargerParts]
) -> ChargerParts:
    """A pump whose contacts are switched by other devices, each a charger. Raises as ``sg_ready``."""
    bench = Bench(SgReadyRelay(), params, shop)

    def relay(key: str) -> ChargerParts | None:
        inner = dict(bench.node[key])
        type_ = str(inner.pop("type", ""))
        if not type_:
            bench.problems.found.append(Misconfigured("is missing", (key, "type")))
            return None
        return bench.problems.build(lambda: charger(type_, inner, shop), key)

    boost = relay("boost")
    if "dim" in bench.node:
        relay("dim")
    if boost is None:
        bench.problems.end()
        raise Misconfigured("is missing", ("boost",))
    contact = Told(boost.on or boost.off, False, shop.clock)
    boosts = boost.enabled or contact
    return _made(
        bench,
        status=cases([("C", boosts)], "B"),
        enabled=boosts,
        on=Given(boost.on, True) if boost.on else boost.current,
        off=Given(boost.off, False),
        current=Nowhere(),
        switched=True,
    )


def _watts(bench: Bench) -> float:
    """W per A."""
    return float(VOLTAGE_V * bench.node["phases"])


def _made(
    bench: Bench, *, status: Source, enabled: Source, on: Sink, off: Sink, current: Sink, switched: bool
) -> ChargerParts:
    made = ChargerParts(
        status=status,
        enabled=enabled,
        on=on,
        off=off,
        current=current,
        fine=not switched,
        power=bench.source("power"),
        energy=bench.source("energy", max_age_s=SOC_S),
        soc=bench.source("temp", max_age_s=SOC_S),
        limit_soc=bench.source("limittemp", max_age_s=SOC_S),
        physical_phases=bench.node["phases"],
        most_a=None,
        own=True,
        features=bench.features() | HEATS | ({Feature.SWITCH_DEVICE} if switched else frozenset()),
        icon=bench.node.get("icon", ICON),
    )
    bench.problems.end()
    return made
