"""A circuit's own limits: what ``getMaxCurrent`` and ``getMaxPower`` say now, laid over what the file says."""

import logging
from collections.abc import Iterable

from evcc_flask.bus.needs import Need
from evcc_flask.domain.ports import Clock
from evcc_flask.domain.readings import LimitReading
from evcc_flask.plugins.ports import Source

from .take import Eye, needs_of

log = logging.getLogger("circuit")

TIMEOUT_S = 60.0
"""So long counts what was read last; then the static limit counts, or without one what was read last, still."""


class CircuitLimits:
    """Implements :class:`evcc_flask.domain.ports.Limits`. ``static_a``, ``static_w``: the file's limits, 0 = none."""

    def __init__(
        self,
        name: str,
        current: Source | None,
        power: Source | None,
        clock: Clock,
        *,
        static_a: float = 0.0,
        static_w: float = 0.0,
    ) -> None:
        self.name = name
        self._current = current
        self._power = power
        self._clock = clock
        self._static_a = static_a
        self._static_w = static_w
        self._eye = Eye()
        self._lost: set[str] = set()

    def needs(self) -> Iterable[Need]:
        return needs_of((self._current, self._power))

    def reading(self) -> LimitReading:
        """Instant; a source that cannot be read is said once in the log."""
        current_a, no_current = self._figure("getMaxCurrent", self._current, self._static_a)
        power_w, no_power = self._figure("getMaxPower", self._power, self._static_w)
        return LimitReading(current_a, power_w, no_current or no_power)

    def _figure(self, key: str, source: Source | None, static: float) -> tuple[float | None, bool]:
        if source is None:
            return None, False
        value, at_s, error = self._eye.number(source)
        if value is not None and at_s is not None and self._clock.monotonic_s() - at_s <= TIMEOUT_S:
            self._lost.discard(key)
            return value, False
        if error is not None and key not in self._lost:
            self._lost.add(key)
            stands = f"the static limit, {static:g}, counts" if static > 0 else "what it said last counts"
            log.warning("circuit %s: %s cannot be read: %s; %s.", self.name, key, error.rstrip(".?!"), stands)
        if static > 0:
            return None, False
        return value, value is None
