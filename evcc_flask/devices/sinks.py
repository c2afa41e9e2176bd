"""Writes made of other writes: what rows of the library need between a command and a register."""

from collections.abc import Mapping, Sequence
from threading import Event

from evcc_flask.bus.needs import ErrorKind, Link, ReadError
from evcc_flask.domain.ports import Clock
from evcc_flask.plugins.ports import Sink, Source, Value

from .sources import number, spelled


class Given:
    """Writes a value of its own, whatever it is given; a Source is asked at that moment."""

    def __init__(self, sink: Sink, value: Value | Source) -> None:
        self._sink = sink
        self._value = value

    def link(self) -> Link | None:
        return self._sink.link()

    def write(self, value: Value) -> None:
        own = self._value
        self._sink.write(own if own is None or isinstance(own, (float, int, str, bytes)) else own.value())


class Times:
    """Writes a number times ``factor``."""

    def __init__(self, sink: Sink, factor: float) -> None:
        self._sink = sink
        self._factor = factor

    def link(self) -> Link | None:
        return self._sink.link()

    def write(self, value: Value) -> None:
        self._sink.write(number(value) * self._factor)


class Steps:
    """One write after the other; the first that fails ends them."""

    def __init__(self, steps: Sequence[Sink]) -> None:
        self._steps = tuple(steps)

    def link(self) -> Link | None:
        return next((link for step in self._steps if (link := step.link()) is not None), None)

    def write(self, value: Value) -> None:
        for step in self._steps:
            step.write(value)


class ByValue:
    """Another write for each value; a value without one is not available."""

    def __init__(self, sinks: Mapping[str, Sink]) -> None:
        self._sinks = sinks

    def link(self) -> Link | None:
        return next((link for sink in self._sinks.values() if (link := sink.link()) is not None), None)

    def write(self, value: Value) -> None:
        sink = self._sinks.get(spelled(value))
        if sink is None:
            raise ReadError(ErrorKind.NOT_AVAILABLE, f"this device has no setting {spelled(value)}")
        sink.write(value)


class Chosen:
    """The first write whose condition holds: boxes that count in other units after an update."""

    def __init__(self, choices: Sequence[tuple[Source | None, Sink]]) -> None:
        self._choices = tuple(choices)

    def link(self) -> Link | None:
        return next((link for _, sink in self._choices if (link := sink.link()) is not None), None)

    def write(self, value: Value) -> None:
        for condition, sink in self._choices:
            if condition is None or condition.value():
                sink.write(value)
                return
        raise ReadError(ErrorKind.NOT_AVAILABLE, "this device has no such setting")


class Pause:
    """A device needs a moment before the next write. It holds its link, so it is short: at most 2 s."""

    def __init__(self, house_s: float, clock: Clock) -> None:
        self._house_s = min(house_s, 2.0)
        self._clock = clock

    def link(self) -> Link | None:
        return None

    def write(self, value: Value) -> None:
        Event().wait(self._clock.real_s(self._house_s))


class Nowhere:
    """For demo devices: taken, and that was all."""

    def link(self) -> Link | None:
        return None

    def write(self, value: Value) -> None:
        """Nothing is written."""
