"""What every plugin is: a Source gives a value, a Sink takes one.

A Source never does I/O: it names what it needs, the links fetch it, and ``value`` decodes the latest answer. A plugin
that must compute at length (a script, JavaScript) makes that a Procedure on a link of its own.
"""

from collections.abc import Iterable
from typing import Protocol

from evcc_flask.bus.needs import Link, Need

Value = float | int | str | bool | bytes | None


class Source(Protocol):
    """A getter."""

    def needs(self) -> Iterable[Need]:
        """What the links should keep fresh; may change (a SunSpec point is known only after the scan)."""
        ...

    def value(self) -> Value:
        """The latest value, decoded. Raises ReadError where none can be had."""
        ...

    def at_s(self) -> float | None:
        """House monotonic time of the oldest answer that ``value`` is made of; None where it was never read."""
        ...


class Sink(Protocol):
    """A setter."""

    def link(self) -> Link | None:
        """The link whose worker runs ``write``; None: any."""
        ...

    def write(self, value: Value) -> None:
        """Carry it out, on a worker thread; raises ReadError. I/O to other links waits for their wire."""
        ...
