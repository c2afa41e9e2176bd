"""Tells people what happens: evcc's events in words of their own, and what is wrong. One message per thing and service.

One thread finds out what is to be told and sends it; nobody waits for a network here.
"""

import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from threading import Condition, Thread
from typing import Any

from evcc_flask.control.state import Published, SharedState
from evcc_flask.control.view import View
from evcc_flask.domain.decision import Event
from evcc_flask.domain.ports import Clock

from .notices import Message, Watch
from .phrases import Phrase, values
from .services import Service, Undelivered

log = logging.getLogger("push")

MOST_SEEN, MOST_HELD = 200, 100
"""Cycles that wait to be looked at, and messages that wait for the morning or for a service; the oldest are lost."""
ATTEMPTS, PAUSE_S = 4, 30.0
"""How often a service is asked to take a message, and the real seconds between."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours, by local time, in which nothing is sent; what happens then is told afterwards. Equal ends: never."""

    begins: time = time()
    ends: time = time()

    def at(self, moment: time) -> bool:
        """Whether it is quiet."""
        if self.begins <= self.ends:
            return self.begins <= moment < self.ends
        return moment >= self.begins or moment < self.ends


@dataclass(frozen=True, slots=True)
class MessagingSpec:
    """What is told, of which event, to whom. ``notices``: what is wrong is told, too."""

    services: Sequence[Service] = ()
    events: Mapping[Event, tuple[Phrase, Phrase]] = field(default_factory=dict)
    quiet: Quiet = Quiet()
    language: str = "en"
    notices: bool = True


@dataclass(slots=True)
class _Letter:
    message: Message
    service: Service
    attempts: int = 0
    not_before_s: float = float("-inf")


class Messenger:
    """Sends until it is stopped."""

    def __init__(
        self,
        spec: MessagingSpec,
        state: SharedState,
        clock: Clock,
        before: Sequence[tuple[str, Mapping[str, Any]]] = (),
    ) -> None:
        """``before``: what happened while nobody could tell it, by its kind among the notices, with its facts."""
        self._spec = spec
        self._state = state
        self._clock = clock
        self._watch = Watch(spec.language, plans=Event.PLAN_OVERRUN not in spec.events) if spec.notices else None
        self._seen: deque[tuple[Mapping[str, Any], View]] = deque(maxlen=MOST_SEEN)
        self._letters: deque[_Letter] = deque(maxlen=MOST_HELD)
        for kind, facts in before if self._watch else ():
            self._post(self._watch.of(kind, facts))
        self._news = Condition()
        self._ending = False
        self._cycle = 0
        self._thread = Thread(target=self._run, name="messenger", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._state.subscribe(self._note)
        self._thread.start()

    def stop(self, timeout_s: float = 1.0) -> None:
        """End; what waits is not sent. A second call does nothing."""
        with self._news:
            self._ending = True
            self._news.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _note(self, published: Published) -> None:
        """On the publishing thread; each cycle counts once, however often its state is published."""
        if published.state["cycle"] == self._cycle:
            return
        with self._news:
            self._cycle = published.state["cycle"]
            self._seen.append((published.state, self._state.view))
            self._news.notify_all()

    def _run(self) -> None:
        while not self._ending:
            with self._news:
                self._news.wait_for(lambda: self._ending or bool(self._seen), 1.0 if self._letters else None)
                seen = list(self._seen)
                self._seen.clear()
            for state, view in seen:
                for message in self._told(state, view):
                    self._post(message)
            if self._letters and not self._spec.quiet.at(self._clock.now().time()):
                self._deliver()

    def _post(self, message: Message) -> None:
        self._letters.extend(_Letter(message, service) for service in self._spec.services)

    def _told(self, state: Mapping[str, Any], view: View) -> list[Message]:
        told = []
        decided = view.decision.loadpoints if view.decision else ()
        for loadpoint, shown in zip(decided, state["loadpoints"], strict=False):
            for event in dict.fromkeys(loadpoint.events):
                if event in self._spec.events:
                    known = values(state, shown)
                    title, text = (phrase.filled(known) for phrase in self._spec.events[event])
                    told.append(Message(title, text))
        titles = [shown["title"] for shown in state["loadpoints"]]
        return told + (self._watch.messages(view, titles) if self._watch else [])

    def _deliver(self) -> None:
        """Every letter that is due, once; what is not taken stays, a few times."""
        for letter in list(self._letters):
            if self._ending:
                return
            if self._clock.wire_s() < letter.not_before_s:
                continue
            try:
                letter.service.send(letter.message.title, letter.message.text)
            except Undelivered as problem:
                letter.attempts += 1
                letter.not_before_s = self._clock.wire_s() + PAUSE_S
                if letter.attempts < ATTEMPTS:
                    continue
                log.warning("%s: %s; the message %r is given up", letter.service.name, problem, letter.message.title)
            except Exception:  # why: a service is foreign code, and a fault of one must not silence the others
                log.exception("%s failed in an unforeseen way", letter.service.name)
            else:
                log.debug("%s: %s", letter.service.name, letter.message.title)
            self._letters.remove(letter)
