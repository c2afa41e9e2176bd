"""Builds what speaks to the rest of the house, as the configuration asks for it, and begins and ends it."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

from evcc_flask.config.model import Configuration
from evcc_flask.control.state import Published, SharedState
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.domain.ports import Clock
from evcc_flask.plugins.mqtt import house_broker

from .discovery import Discovery
from .publisher import Publisher
from .topics import below, topics
from .totals import Past, Totals

TOPIC = "evcc"


class Member(Protocol):
    """Something that runs beside the control loop, and that the loop knows nothing of."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Integrations:
    """All that are configured. Nothing is reached before ``start``, and ``start`` waits for nobody."""

    def __init__(self, configuration: Configuration, state: SharedState, clock: Clock, past: Past) -> None:
        """To be built before the control loop begins: what flows from then on is counted."""
        members = (_publisher(configuration, state, clock, past),)
        self._members: tuple[Member, ...] = tuple(each for each in members if each is not None)

    def start(self) -> None:
        for member in self._members:
            member.start()

    def stop(self) -> None:
        for member in self._members:
            member.stop()


def shown(configuration: Configuration) -> dict[str, Any]:
    """What the state says of them."""
    section = configuration.kept.get("mqtt")
    if not isinstance(section, Mapping) or not section.get("broker"):
        return {}
    named = {"broker": "broker", "user": "user", "clientid": "clientID", "insecure": "insecure"}
    told = {name: section[key] for key, name in named.items() if section.get(key)}
    return {"mqtt": told | {"topic": root_of(section)}}


def root_of(section: Mapping[str, Any]) -> str:
    """The topic above all that is told; empty: nothing is."""
    given = section.get("topic")
    return TOPIC if given is None else str(given).strip("/")


def _publisher(configuration: Configuration, state: SharedState, clock: Clock, past: Past) -> Publisher | None:
    section = configuration.kept.get("mqtt") or {}
    spec = None
    with suppress(Misconfigured, ExceptionGroup):  # told already, where the devices' broker is built
        spec = house_broker(section)
    if spec is None or not (root := root_of(section)):
        return None
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
