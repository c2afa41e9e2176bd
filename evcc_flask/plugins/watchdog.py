"""Writes that a device forgets: the last value is repeated while somebody still decides, and no longer.

The dead man's handle (``shop.lease``) is asked before each repetition: when decisions cease, so do the repetitions, and
the device falls back to what it does by itself.
"""

from collections.abc import Callable
from threading import Lock
from typing import Any

from marshmallow import fields

from .const import typed
from .fields import Flag, Loose, Timeout, Tree, as_list
from .made import Written
from .ports import Sink, Value
from .problems import Problems
from .registry import build_sink
from .shop import Shop
from .values import spelled


class Watchdog(Loose):
    timeout = Timeout(required=True)
    reset = fields.Raw(load_default=None)
    initial = fields.Raw(load_default=None)
    defer = Flag(load_default=False)
    set = Tree(required=True)


class Repeater:
    """``reset``: values after which nothing is repeated. ``defer``: a change waits until the old value has lapsed."""

    def __init__(self, inner: Sink, shop: Shop, timeout_s: float, reset: frozenset[str], *, defer: bool) -> None:
        self._inner = inner
        self._clock = shop.clock
        self._lease = shop.lease
        self._link = inner.link() or shop.calls()
        self._timeout_s = timeout_s
        self._reset = reset
        self._defer = defer
        self._lock = Lock()
        self._end: Callable[[], None] | None = None
        self._held: Value = None
        self._written_s = float("-inf")

    def write(self, value: Value) -> None:
        """Write ``value``, now or when the old one has lapsed, and repeat it from then on."""
        self._stop()
        wait_s = self._written_s + self._timeout_s - self._clock.wire_s()
        if self._defer and wait_s > 0 and not self._same(value) and not self._is_reset(self._held):
            self._every(wait_s, lambda: self._begin(value))
            return
        self._begin(value)

    def expect(self, value: Value) -> None:
        """Repeat ``value`` as soon as somebody decides, before the first write."""
        self._held = value
        if not self._is_reset(value):
            self._every(self._timeout_s / 2, lambda: self._send(value))

    def _begin(self, value: Value) -> None:
        self._stop()
        self._send(value)
        self._held = value
        if not self._is_reset(value):
            self._every(self._timeout_s / 2, lambda: self._send(value))

    def _send(self, value: Value) -> None:
        self._inner.write(value)
        self._written_s = self._clock.wire_s()

    def _every(self, period_s: float, work: Callable[[], None]) -> None:
        def job(wire: Any) -> None:
            if self._lease.alive():
                work()

        with self._lock:
            self._end = self._link.every(period_s, job)

    def _stop(self) -> None:
        with self._lock:
            end, self._end = self._end, None
        if end is not None:
            end()

    def _same(self, value: Value) -> bool:
        return self._held is not None and spelled(value) == spelled(self._held)

    def _is_reset(self, value: Value) -> bool:
        return value is None or _word(value) in self._reset


def sink(node: dict[str, Any], param_name: str, shop: Shop) -> Sink:
    problems = Problems()
    settings = problems.sound(Watchdog(), node)
    inner = problems.build(lambda: build_sink(settings.get("set"), param_name, shop), "set")
    if settings.get("timeout", 0) < 1:
        problems.tell("is shorter than a second", "timeout", remedy="Write 60s.")
    problems.end()
    assert inner is not None
    reset = frozenset(_word(value) for value in as_list(settings["reset"]))
    repeater = Repeater(inner, shop, settings["timeout"], reset, defer=settings["defer"])
    if settings["initial"] is not None:
        repeater.expect(typed(settings["initial"]))
    return Written(inner.link() or shop.calls(), repeater.write)


def _word(value: Value) -> str:
    text = spelled(value).strip().lower()
    return {"true": "1", "false": "0"}.get(text, text)
