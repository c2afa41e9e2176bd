"""The working sheet of one loadpoint in one cycle: what was read, what is remembered, what was decided so far.

Rules read it and change nothing. The few modules that prepare or carry out a decision write to it; it never outlives
its cycle, and what is to be kept goes into a frozen ``LoadpointMemory``.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from . import plausible
from .carmemory import NOBODY_YET, CarMemory, Soc
from .decision import Event, SettingChange
from .figures import ABSURD_A, ABSURD_CHARGE_W, CLIMATER_S, HEADROOM_A, REACTION_S, SETTLE_S, UNKNOWN_PHASES
from .memory import Box, Held, LoadpointMemory, Timer
from .readings import ChargerReading, Phases, VehicleReading
from .reasons import Reason
from .settings import LoadpointSettings
from .snapshot import LoadpointReading
from .words import Feature, Mode, Status

NOBODY: frozenset[Feature] = frozenset()


@dataclass(slots=True)
class Point:
    """``unasked``: it charges though it was told not to, and must be stopped again.

    ``stuck_high``: it refused to be told less. ``started_s``: when the program began.
    """

    index: int
    settings: LoadpointSettings
    charger: ChargerReading
    vehicle: VehicleReading | None
    memory: LoadpointMemory
    now_s: float
    voltage_v: float
    fresh: bool
    currents_a: Phases | None
    power: Held | None
    status: Status | None
    box: Box
    timer: Timer | None
    measured_phases: int | None
    person_s: float | None
    soc_percent: float | None = None
    soc: Soc | None = None
    connected_s: float | None = None
    car: CarMemory = NOBODY_YET
    started_s: float = 0.0
    priority: int = 0
    physical: int | None = None
    features: frozenset[Feature] = NOBODY
    power_w: float = 0.0
    unasked: bool = False
    stuck_high: bool = False
    welcome: bool = False
    phases_before: int = 3
    boosting: bool = False
    boost_w: float = 0.0
    session_kwh: float = 0.0
    grown_kwh: float = 0.0
    min_a: float = 6.0
    max_a: float = 16.0
    notes: list[Reason] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    changes: list[SettingChange] = field(default_factory=list)

    @property
    def mode(self) -> Mode:
        return self.settings.mode

    @property
    def off(self) -> bool:
        """Nothing is wanted, not even for once."""
        return self.mode is Mode.OFF and self.settings.fast_once is None

    @property
    def hurries(self) -> bool:
        """A person wants full speed, by the mode or for once."""
        return self.mode is Mode.NOW or self.settings.fast_once is not None

    @property
    def connected(self) -> bool:
        return self.status is Status.B or self.status is Status.C

    @property
    def charging(self) -> bool:
        return self.status is Status.C

    @property
    def enabled(self) -> bool:
        return bool(self.box.enabled)

    @property
    def switchable(self) -> bool:
        return self.charger.traits.switches_phases and (self.physical or UNKNOWN_PHASES) > 1

    @property
    def known_on(self) -> bool:
        """As ``enabled``, but for a box that refused the last enable: a repetition under way proves nothing."""
        return self.enabled and not self.box.refused

    @property
    def by_person(self) -> bool:
        """Whether a person did something here a moment ago: what follows is that person's wish."""
        return self.person_s == self.now_s

    def since(self, at_s: float | None) -> float:
        """Seconds since then; for ever when it never was."""
        return float("inf") if at_s is None else max(0.0, self.now_s - at_s)

    @property
    def settled(self) -> bool:
        """60 s since the last switch on or off, and of phases."""
        return self.since(self.box.enabled_s) >= SETTLE_S and self.since(self.box.phases_s) >= SETTLE_S

    @property
    def phases_active(self) -> int:
        """Phases that the car uses: those that are seen to carry current, until then as many as it is said to."""
        return self.measured_phases or self.told_phases

    @property
    def told_phases(self) -> int:
        """Phases that the car can use by all that box, wiring and car are said to be; unknown counts as three."""
        return min(self.box.phases or UNKNOWN_PHASES, self.physical or UNKNOWN_PHASES, self.vehicle_phases)

    @property
    def vehicle_phases(self) -> int:
        phases = self.vehicle.phases if self.vehicle else None
        return phases if phases in (1, 2, 3) else UNKNOWN_PHASES

    @property
    def max_phases_active(self) -> int:
        """Phases that the car would use after a switch to three; of a box that cannot switch those that it uses."""
        if not self.switchable:
            return self.phases_active
        most = min(self.settings.phases or UNKNOWN_PHASES, self.vehicle_phases, self.physical or UNKNOWN_PHASES)
        if (self.box.phases or UNKNOWN_PHASES) <= 1 or most == 1:
            return most
        return min(most, self.measured_phases or UNKNOWN_PHASES)

    def phases_with(self, enabled: int | None) -> int:
        """Phases that the car would use if the box offered ``enabled`` ones."""
        if enabled is None or enabled == self.box.phases:
            return self.phases_active
        return 1 if enabled == 1 else self.max_phases_active

    @property
    def offered_a(self) -> float:
        """What the box offers while it is enabled, as far as known."""
        if self.box.offered_a is not None:
            return self.box.offered_a
        return self.measured_a or 0.0

    @property
    def measured_a(self) -> float | None:
        """Largest measured current of a phase; from the power where only that is measured."""
        if self.currents_a is not None:
            return max(self.currents_a)
        if self.power is not None:
            return self.power_w / (self.voltage_v * self.phases_active)
        return None

    @property
    def told_w(self) -> float:
        """What the car would draw if it took all that is offered."""
        if not self.enabled or not self.connected:
            return 0.0
        return self.offered_a * self.phases_active * self.voltage_v

    @property
    def in_transit(self) -> bool:
        """Whether the car is still on its way to what was offered, so that the offer counts and not the draw."""
        if self.enabled and self.connected and not self.charging:
            return self.since(self.box.enabled_s) < SETTLE_S
        return self.since(self.box.changed_s) < REACTION_S

    @property
    def pending_w(self) -> float:
        """Power that is ordered and not seen by the meters yet; negative: it will go."""
        return self.told_w - self.power_w if self.in_transit else 0.0

    @property
    def share_w(self) -> float:
        """This loadpoint's part in the surplus: what it may spend is this minus the site power."""
        if self.in_transit:
            return self.told_w
        if not self.charging:
            return 0.0
        if Feature.INTEGRATED_DEVICE in self.features:
            return self.power_w
        limit_a = self.measured_a
        offered_a = self.offered_a if limit_a is None else min(self.offered_a, limit_a + HEADROOM_A)
        return offered_a * self.phases_active * self.voltage_v

    def change(self, name: str, wanted: object, rule: str) -> None:
        """A wish that the rules change; the last word counts."""
        self.changes = [each for each in self.changes if each.name != name]
        if getattr(self.settings, name) != wanted:
            self.changes.append(SettingChange(self.index, name, wanted, rule))

    def learn(self, **changes: Any) -> None:
        """Something new about the box."""
        self.box = replace(self.box, **changes)

    def note(self, reason: Reason) -> None:
        """Say something that did not decide, but that a person should know."""
        self.notes.append(reason)


