"""What speaks to the rest of the house: read from the configuration, then begun and ended beside the control loop.

Each is imported where it is wanted: few houses want many of them, and a start on a slow processor waits for imports.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from evcc_flask.bus.mqtt import login_of
from evcc_flask.config.model import Configuration, DeviceConfig
from evcc_flask.config.problems import issues_of
from evcc_flask.control.state import Published, SharedState
from evcc_flask.domain.issues import Issue, Misconfigured
from evcc_flask.domain.ports import Clock
from evcc_flask.plugins.mqtt import house_broker
from evcc_flask.plugins.shop import Workshop

if TYPE_CHECKING:
    from .influx import InfluxSpec
    from .messenger import MessagingSpec
    from .modbusproxy import ProxySpec
    from .publisher import Publisher
    from .totals import Past

T = TypeVar("T")
TOPIC = "evcc"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the configuration asks for, and what is wrong with it. ``shown``: what the state says of it."""

    configuration: Configuration
    influx: "InfluxSpec | None" = None
    messaging: "MessagingSpec | None" = None
    proxies: "tuple[ProxySpec, ...]" = ()
    issues: tuple[Issue, ...] = ()
    shown: Mapping[str, Any] = field(default_factory=dict)


def wanted(configuration: Configuration, workshop: Workshop) -> Wanted:
    """Never raises for what stands in a section. ``workshop``: where plugins are made."""
    sections, own, at = _Sections(configuration), configuration.own.messages, configuration.own.proxy_host

    def influx(section: Any) -> "InfluxSpec | None":
        from .influx import influx_spec

        return influx_spec(section)

    def messages(section: Any) -> "MessagingSpec | None":
        from .messaging import messaging

        return messaging(section, own, workshop)

    def served(section: Any) -> "tuple[tuple[ProxySpec, ...], Sequence[Mapping[str, Any]]]":
        from .modbusproxy import proxies, shown

        return (specs := proxies(section, at, workshop)), shown(specs)

    base = sections.made("influx", influx)
    told = sections.made("messaging", messages, whenever=bool(own.urls))
    specs, listed = sections.made("modbusproxy", served) or ((), ())
    shown = _shown(sections) | {"messaging": told is not None, "modbusproxy": list(listed)}
    return Wanted(configuration, base, told, specs, tuple(sections.issues), shown)


class Member(Protocol):
    """Something that runs beside the control loop, and that the loop knows nothing of."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Integrations:
    """All that are wanted. Nothing is reached before ``start``, and ``start`` waits for nobody."""

    def __init__(
        self,
        wanted: Wanted,
        state: SharedState,
        clock: Clock,
        past: "Past",
        before: Sequence[tuple[str, Mapping[str, Any]]] = (),
    ) -> None:
        """To be built before the control loop begins: what flows from then on is counted.

        ``before``: what the messenger has to tell at once.
        """
        members: list[Member] = []
        if publisher := _publisher(wanted.configuration, state, clock, past):
            members.append(publisher)
        if wanted.influx:
            from .influx import Influx

            members.append(Influx(wanted.influx, state, clock))
        if wanted.proxies:
            from .modbusproxy import ModbusProxy

            members += [ModbusProxy(spec, clock) for spec in wanted.proxies]
        if wanted.messaging:
            from .messenger import Messenger

            members.append(Messenger(wanted.messaging, state, clock, before))
        self._members = tuple(members)

    def start(self) -> None:
        for member in self._members:
            member.start()

    def stop(self) -> None:
        for member in self._members:
            member.stop()


class _Sections:
    """One reading: what is wrong with a section is an issue, and the others go on."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self.issues: list[Issue] = []

    def of(self, name: str) -> Mapping[str, Any]:
        """A section; empty where there is none."""
        section = self._configuration.kept.get(name)
        return section if isinstance(section, Mapping) else {}

    def made(self, name: str, make: Callable[[Any], T], *, whenever: bool = False) -> T | None:
        """What is made of a section; None where there is none (unless ``whenever``), or one that cannot work."""
        section = self._configuration.kept.get(name)
        if not section and not whenever:
            return None
        try:
            return make(section)
        except (Misconfigured, ExceptionGroup) as problem:
            entry = DeviceConfig("", "", {}, name)
            found = issues_of(self._configuration, entry, problem, name)
            self.issues += [replace(issue, fatal=False) for issue in found]
            return None


def _shown(sections: _Sections) -> dict[str, Any]:
    told: dict[str, Any] = {}
    mqtt, influx = sections.of("mqtt"), sections.of("influx")
    if mqtt.get("broker"):
        told["mqtt"] = {**_named(mqtt, "broker user clientID insecure"), "topic": root_of(mqtt)}
        told["mqtt"]["broker"] = login_of(str(mqtt["broker"]))[0]
    if influx.get("url"):
        told["influx"] = _named(influx, "url database org user insecure")
    return told


def _named(section: Mapping[str, Any], names: str) -> dict[str, Any]:
    return {name: section[name.lower()] for name in names.split() if section.get(name.lower())}


def root_of(section: Mapping[str, Any]) -> str:
    """The topic above all that is told; empty: nothing is."""
    given = section.get("topic")
    return TOPIC if given is None else str(given).strip("/")


def _publisher(configuration: Configuration, state: SharedState, clock: Clock, past: "Past") -> "Publisher | None":
    section = configuration.kept.get("mqtt") or {}
    spec = None
    with suppress(Misconfigured, ExceptionGroup):  # told already, where the devices' broker is built
        spec = house_broker(section)
    if spec is None or not (root := root_of(section)):
        return None
    from .discovery import Discovery
    from .publisher import Publisher
    from .topics import below, topics
    from .totals import Totals

    own, totals = configuration.own, Totals(state, past, clock)
    totals.follow()
    version = state.view.facts.software_version
    discovery = Discovery(root, version, own.discovery_prefix, configuration.external_url)

    def tell(published: Published) -> dict[str, str] | None:
        if not published.state["cycle"]:
            return None
        energies = {f"energy/{place}": f"{kwh:.3f}" for place, kwh in totals.kwh().items()}
        told = below(root, topics(published.state) | energies)
        return {**told, **discovery.told(published.state)} if own.discovery else told

    return Publisher(spec, root, state, clock, tell, (discovery.ours,), discovery.stays)
