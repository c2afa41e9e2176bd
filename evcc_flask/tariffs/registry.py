"""From an entry of ``tariffs:`` to the source of its rates."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from evcc_flask.domain.rates import Usage
from evcc_flask.plugins.shop import Workshop

from .custom import custom
from .demo import TEMPLATES, demo
from .feed import Feed
from .fixed import fixed
from .library import find
from .web import web

TYPES = ("fixed", "custom", "template")
FIXED = ("fixed", "fixed-zones")


def build_feed(
    usage: Usage, name: str, word: str, params: Mapping[str, Any], workshop: Workshop, zone: tzinfo | None
) -> Feed:
    """The source that ``type: word`` describes; ``name`` is its worker's. Does no I/O.

    Raises Misconfigured or a group of them, with paths relative to the entry.
    """
    settings = dict(params)
    if word == "template":
        word = str(settings.pop("template", "")).lower()
        return _described(usage, name, "template", word, settings, workshop, zone)
    return _described(usage, name, "type", word.lower(), settings, workshop, zone)


def _described(
    usage: Usage, name: str, key: str, word: str, settings: dict[str, Any], workshop: Workshop, zone: tzinfo | None
) -> Feed:
    if word in FIXED:
        return fixed(settings, zone, usage)
    if word == "custom" and key == "type":
        return custom(usage, name, settings, workshop, zone)
    if word in TEMPLATES:
        return demo(word, settings, zone)
    found, row = find(key, word, (*FIXED, *TEMPLATES, *(TYPES if key == "type" else ())))
    return web(usage, name, row, found, settings, workshop, zone)
