"""The published state on an MQTT broker, retained, as it changes; and wishes from there.

One thread connects, tells and listens. It keeps no queue: while the broker is slow or gone states pass by, and the next
thing it hears is the newest one. Nothing here is waited for by the control loop.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from threading import Condition, Thread
from typing import TYPE_CHECKING, Any

from evcc_flask.bus.mqtt import MqttSpec, reason, tls_context
from evcc_flask.control.origin import asked_by
from evcc_flask.control.state import Published, SharedState
from evcc_flask.domain.backoff import Backoff
from evcc_flask.domain.changes import Origin, Who
from evcc_flask.domain.ports import Clock
from evcc_flask.domain.wishes import Rejected, Unknown

from .setters import Setters
from .topics import OFFLINE, ONLINE, SET, STATUS, UPDATED

if TYPE_CHECKING:
    import paho.mqtt.client as paho

log = logging.getLogger("mqtt")

CONNECT_S, CONFIRM_S, FENCE_S = 5.0, 10.0, 5.0
"""How long a connection may take, the broker's word that it has what was sent, and its own echo."""
KEEPALIVE_S = 30
PATIENCE = Backoff(step_s=2.0, longest_s=30.0)
UNKNOWN = "?"
"""The payload of a topic that an earlier run has left: whatever it is, it is told anew or erased."""
MOST_WISHES = 200
"""Wishes that wait to be carried out; a flood loses its oldest."""
WILD = ("site/+", "loadpoints/+/+", "vehicles/+/+")

Compose = Callable[[Published], Mapping[str, str] | None]


class Lost(Exception):
    """The connection is of no use any more; the text says why."""


