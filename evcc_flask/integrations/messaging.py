"""The section ``messaging`` of an evcc.yaml, and ``messages`` of our own file, as what the messenger needs."""

import difflib
from collections.abc import Mapping
from functools import partial
from typing import Any

from evcc_flask.config.model import OwnMessages
from evcc_flask.domain.decision import Event
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.plugins.fields import Flag, Loose, Many, Text, Tree
from evcc_flask.plugins.problems import Problems
from evcc_flask.plugins.shop import Workshop

from .messenger import MessagingSpec, Quiet
from .phrases import Phrase, phrase
from .services import Service, addressed, service


class Section(Loose):
    events = Tree(load_default={})
    services = Many(Tree(), load_default=[])


class Words(Loose):
    title = Text(load_default="")
    msg = Text(load_default="")
    disabled = Flag(load_default=False)


def messaging(section: Any, own: OwnMessages, workshop: Workshop) -> MessagingSpec:
    """What is configured, with every problem at once. Raises a group of Misconfigured."""
    problems = Problems()
    given = problems.load(Section(), section or {}) or {"events": {}, "services": []}
    events = _events(given["events"], problems)
    services: list[Service | None] = []
    for number, node in enumerate(given["services"]):
        shop = workshop.shop(f"message {number + 1}")
        services.append(problems.build(partial(service, node, shop), "services", number))
    services += [problems.build(partial(addressed, url)) for url in own.urls]
    problems.end()
    found = tuple(each for each in services if each is not None)
    return MessagingSpec(found, events, Quiet(*own.quiet), own.language, own.notices)


def _events(nodes: Mapping[str, Any], problems: Problems) -> dict[Event, tuple[Phrase, Phrase]]:
    known = {event.value: event for event in Event}
    events = {}
    for name, node in nodes.items():
        if name.lower() not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
            problems.found.append(Misconfigured("is no event", ("events", name), hint))
            continue
        words = problems.build(partial(_words, node), "events", name)
        if words is not None:
            events[known[name.lower()]] = words
    return events


def _words(node: Any) -> tuple[Phrase, Phrase] | None:
    """Title and text; None where the event is switched off. Raises a group of Misconfigured."""
    problems = Problems()
    words = problems.load(Words(), node) or {}
    title = problems.build(partial(phrase, words.get("title", "")), "title")
    text = problems.build(partial(phrase, words.get("msg", "")), "msg")
    problems.end()
    return None if words.get("disabled") or title is None or text is None else (title, text)
