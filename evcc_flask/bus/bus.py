"""All links of the house, each named by what is shared: a serial port, an endpoint, a device's own worker."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from threading import Condition
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from evcc_flask.domain.issues import Misconfigured
from evcc_flask.domain.ports import Clock

from .calls import CallLink
from .learned import read
from .link import WorkLink
from .manners import Etiquette, Manners, Pace
from .modbus import ModbusLink, Wire
from .mqtt import MqttLink, MqttSpec
from .needs import Link, Need, Request
from .ocpp import OcppLink, OcppSpec
from .planner import Limits, line_limits
from .specs import ModbusSpec
from .stream import StreamLink, StreamSpec
from .tcp import TcpWire

if TYPE_CHECKING:
    from .ocppserver import OcppServer

Fetched = Callable[[], None]

CLOSE_S = 0.8
"""How long ``close`` waits for the workers; one that hangs in the resolver is left behind, it is a daemon."""
GATEWAY_BAUDRATE = 9600
"""What is assumed behind a gateway that passes serial frames on: it does not say."""


class Round:
    """One refresh under way; implements :class:`evcc_flask.domain.ports.Round`."""

    def __init__(self, links: int) -> None:
        self._left = links
        self._changed = Condition()

    def ended(self) -> None:
        """One link more has tried all."""
        with self._changed:
            self._left -= 1
            self._changed.notify_all()

    def wait(self, timeout_s: float) -> bool:
        """Wait at most ``timeout_s`` real seconds; True when every link has answered or failed."""
        with self._changed:
            return self._changed.wait_for(lambda: self._left <= 0, timeout_s)


class Bus:
    """Building links does no I/O and starts no thread: both begin with the first refresh or write."""

    def __init__(
        self,
        clock: Clock,
        learned: Mapping[str, Any] = MappingProxyType({}),
        learn: Callable[[str, Any], None] = lambda name, what: None,
    ) -> None:
        """``learned``: what earlier runs gave to ``learn``, by name: plain JSON about the slaves of a link.

        ``learn`` is called from workers and must return at once.
        """
        self._clock = clock
        self._learned = learned
        self._learn = learn
        self._modbus: dict[str, tuple[ModbusSpec, ModbusLink]] = {}
        self._calls: dict[str, CallLink] = {}
        self._brokers: dict[MqttSpec, MqttLink] = {}
        self._streams: dict[StreamSpec, StreamLink] = {}
        self._stations = OcppSpec()
        self._ocpp: OcppServer | None = None

    def modbus(self, spec: ModbusSpec) -> Link:
        """The link of an endpoint, the same for all its slaves. Raises Misconfigured where they contradict."""
        key = spec.endpoint
        if key not in self._modbus:
            self._modbus[key] = (spec, self._built(spec))
        known, link = self._modbus[key]
        if known.line != spec.line:
            raise _contradiction(known, spec)
        if spec.unit is not None:
            link.mind(spec.unit, spec)
        elif spec is not known:
            link.mind(None, spec)
        return link

    def calls(self, name: str) -> CallLink:
        """A worker of its own for the HTTP calls, scripts and JavaScript of one device; one per name."""
        if name not in self._calls:
            self._calls[name] = CallLink(name, self._clock)
        return self._calls[name]

    def mqtt(self, spec: MqttSpec) -> Link:
        """The connection to a broker, the same for all its topics."""
        return self._brokers.setdefault(spec, MqttLink(spec, self._clock))

    def stream(self, spec: StreamSpec) -> Link:
        """The WebSocket of an address, the same for all who listen to it."""
        return self._streams.setdefault(spec, StreamLink(spec, self._clock))

    def await_stations(self, spec: OcppSpec) -> None:
        """Where charge points call and which may; before the first of them is built."""
        self._stations = spec

    def ocpp(self, station: str) -> OcppLink:
        """The link of a charge point, the same for all its connectors; empty: the first that calls unnamed."""
        if self._ocpp is None:
            # Houses without a charge point do not pay for asyncio.
            from .ocppserver import OcppServer

            self._ocpp = OcppServer(self._stations, self._clock)
        return self._ocpp.link(station)

    @property
    def ocpp_port(self) -> int:
        """The port that charge points are awaited on."""
        return self._ocpp.port if self._ocpp else self._stations.port

    def refresh(self, needs: Iterable[Need]) -> Round:
        """Ask every link for what is due. Returns at once."""
        return self._asked(needs, WorkLink.fetch)

    def ask(self, needs: Iterable[Need]) -> Round:
        """The same for what is asked seldom: what fails is not tried again by itself."""
        return self._asked(needs, WorkLink.once)

    def _asked(
        self, needs: Iterable[Need], fetch: Callable[[WorkLink, Mapping[Request, float], Fetched], None]
    ) -> Round:
        by_link: dict[WorkLink, dict[Request, float]] = {}
        for need in needs:
            if isinstance(need.link, WorkLink):
                wanted = by_link.setdefault(need.link, {})
                wanted[need.request] = min(need.max_age_s, wanted.get(need.request, need.max_age_s))
                if need.pressing:
                    need.link.press(need.request)
        round_ = Round(len(by_link))
        for link, wanted in by_link.items():
            fetch(link, wanted, round_.ended)
        return round_

    def counters(self) -> list[dict[str, object]]:
        """What each link has done, ready to publish."""
        return [link.report() for link in self._links()]

    def close(self) -> None:
        """End all workers and close all ports, within a second; pending commands are dropped."""
        links = self._links()
        for link in links:
            link.close()
        if self._ocpp:
            self._ocpp.close()
        until_s = self._clock.wire_s() + CLOSE_S
        for link in links:
            link.join(until_s - self._clock.wire_s())
        if self._ocpp:
            self._ocpp.join(until_s - self._clock.wire_s())

    def _links(self) -> list[WorkLink]:
        # A device may join while others count.
        modbus = (link for _, link in list(self._modbus.values()))
        stations = self._ocpp.links() if self._ocpp else ()
        pushed = (*list(self._brokers.values()), *list(self._streams.values()), *stations)
        return [*modbus, *list(self._calls.values()), *pushed]

    def _built(self, spec: ModbusSpec) -> ModbusLink:
        limits = line_limits(spec.baudrate if spec.device else GATEWAY_BAUDRATE) if spec.serial else Limits()
        manners = Manners(
            spec.effective_timeout_s,
            None if spec.unit is not None else spec.delay_s,
            None if spec.unit is not None else spec.max_registers,
            None if spec.unit is not None else spec.max_gap,
        )

        def wire(etiquette: Etiquette, pace: Pace) -> Wire:
            if not spec.serial:
                udp = spec.framing == "udp"
                return TcpWire(spec.host, spec.port, udp, etiquette, spec.connect_delay_s, pace)
            # Houses without a serial line do not pay for pyserial.
            from .serial import SerialWire

            return SerialWire(spec, etiquette, pace)

        name = spec.device or spec.endpoint
        refused = read(self._learned.get(name))
        return ModbusLink(name, self._clock, limits, manners, wire, refused, partial(self._learn, name))


def _contradiction(known: ModbusSpec, spec: ModbusSpec) -> Misconfigured:
    if spec.device and known.baudrate != spec.baudrate:
        return Misconfigured(
            f"{spec.device} is used with {known.baudrate} baud by another device",
            ("baudrate",),
            f"All devices of one line need the same: {known.baudrate}, or a line of its own.",
        )
    if spec.device and known.comset.upper() != spec.comset.upper():
        return Misconfigured(
            f"{spec.device} is used with {known.comset} by another device",
            ("comset",),
            "All devices of one line need the same.",
        )
    return Misconfigured(
        f"{spec.device or spec.endpoint} is spoken to in another framing by another device",
        ("device" if spec.device else "uri",),
        "One endpoint speaks one framing (tcp, rtu, udp or ASCII) with all its slaves.",
    )
