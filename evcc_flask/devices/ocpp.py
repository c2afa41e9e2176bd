"""``type: ocpp``: a wallbox that calls us by OCPP 1.6. It is steered by the default charging profile of its connector.

A limit of 0 A pauses the charge and leaves the transaction open: what ends it is the car's plug, or an RFID card.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib.util import find_spec
from math import floor
from typing import Any

from evcc_flask.bus.needs import ErrorKind, Link, Need, ReadError
from evcc_flask.bus.ocpp import FAULT, LIMIT, PHASES, SOC, STATUS, TAG, TRANSACTION, Limit, OcppLink, Told, Wishes
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.domain.ports import Clock
from evcc_flask.plugins.fields import Duration, Flag, Loose, Text, Whole
from evcc_flask.plugins.ports import Source, Value
from evcc_flask.plugins.problems import load
from evcc_flask.plugins.shop import Shop

from .parts import LEAST_A, ChargerParts, FailsafePoints, KeepAlive
from .sources import above, number
from .take import Triple

TAG_OF_OURS = "evcc"
CHARGING = "Charging"
TEND_S = 5.0
ASK_AGAIN_S = 60.0
"""A charge point that did not begin a transaction is asked again after so long."""
LAPSE_S = 60.0
"""A figure of a charge that was not renewed for so long is not known any more."""
LETTERS = {
    "Available": "A",
    "Reserved": "A",
    "Preparing": "B",
    "SuspendedEV": "B",
    "SuspendedEVSE": "B",
    "Finishing": "B",
    CHARGING: "C",
}
KEEPS = "OCPP 1.6 knows no fail-safe: over a cut line it keeps its last limit. Many boxes can be given an offline limit"
DESCRIBED: Mapping[str, Any] = {
    "kind": "charger",
    "template": "ocpp",
    "aliases": [],
    "types": ["ocpp"],
    "models": [],
    "title": "any wallbox with OCPP 1.6 (JSON)",
    "usages": [],
    "parameters": {
        "stationid": "the name that it gives itself; empty: the first that calls",
        "connector": "1",
        "idtag": TAG_OF_OURS,
        "remotestart": "false",
        "meterinterval": "10s",
        "metervalues": "",
        "chargingrateunit": "A",
        "stacklevelzero": "false",
    },
    "controls": ["current", "enable", "phases"],
    "failsafe": f"none: {KEEPS}",
    "persistent": False,
    "proof": "unproven",
    "notes": ["it calls ws://<address of this machine>:8887/<stationid>; see docs/ocpp.rst"],
}


class Ocpp(Loose):
    """config.md §2. What evcc knows and this program needs no more is taken and passed over."""

    stationid, idtag = Text(load_default=""), Text(load_default=TAG_OF_OURS)
    connector = Whole(load_default=1, validate=lambda number: number > 0)
    remotestart, stacklevelzero, forcepowerctrl = Flag(), Flag(), Flag()
    meterinterval = Duration(load_default=10.0)
    metervalues = Text(load_default="")
    chargingrateunit = Text(load_default="A", validate=lambda unit: unit.upper() in ("A", "W"))
    title, icon = Text(), Text()
    connecttimeout, timeout = Duration(), Duration()
    autostart, nostop, bootnotification, getconfiguration, phases1p3p = Flag(), Flag(), Flag(), Flag(), Flag()


class Said:
    """What the charge point said of a connector, by way of ``decode``; what it never said is not available."""

    def __init__(self, link: OcppLink, told: Told, decode: Callable[[Any], Value]) -> None:
        self._link = link
        self._told = told
        self._decode = decode

    def needs(self) -> Iterable[Need]:
        return (Need(self._link, self._told),)

    def at_s(self) -> float | None:
        return self._link.latest(self._told).at_s

    def value(self) -> Value:
        answer = self._link.latest(self._told)
        if answer.error is not None:
            raise answer.error.again()
        if answer.at_s is None:
            raise ReadError(ErrorKind.NOT_AVAILABLE, f"{self._link.name} has not told its {self._told.what}")
        return self._decode(answer.value)


class Flow:
    """A power or a current: while nothing is charged it is 0, which many charge points do not say."""

    def __init__(self, link: OcppLink, connector: int, what: str, clock: Clock) -> None:
        self._metered = Said(link, Told(connector, what), number)
        self._status = Said(link, Told(connector, STATUS), str)
        self._known = partial(link.known, connector, STATUS)
        self._clock = clock

    def needs(self) -> Iterable[Need]:
        return (*self._metered.needs(), *self._status.needs())

    def at_s(self) -> float | None:
        metered_s = self._metered.at_s()
        holds = metered_s is None or self._young(metered_s) or self._known() == CHARGING
        return metered_s if holds else self._status.at_s()

    def value(self) -> Value:
        value, at_s = self._metered.value(), self._metered.at_s()
        if at_s is not None and self._young(at_s):
            return value
        if self._status.value() == CHARGING:
            raise ReadError(ErrorKind.TIMEOUT, "the charge point tells no figures of the charge any more")
        return 0.0

    def _young(self, at_s: float) -> bool:
        return self._clock.monotonic_s() - at_s <= LAPSE_S


class Connector:
    """One connector as it is steered; all runs on the link's worker."""

    def __init__(self, link: OcppLink, number_: int, node: Mapping[str, Any], clock: Clock) -> None:
        self._link = link
        self._number = number_
        self._watts = in_watts(node)
        self._bottom = bool(node.get("stacklevelzero"))
        self._tag = node["idtag"] if node.get("remotestart") else ""
        self._clock = clock
        self._last: Limit | None = None
        self._generation = 0
        self._asked_s: float | None = None

    def offer(self, value: Value) -> None:
        """A current in A; false stops."""
        phases = self._last.phases if self._last else None
        current_a = 0.0 if value is False else floor(number(value) * 10 + 1e-6) / 10
        self._set(Limit(current_a, phases, self._watts, self._bottom))

    def switch(self, value: Value) -> None:
        """1 or 3 phases."""
        current_a = self._last.current_a if self._last else number(self._link.known(self._number, LIMIT) or 0.0)
        self._set(Limit(current_a, int(number(value)), self._watts, self._bottom))

    def tend(self, value: Value) -> None:
        """After it was away it hears its limit once more; and one that waits for it is told to begin."""
        if self._last is not None and self._generation != self._link.generation:
            self._set(self._last)
        if self._tag and self._waits():
            self._asked_s = self._clock.wire_s()
            self._link.start_charge(self._number, self._tag)

    def _set(self, limit: Limit) -> None:
        generation = self._link.generation
        self._link.limit(self._number, limit)
        self._last, self._generation = limit, max(generation, self._link.generation)

    def _waits(self) -> bool:
        if self._last is None or not self._last.current_a or self._link.known(self._number, TRANSACTION):
            return False
        if self._link.known(self._number, STATUS) != "Preparing":
            return False
        return self._asked_s is None or self._clock.wire_s() - self._asked_s >= ASK_AGAIN_S