def point(
    index: int,
    settings: LoadpointSettings,
    reading: LoadpointReading,
    memory: LoadpointMemory,
    started_s: float,
    now_s: float,
    voltage_v: float,
) -> Point:
    """Lay out the sheet: believable values only."""
    charger, vehicle = reading.charger, reading.vehicle
    fresh = charger.status is not None and plausible.fresh(charger.at_s, started_s, now_s)
    power_at_s = charger.at_s if charger.power_at_s is None else charger.power_at_s
    power = plausible.held(charger.power_w, power_at_s, memory.power, ABSURD_CHARGE_W, started_s, now_s)
    if vehicle is not None and vehicle.climater and vehicle.at_s is not None and now_s - vehicle.at_s > CLIMATER_S:
        vehicle = replace(vehicle, climater=None)
    changed = memory.wishes is not None and memory.wishes != settings
    return Point(
        index=index,
        settings=settings,
        charger=charger,
        vehicle=vehicle,
        memory=memory,
        now_s=now_s,
        voltage_v=voltage_v,
        fresh=fresh,
        currents_a=_magnitudes(plausible.phases(charger.currents_a, ABSURD_A)) if fresh else None,
        power=power,
        status=charger.status if fresh else memory.status,
        box=memory.box,
        timer=memory.timer,
        measured_phases=memory.measured_phases,
        person_s=now_s if changed else memory.person_s,
        started_s=started_s,
        priority=vehicle.priority if vehicle is not None and vehicle.priority > 0 else settings.priority,
        physical=charger.traits.physical_phases,
        features=charger.traits.features | vehicle.features if vehicle else charger.traits.features,
        boosting=memory.boosting,
        car=memory.car,
    )


def _magnitudes(currents: Phases | None) -> Phases | None:
    if currents is None:
        return None
    return max(0.0, currents[0]), max(0.0, currents[1]), max(0.0, currents[2])


def drawn_w(p: Point) -> float:
    """Charge power in W as measured; a box without power meter counts in C with what it offers, else 0."""
    if p.power is not None:
        return max(0.0, p.power.value)
    if p.currents_a is not None:
        return sum(p.currents_a) * p.voltage_v
    if not p.charging:
        return 0.0
    if p.since(p.box.changed_s) < REACTION_S:
        return p.box.before_w
    return p.offered_a * p.phases_active * p.voltage_v
