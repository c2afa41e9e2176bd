"""What the web and the control loop share: settings that people write, and the last published state that they read.

One lock guards references to immutable values and is held for microseconds; composing, serialising, storing and
deciding happen outside it.
"""

import gzip
import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

from evcc_flask.domain.changes import Change, Origin, Who
from evcc_flask.domain.decision import SettingChange
from evcc_flask.domain.figures import EXTERNAL_BATTERY_S
from evcc_flask.domain.settings import Settings
from evcc_flask.domain.vehicles import ManualSoc
from evcc_flask.domain.wishes import (
    place_of,
    with_all_loadpoints,
    with_car,
    with_detection,
    with_loadpoint,
    with_site,
    with_soc,
    with_vehicle,
)
from evcc_flask.planning.follow import Ended, without

from .compose import compose
from .origin import asking
from .stored import entries
from .trail import Trail, followed
from .view import View


class Keeper(Protocol):
    """Where settings survive a power cut. ``save`` queues and returns; the receipt waits for the disk.

    ``changes``: the same values with who changed them from what, for the journal.
    """

    def save(self, values: Mapping[str, Any], changes: Sequence[Change] = ()) -> "Receipt": ...


class Receipt(Protocol):
    def wait(self, timeout_s: float) -> str | None:
        """None once it is on disk, else what went wrong."""
        ...


@dataclass(frozen=True)
class Published:
    """One state, serialised once for all readers. ``body`` is the wrapped answer of ``GET /api/state``."""

    version: int
    state: Mapping[str, Any]
    bare: bytes
    body: bytes
    etag: str

    @cached_property
    def gzipped(self) -> bytes:
        """``body`` compressed, once, when somebody asks: most states are replaced before that."""
        return gzip.compress(self.body, 1, mtime=0)


