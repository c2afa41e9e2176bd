"""The context in which the plugins of one device are built: its links, clocks, virtual machines and dead man's handle.

Building does no I/O; a link is only named.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from evcc_flask.bus.needs import Calls, Link
from evcc_flask.domain.ports import Clock

from .answers import Answers
from .machines import Machines
from .ports import Source
from .web import Caller

if TYPE_CHECKING:
    from evcc_flask.bus.mqtt import MqttSpec
    from evcc_flask.bus.ocpp import OcppLink
    from evcc_flask.bus.specs import ModbusSpec
    from evcc_flask.bus.stream import StreamSpec

    from .sunspec_scan import Scan


class Links(Protocol):
    """What plugins need of the bus."""

    def modbus(self, spec: "ModbusSpec") -> Link: ...

    def calls(self, name: str) -> Calls: ...

    def mqtt(self, spec: "MqttSpec") -> Link: ...

    def stream(self, spec: "StreamSpec") -> Link: ...

    def ocpp(self, station: str) -> "OcppLink": ...


LAPSE_S = 60.0
"""A power that is pushed to us and was not heard for so long is not known any more, where the user says nothing."""


class Lease(Protocol):
    """The dead man's handle of a device: keep-alives are sent only while it is alive."""

    def alive(self) -> bool: ...


class NoLease:
    """For devices that nobody decides about: nothing is ever repeated."""

    def alive(self) -> bool:
        return False


@dataclass(frozen=True)
class Shop:
    """``device`` names the device and its worker for HTTP, scripts and JavaScript.

    ``broker``: the house's own. ``values``: how the value of another device (kind, method, its configuration) is had.
    ``lapse_s``: after so many seconds without news a pushed value lapses; 0: never.
    """

    bus: Links
    clock: Clock
    device: str
    answers: Answers
    machines: Machines
    caller: Caller
    lease: Lease
    scans: "dict[tuple[str, int], Scan]"
    broker: "MqttSpec | None" = None
    values: "Callable[[str, str, Mapping[str, Any], Shop], Source] | None" = None
    lapse_s: float = 0.0

    def calls(self) -> Calls:
        """The device's own worker for what is not Modbus."""
        return self.bus.calls(self.device)

    def lapsing(self) -> "Shop":
        """The context for values that must be heard every minute: powers and currents."""
        return replace(self, lapse_s=LAPSE_S)


class Workshop:
    """One for the house: what devices share (equal GETs, named JavaScript machines)."""

    def __init__(
        self,
        bus: Links,
        clock: Clock,
        javascript: Iterable[Mapping[str, Any]] = (),
        broker: "MqttSpec | None" = None,
    ) -> None:
        """``javascript``: the configuration's entries, each ``vm`` and ``script``. ``broker``: that of ``mqtt:``.

        Raises a group of Misconfigured.
        """
        self._bus = bus
        self._broker = broker
        self.clock = clock
        self._scans: dict[tuple[str, int], Scan] = {}
        self._answers = Answers(clock)
        self._machines = Machines(bus.calls, javascript)

    def shop(self, device: str, lease: Lease | None = None) -> Shop:
        """The context for ``device``, a name that is unique in the house (``charger garage``)."""
        return Shop(
            self._bus,
            self.clock,
            device,
            self._answers,
            self._machines,
            Caller(self.clock),
            lease or NoLease(),
            self._scans,
            self._broker,
        )
