"""From an entry of ``tariffs:`` to the source of its rates."""

import difflib
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from evcc_flask.domain.issues import Misconfigured
from evcc_flask.domain.rates import Usage
from evcc_flask.plugins.shop import Workshop

from .feed import Feed
from .fixed import fixed

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
        return fixed(settings, zone)
    known = (*TYPES, *FIXED)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
    raise Misconfigured(f"{word!r} is no {key} of a tariff that this program knows", (key,), hint)
