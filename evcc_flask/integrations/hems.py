"""``hems``: how the grid operator's order arrives (§14a EnWG). A contact that nobody can read counts as an order.

Relay, the contacts of a FNN control box, or plugins of one's own. It is read like a device; what it means is decided in
the core.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from marshmallow import ValidationError

from evcc_flask.bus.needs import ErrorKind, Need, ReadError
from evcc_flask.domain.gridorder import minimum_w
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.domain.ports import Clock, GridOperator
from evcc_flask.domain.readings import GridOrder
from evcc_flask.plugins.fields import Duration, Loose, Number, Tree
from evcc_flask.plugins.ports import Source
from evcc_flask.plugins.problems import Problems, load
from evcc_flask.plugins.registry import build_source
from evcc_flask.plugins.shop import Shop
from evcc_flask.plugins.values import Kind

LOST_S = 60.0
"""So long unread, and an order is thought to be there."""
TEST_S = 300.0
FNN_PRODUCTION = {"w4": 0.0, "s2": 30.0, "s1": 60.0}
"""What each contact leaves of the feed-in, in percent; the strictest first."""


@dataclass(frozen=True, slots=True)
class Rules:
    """``devices``: so many share the minimum. ``with_sun``: the sun's surplus comes on top. ``closed``: a closed
    contact is a free one, so that a broken wire limits.
    """

    devices: int
    with_sun: bool = True
    closed: bool = False


class _Relay(Loose):
    maxpower, limit = Number(load_default=0.0), Tree(required=True)
    interval = Duration()


class _Fnn(Loose):
    maxdimpower, productionnominalmax = Number(load_default=0.0), Number(load_default=0.0)
    w3, s1, s2, w4 = Tree(required=True), Tree(), Tree(), Tree()
    interval = Duration()


class _Custom(Loose):
    maxconsumptionpower, curtailedpercent = Tree(required=True), Tree()
    interval = Duration()


class _Last:
    """What a source said last, and when; before the first word the start counts."""

    def __init__(self, source: Source, clock: Clock) -> None:
        self.source = source
        self._clock = clock
        self._value: Any = None
        self._at_s: float | None = None
        self._began_s = clock.monotonic_s()

    def look(self) -> tuple[Any, str | None]:
        """The value, None before the first; and why it has been unread for too long."""
        why = "it was never read"
        try:
            value = self.source.value()
            if value is None or value != value:
                raise ReadError(ErrorKind.VALUE, f"it says {value}, which is no figure")
            self._value, self._at_s = value, self.source.at_s()
        except ReadError as error:
            why = str(error)
        since_s = self._began_s if self._at_s is None else self._at_s
        return self._value, why if self._clock.monotonic_s() - since_s > LOST_S else None


class Hems:
    """Implements :class:`evcc_flask.domain.ports.GridOperator`. ``max_w``: what a contact leaves."""

    def __init__(
        self, kind: str, contact: Source | None, power: Source | None, max_w: float, rules: Rules, clock: Clock
    ) -> None:
        self.name = "hems"
        self.kind = kind
        self.production: dict[float, _Last] = {}
        self.curtailed: _Last | None = None
        self._contact = _Last(contact, clock) if contact is not None else None
        self._power = _Last(power, clock) if power is not None else None
        self._max_w = max_w
        self._rules = rules
        self._clock = clock
        self._minimum_w = minimum_w(rules.devices)
        self._test_until_s: float | None = None

    def needs(self) -> Iterable[Need]:
        """As a device's."""
        for last in (self._contact, self._power, self.curtailed, *self.production.values()):
            if last is not None:
                yield from last.source.needs()

    def test(self, seconds: float = TEST_S) -> float:
        """As if an order had come, for so long; 0 ends it. From any thread; returns the limit in W."""
        self._test_until_s = self._clock.monotonic_s() + seconds if seconds > 0 else None
        return self._max_w or self._minimum_w

    def reading(self) -> GridOrder:
        """Instant."""
        limit_w, error = self._limit()
        cause = "unread" if error else "order"
        until_s = self._test_until_s
        if error is None and limit_w is None and until_s is not None and self._clock.monotonic_s() < until_s:
            limit_w, cause = self._max_w or self._minimum_w, "test"
        rules = self._rules
        return GridOrder(self.kind, limit_w, self._minimum_w, rules.with_sun, cause, self._production(), error)

    def _limit(self) -> tuple[float | None, str | None]:
        """W, None: free; and why nobody knows."""
        if self._contact is not None:
            value, error = self._contact.look()
            limited = value is not None and bool(value) is not self._rules.closed
            return (self._max_w or self._minimum_w) if limited or error else None, error
        if self._power is None:
            return None, None
        watt, error = self._power.look()
        if error:
            return self._minimum_w, error
        return float(watt) if isinstance(watt, int | float) and watt > 0 else None, None

    def _production(self) -> float | None:
        if self.curtailed is not None:
            value, _ = self.curtailed.look()
            return float(value) if isinstance(value, int | float) else None
        return next((percent for percent, last in self.production.items() if last.look()[0]), None)