class Publisher:
    """``tell`` makes retained payloads of a state, by whole topic; what it names no more is erased. None: not yet.

    ``ours``: subscriptions that find everything that we have ever retained there. ``stays``: whether a topic outlives
    us, for a house that is off is not a house that is gone.
    """

    def __init__(
        self,
        spec: MqttSpec,
        root: str,
        state: SharedState,
        clock: Clock,
        tell: Compose,
        ours: tuple[str, ...] = (),
        stays: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._spec = spec
        self._root = root
        self._state = state
        self._clock = clock
        self._tell = tell
        self._ours = (f"{root}/#", *ours)
        self._stays = stays
        self._setters = Setters(state, clock)
        self._news = Condition()
        self._wishes: deque[tuple[str, str]] = deque(maxlen=MOST_WISHES)
        self._found: set[str] = set()
        self._seen: Published | None = None
        self._up = self._down = self._echoed = self._ending = False
        self._settled = False
        """What was retained before this process is erased; a wish that is retained later was made in its time."""
        self._complained = ""
        self._thread = Thread(target=self._run, name="mqtt publisher", daemon=True)

    def start(self) -> None:
        """Begin; returns at once, whether there is a broker or not."""
        self._state.subscribe(lambda _: self._ring())
        self._thread.start()

    def stop(self, timeout_s: float = 1.5) -> None:
        """Erase what was told and say that we are offline. A second call does nothing."""
        self._ring(ending=True)
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _ring(self, **changes: bool) -> None:
        with self._news:
            for name, value in changes.items():
                setattr(self, f"_{name}", value)
            self._news.notify_all()

    def _run(self) -> None:
        patience = PATIENCE
        with asked_by(Origin(Who.MQTT)):
            while not self._ending:
                try:
                    self._session()
                except Lost as problem:
                    self._complain(str(problem))
                except (OSError, ValueError, RuntimeError) as problem:
                    self._complain(reason(problem))
                except Exception as problem:  # why: a fault of a library must not end the telling for good
                    log.exception("the publishing failed in an unforeseen way")
                    self._complained = repr(problem)
                patience = (PATIENCE if self._up else patience).failed(self._clock.wire_s())
                self._pause(lambda: self._ending, patience.until_s - self._clock.wire_s())

    def _session(self) -> None:
        client = self._client()
        self._up = self._down = self._echoed = False
        self._found.clear()
        try:
            client.connect(self._spec.host, self._spec.port, keepalive=KEEPALIVE_S)
            client.loop_start()
            self._pause(lambda: self._up or self._down or self._ending, CONNECT_S)
            if not self._up:
                raise Lost(self._refused or "does not answer")
            told = self._arrive(client)
            if self._complained:
                log.info("mqtt %s hears the state again.", self._spec.place)
                self._complained = ""
            while not self._ending:
                told = self._attend(client, told)
                self._settled = self._settled or UNKNOWN not in told.values()
                self._pause(self._anything, KEEPALIVE_S)
                if self._down:
                    raise Lost("closed the connection")
            self._leave(client, told)
        finally:
            client.disconnect()
            client.loop_stop()

    def _client(self) -> "paho.Client":
        # Imported on the first use: a house without a broker saves its memory.
        import paho.mqtt.client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        spec = self._spec
        # The devices' connection has this name already, and a broker closes the older of two.
        name = f"{spec.client_id}-state" if spec.client_id else None
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, reconnect_on_failure=False)
        client.connect_timeout = CONNECT_S
        client.will_set(f"{self._root}/{STATUS}", OFFLINE, qos=1, retain=True)
        if spec.user:
            client.username_pw_set(spec.user, spec.password)
        if spec.tls:
            client.tls_set_context(tls_context(spec))
        client.on_connect = self._on_connect
        client.on_disconnect = lambda *_: self._ring(down=True)
        client.on_publish = lambda *_: self._ring()
        client.on_message = self._on_message
        return client

    def _arrive(self, client: "paho.Client") -> dict[str, str]:
        """Find what an earlier run has left, say that we are there, and listen. What was found counts as told."""
        client.subscribe([(topic, 1) for topic in self._ours])
        client.publish(f"{self._root}/{STATUS}", ONLINE, qos=1, retain=True)
        # What is retained comes before the echo of this.
        self._pause(lambda: self._echoed or self._down or self._ending, FENCE_S)
        client.unsubscribe(list(self._ours))
        client.subscribe([(f"{self._root}/{each}/{SET}", 1) for each in WILD])
        with self._news:
            self._echoed = True  # a broker may keep our own words from us
            if past := sorted(topic for topic in self._found if topic.endswith(f"/{SET}")):
                log.warning("wishes of a time before this start are erased and not carried out: %s", ", ".join(past))
            return dict.fromkeys(self._found, UNKNOWN)

    def _attend(self, client: "paho.Client", told: dict[str, str]) -> dict[str, str]:
        """Carry out what is wished, then tell what has changed since ``told``; returns what is told now."""
        while self._wishes:
            topic, text = self._wishes.popleft()
            self._grant(topic, text)
            client.publish(topic, b"", qos=1, retain=True)
        self._seen = published = self._state.published
        telling = self._tell(published)
        if telling is None:
            return told
        wanted = {topic: text for topic, text in telling.items() if text}
        updated = f"{self._root}/{UPDATED}"
        news = list(_difference(told, wanted | ({updated: told[updated]} if updated in told else {})))
        if not news:
            return told
        now = str(int(self._clock.now().timestamp()))
        self._send(client, [*news, *([(updated, now)] if told.get(updated) != now else [])])
        return wanted | {updated: now}

    def _send(self, client: "paho.Client", messages: list[tuple[str, str]]) -> None:
        """All of them, and wait until the broker has the last one, and so all. Raises Lost."""
        for topic, text in messages[:-1]:
            client.publish(topic, text, retain=True)
        topic, text = messages[-1]
        last = client.publish(topic, text, qos=1, retain=True)
        self._pause(lambda: self._down or last.is_published(), CONFIRM_S)
        if self._down or not last.is_published():
            raise Lost("closed the connection" if self._down else "does not confirm what it is told")

    def _grant(self, topic: str, text: str) -> None:
        place = topic.removeprefix(f"{self._root}/").removesuffix(f"/{SET}")
        try:
            self._setters.apply(place, text.strip())
        except (Rejected, Unknown) as problem:
            log.warning("%s: %s", topic, problem)
        else:
            log.info("%s: %s", topic, text)

    def _leave(self, client: "paho.Client", told: Mapping[str, str]) -> None:
        gone = [(topic, "") for topic in told if not self._stays(topic)]
        self._send(client, [*gone, (f"{self._root}/{STATUS}", OFFLINE)])

    def _anything(self) -> bool:
        return bool(self._wishes) or self._down or self._ending or self._state.published is not self._seen

    def _pause(self, condition: Callable[[], bool], timeout_s: float) -> None:
        with self._news:
            self._news.wait_for(condition, max(0.0, timeout_s))

    def _complain(self, problem: str) -> None:
        if not self._complained:
            log.warning("mqtt %s: %s. The state is told there later.", self._spec.place, problem.rstrip(".?!"))
        self._complained = problem

    # On paho's thread

    _refused = ""

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._refused = f"refuses us ({reason})" if reason.is_failure else ""
        self._ring(**({"down": True} if reason.is_failure else {"up": True}))

    def _on_message(self, _client: Any, _data: Any, message: "paho.MQTTMessage") -> None:
        topic, retained = message.topic, bool(message.retain)
        with self._news:
            if topic == f"{self._root}/{STATUS}":
                self._echoed = self._echoed or not retained
            elif topic.startswith(f"{self._root}/") and topic.endswith(f"/{SET}") and (self._echoed or self._settled):
                if message.payload and self._echoed and not (retained and topic in self._found):
                    self._wishes.append((topic, message.payload.decode(errors="replace")))
            elif retained and not self._echoed:
                self._found.add(topic)
            self._news.notify_all()


def _difference(told: Mapping[str, str], wanted: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    yield from ((topic, "") for topic in told if topic not in wanted)
    yield from ((topic, text) for topic, text in wanted.items() if told.get(topic) != text)
