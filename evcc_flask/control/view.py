"""What the world is shown: the last cycle, and what does not change while the process runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evcc_flask.domain.decision import Decision
from evcc_flask.domain.issues import Issue
from evcc_flask.domain.readings import ChargerTraits
from evcc_flask.domain.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Facts:
    """What does not change while the process runs. Paths are shown as evcc shows them."""

    software_version: str = "0"
    grid: bool = False
    has_battery: bool = False
    config: str | None = None
    database: str | None = None
    port: int = 7070
    host: str = ""
    demo: bool = False
    observe: bool = False
    auth_disabled: bool = False
    custom_css: bool = False
    chargers: tuple[str, ...] = ()
    integrations: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class View:
    """The last cycle: ``decision`` is None until the first one. ``issues``: all there are now, configuration first.

    ``decided_at`` and ``decided_s`` are one moment: as the clock on the wall tells it, and in house monotonic seconds.
    """

    facts: Facts = Facts()
    snapshot: Snapshot = field(default_factory=Snapshot)
    decision: Decision | None = None
    links: Sequence[Mapping[str, object]] = ()
    issues: tuple[Issue, ...] = ()
    decided_at: datetime | None = None
    decided_s: float = 0.0
    cycle: int = 0
    solar_scale: float | None = None
    statistics: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)

    @property
    def battery_controllable(self) -> bool:
        """Whether any home battery can be told what to do."""
        return any(battery.controllable for battery in self.snapshot.batteries)

    def traits(self, index: int) -> ChargerTraits:
        """What the charger of a loadpoint (0-based) can do."""
        loadpoints = self.snapshot.loadpoints
        return loadpoints[index].charger.traits if index < len(loadpoints) else ChargerTraits()