def hems(section: Mapping[str, Any], rules: Rules, shop: Shop) -> Hems:
    """What ``hems`` asks for. Does no I/O. Raises Misconfigured, or a group of them."""
    params = dict(section)
    kind = str(params.pop("type", "") or "").lower()
    if kind == "eebus":
        raise Misconfigured(
            "EEBus is missing in this program: orders of the grid operator that come by it are NOT obeyed",
            ("type",),
            "Wire the control box by a contact (type: relay or fnn), or do not use this where EEBus is asked of you.",
        )
    makers = {"relay": _relay, "fnn": _fnn, "custom": _custom}
    if kind not in makers:
        raise Misconfigured(f"{kind!r} is no way to the grid operator", ("type",), "Known: relay, fnn, custom.")
    try:
        return makers[kind](params, rules, shop)
    except ValidationError as error:
        raise Misconfigured(str(error)) from None


def _relay(params: Mapping[str, Any], rules: Rules, shop: Shop) -> Hems:
    node, problems = load(_Relay(), params), Problems()
    contact = problems.build(partial(build_source, node["limit"], shop, Kind.BOOL), "limit")
    problems.end()
    return Hems("relay", contact, None, max(0.0, node["maxpower"]), rules, shop.clock)


def _fnn(params: Mapping[str, Any], rules: Rules, shop: Shop) -> Hems:
    node, problems = load(_Fnn(), params), Problems()
    contacts = {
        name: problems.build(partial(build_source, node[name], shop, Kind.BOOL), name)
        for name in ("w3", *FNN_PRODUCTION)
        if name in node
    }
    problems.end()
    made = Hems("fnn", contacts["w3"], None, max(0.0, node["maxdimpower"]), rules, shop.clock)
    for name, percent in FNN_PRODUCTION.items():
        if (source := contacts.get(name)) is not None:
            made.production[percent] = _Last(source, shop.clock)
    return made


def _custom(params: Mapping[str, Any], rules: Rules, shop: Shop) -> Hems:
    node, problems = load(_Custom(), params), Problems()
    power, curtailed = (
        problems.build(partial(build_source, node[key], shop, Kind.FLOAT), key) if key in node else None
        for key in ("maxconsumptionpower", "curtailedpercent")
    )
    problems.end()
    made = Hems("custom", None, power, 0.0, rules, shop.clock)
    made.curtailed = _Last(curtailed, shop.clock) if curtailed is not None else None
    return made


class _Unreachable:
    """Stands for a section with mistakes: nobody can know what is ordered."""

    name = "hems"

    def __init__(self, error: str) -> None:
        self._error = error

    def reading(self) -> GridOrder:
        return GridOrder("unknown", minimum_w(1), minimum_w(1), cause="unread", error=self._error)


def unreachable(error: str) -> GridOperator:
    """While the section is wrong, the least that is owed to a single device is what cars and battery may take."""
    return _Unreachable(error)