class To:
    """A sink on the charge point's link."""

    def __init__(self, link: OcppLink, work: Callable[[Value], None]) -> None:
        self._link = link
        self._work = work

    def link(self) -> Link | None:
        return self._link

    def write(self, value: Value) -> None:
        self._work(value)


def charger(params: Mapping[str, Any], shop: Shop) -> ChargerParts:
    """A charge point's connector. Raises Misconfigured, or a group of them."""
    node = load(Ocpp(), params)
    for package in ("ocpp", "websockets"):
        if find_spec(package) is None:
            remedy = "Install it: pip install 'evcc-flask[integrations]'."
            raise Misconfigured(f"needs the package {package}, which is not installed", ("type",), remedy)
    link, connector = shop.bus.ocpp(node["stationid"]), node["connector"]
    if connector in link.wishes:
        raise Misconfigured(
            f"connector {connector} of this charge point is another charger already",
            ("connector",),
            "Give each charger a connector, or a stationid, of its own.",
        )
    one = Connector(link, connector, node, shop.clock)
    link.wish(connector, Wishes(node["metervalues"], max(1, round(node["meterinterval"])), in_watts(node)))

    def said(what: str, decode: Callable[[Any], Value] = number) -> Source:
        return Said(link, Told(connector, what), decode)

    def flow(what: str) -> Source:
        return Flow(link, connector, what, shop.clock)

    fault = said(FAULT, str)
    offered = said(LIMIT)
    currents: Triple = (flow("Current.Import.1"), flow("Current.Import.2"), flow("Current.Import.3"))
    voltages: Triple = (said("Voltage.1"), said("Voltage.2"), said("Voltage.3"))
    switched = said(PHASES, bool)
    offer = To(link, one.offer)
    return ChargerParts(
        status=said(STATUS, lambda word: _letter(str(word), fault)),
        off=offer,
        current=offer,
        fine=True,
        enabled=above(offered, 0.0),
        offered=offered,
        switch_phases=To(link, one.switch),
        may_switch=switched,
        power=flow("Power.Active.Import"),
        energy=said("Energy.Active.Import.Register", lambda watt_hours: number(watt_hours) / 1000),
        currents=currents,
        voltages=voltages,
        identify=said(TAG, lambda tag: "" if tag == node["idtag"] else tag),
        soc=said(SOC, lambda percent: number(percent) or None),  # 0: of the car that has left
        keep_alive=KeepAlive(TEND_S, write=To(link, one.tend)),
        failsafe=FailsafePoints(KEEPS),
        least_a=LEAST_A,
        icon=node.get("icon"),
    )


def in_watts(node: Mapping[str, Any]) -> bool:
    """Whether limits are told in W: A is what nearly all understand."""
    return bool(node.get("forcepowerctrl")) or str(node["chargingrateunit"]).upper() == "W"


def _letter(word: str, fault: Source) -> Value:
    if word in LETTERS:
        return LETTERS[word]
    why = str(fault.value()) or word
    raise ReadError(ErrorKind.VALUE, f"the charge point reports {word} ({why}). Look at its display or its own page")
