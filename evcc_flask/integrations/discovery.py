"""Announces the house to Home Assistant on the broker, so that every value appears there without handwork.

Ids are made of places and keys, never of titles. What is announced stays for as long as this process runs, for a value
may be missing for a while; what an earlier run announced and this one does not is taken back.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from .entities import Entity, Thing, things
from .topics import OFFLINE, ONLINE, STATUS

PREFIX = "homeassistant"
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_ID = re.compile(r"[^a-zA-Z0-9_-]+")


class Discovery:
    """The configuration messages of one house, below ``prefix``."""

    def __init__(self, root: str, version: str, prefix: str = PREFIX, url: str = "") -> None:
        self._root = root
        self._prefix = prefix
        self._url = url
        self._version = version
        own = _id(root)
        self._node = "evcc_flask" if own == "evcc" else f"evcc_flask_{own}"
        self._announced: dict[str, str] = {}
        self._known: dict[str, tuple[str, Entity]] = {}

    @property
    def ours(self) -> str:
        """A subscription that finds all that was ever announced for this house."""
        return f"{self._prefix}/+/{self._node}/+/config"

    def stays(self, topic: str) -> bool:
        """Whether it is one of ours: a house that is off for a while keeps its entities."""
        return topic.startswith(f"{self._prefix}/")

    def told(self, state: Mapping[str, Any]) -> Mapping[str, str]:
        """Topics and payloads."""
        for thing in things(state):
            device = self._device(thing)
            for entity in thing.entities:
                key = f"{_id(thing.key)}_{_id(entity.key)}"
                topic = f"{self._prefix}/{entity.word}/{self._node}/{key}/config"
                if self._known.get(topic) != (thing.name, entity):
                    self._known[topic] = thing.name, entity
                    self._announced[topic] = json.dumps(self._config(entity, key, device), ensure_ascii=False)
        return self._announced

    def _config(self, entity: Entity, key: str, device: dict[str, Any]) -> dict[str, Any]:
        unique = f"{self._node}_{key}".lower()
        given: dict[str, Any] = {
            "name": entity.name,
            "unique_id": unique,
            "default_entity_id": f"{entity.word}.{unique}",
            "availability": [
                {
                    "topic": f"{self._root}/{STATUS}",
                    "payload_available": ONLINE,
                    "payload_not_available": OFFLINE,
                }
            ],
            "device": device,
            "origin": {"name": "evcc-flask", "sw_version": self._version},
        }
        if entity.topic:
            given["state_topic"] = f"{self._root}/{entity.topic}"
        if entity.command:
            given["command_topic"] = f"{self._root}/{entity.command}"
        return given | dict(entity.more)

    def _device(self, thing: Thing) -> dict[str, Any]:
        made = {"name": thing.name, "manufacturer": "evcc-flask", "sw_version": self._version}
        if thing.key == "site":
            return {"identifiers": [self._node], **made, **({"configuration_url": self._url} if self._url else {})}
        return {"identifiers": [f"{self._node}_{thing.key}"], "via_device": self._node, **made}


def _id(text: str) -> str:
    """``chargePower`` as ``charge_power``; what an id may not hold is left out."""
    return _NO_ID.sub("_", _CAPITAL.sub("_", text)).lower()