class SharedState:
    """Settings and published state behind one lock. Every method is safe from any thread."""

    def __init__(
        self, settings: Settings, view: View, keeper: Keeper, redact: Callable[[dict[str, Any]], dict[str, Any]] = dict
    ) -> None:
        """``redact``: takes secrets out of a state before anybody sees it."""
        self.lock = threading.Lock()
        self._publishing = threading.Lock()
        self.woken = threading.Event()
        self._keeper = keeper
        self._settings = settings
        self._view = view
        self._redact = redact
        self._trail: Trail = ()
        self._version = 0
        self._listeners: tuple[Callable[[Published], None], ...] = ()
        self._forecast: tuple[dict[str, Any], bytes] = ({}, b"{}")
        self._entries = entries(settings)
        self._published = self._serialised(0, view, settings)

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def view(self) -> View:
        """What the last cycle saw and decided."""
        return self._view

    @property
    def trail(self) -> Trail:
        """What was decided lately, and why."""
        return self._trail

    @property
    def published(self) -> Published:
        return self._published

    def subscribe(self, listener: Callable[[Published], None]) -> None:
        """``listener`` is called after each publication, on the publishing thread; it must return at once."""
        with self.lock:
            self._listeners = (*self._listeners, listener)

    def change_site(self, **changes: Any) -> Settings:
        """A person's wish for the house. Raises Rejected; in force, stored and published when this returns."""
        facts = self._view.facts
        return self._change(
            lambda old: with_site(
                old, changes, has_battery=facts.has_battery, controllable=self._view.battery_controllable
            )
        )

    def change_loadpoint(self, index: int, **changes: Any) -> Settings:
        """A person's wish for a loadpoint (0-based). Raises Rejected, IndexError."""
        traits = self._view.traits(index)
        return self._change(
            lambda old: with_loadpoint(
                old, index, changes, physical_phases=traits.physical_phases, switches=traits.switches_phases
            )
        )

    def change_all_loadpoints(self, **changes: Any) -> Settings:
        """One wish for every loadpoint, all at once."""
        return self._change(lambda old: with_all_loadpoints(old, changes))

    def assign_vehicle(self, index: int, name: str | None) -> Settings:
        """The car that stands at a loadpoint (0-based); None: a guest. Raises Unknown."""
        return self._change(lambda old: with_car(old, index, name))

    def detect_vehicle(self, index: int, at: datetime) -> Settings:
        """Find out anew which car stands at a loadpoint (0-based)."""
        return self._change(lambda old: with_detection(old, index, at))

    def tell_soc(self, place: int | str, told: ManualSoc | None) -> Settings:
        """How full the car at a loadpoint (0-based), or the car of that name, is. Raises Unknown, Rejected."""
        return self._change(lambda old: with_soc(old, place_of(old, place) if isinstance(place, str) else place, told))

    def change_vehicle(self, name: str, **changes: Any) -> Settings:
        """A person's wish for a car. Raises Unknown."""
        return self._change(lambda old: with_vehicle(old, name, changes))

    def change_by_rule(self, changes: tuple[SettingChange, ...], seen: Settings) -> None:
        """What the rules end by themselves; a wish that a person changed since ``seen`` stands."""
        if not changes:
            return

        def apply(old: Settings) -> Settings:
            loadpoints = list(old.loadpoints)
            for change in changes:
                before = getattr(seen.loadpoints[change.loadpoint], change.name)
                if getattr(loadpoints[change.loadpoint], change.name) == before:
                    changed: Any = {change.name: change.value}
                    loadpoints[change.loadpoint] = replace(loadpoints[change.loadpoint], **changed)
            return replace(old, loadpoints=tuple(loadpoints))

        rule = changes[0].rule
        self._swap(apply, Origin(Who.RESTART) if rule == Who.RESTART.value else Origin(Who.RULE, rule))

    def end_plans(self, ended: tuple[Ended, ...]) -> None:
        """Plans that are over; one that a person changed meanwhile stands."""
        if ended:
            self._swap(lambda old: without(old, ended), Origin(Who.RULE, "plan"))

    def lapse_battery_order(self, now_s: float) -> bool:
        """Whether a mode that was ordered from outside has just lapsed (``now_s``: house monotonic)."""
        with self.lock:
            order = self._settings.external_battery_mode
            if order is None or now_s - order.set_at_s <= EXTERNAL_BATTERY_S:
                return False
            self._settings = replace(self._settings, external_battery_mode=None)
            return True

    def show(self, view: View) -> None:
        """The outcome of a cycle, published at once."""
        with self.lock:
            self._view = view
            self._trail = followed(self._trail, view.decision, view.decided_at)
        self._publish()

    def _change(self, change: Callable[[Settings], Settings]) -> Settings:
        receipt = self._swap(change, asking())
        self.woken.set()
        self._publish()
        if receipt is not None:
            receipt.wait(timeout_s=2.0)
        return self._settings

    def _swap(self, change: Callable[[Settings], Settings], origin: Origin) -> Receipt | None:
        with self.lock:
            self._settings = change(self._settings)
            before, after = self._entries, entries(self._settings)
            self._entries = after
            changed = {key: value for key, value in after.items() if before.get(key) != value}
            journal = [Change(key, before.get(key), value, origin) for key, value in changed.items()]
            return self._keeper.save(changed, journal) if changed else None

    def _publish(self) -> None:
        """What is in force now is shown to all when this returns. Changes that come together are shown together."""
        with self.lock:
            self._version += 1
            wanted = self._version
        with self._publishing:
            if self._published.version >= wanted:
                return
            with self.lock:
                version, settings, view, listeners = self._version, self._settings, self._view, self._listeners
            published = self._published = self._serialised(version, view, settings)
            for listener in listeners:
                listener(published)

    def _serialised(self, version: int, view: View, settings: Settings) -> Published:
        state = compose(view, settings)
        forecast = state.pop("forecast")  # thousands of times and numbers, and none of them a secret
        if forecast != self._forecast[0]:
            self._forecast = forecast, _json(forecast)
        state = self._redact(state)
        bare = _json(state)[:-1] + b',"forecast":' + self._forecast[1] + b"}"
        body = b'{"result":' + bare + b"}\n"
        # Made of the content: a version number would come again after a restart, with another state behind it.
        etag = f'"{hashlib.blake2b(body, digest_size=9).hexdigest()}"'
        return Published(version, state | {"forecast": forecast}, bare, body, etag)


def _json(what: Mapping[str, Any]) -> bytes:
    return json.dumps(what, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
