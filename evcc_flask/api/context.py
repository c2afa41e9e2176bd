"""What a handler may reach: set once by ``create_app``, found through the running app."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, cast

from flask import current_app

from evcc_flask.control.state import SharedState
from evcc_flask.domain.ports import Clock
from evcc_flask.jq.pool import Pool
from evcc_flask.security.visitors import DoorRules
from evcc_flask.storage.database import Database

from .longlist import Short

KEY = "evcc-flask"


class Verdict(Protocol):
    """Whether charging is under control and, where not, the sentence why."""

    @property
    def ok(self) -> bool: ...

    @property
    def reason(self) -> str: ...

    @property
    def alive(self) -> bool:
        """Whether the loop decides, though what it needs may be missing."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """The rooms behind the API. ``envelope``: wrapped, bare or both."""

    state: SharedState
    database: Database
    health: Callable[[], Verdict]
    clock: Clock
    envelope: str = "wrapped"
    rules: DoorRules = field(default_factory=DoorRules)
    filters: Pool = field(default_factory=Pool)
    lists: Short = field(default_factory=Short)


def context() -> Context:
    return cast(Context, current_app.extensions[KEY])


def state() -> SharedState:
    """Settings and published state of the running house."""
    return context().state


def now() -> datetime:
    """The house's wall time."""
    return context().clock.now()
