"""A day at full speed: the controller's decision on a simulated house, without wire, threads and waiting.

The house lives until the next cycle, its readings are frozen into a snapshot, ``decide`` has its say, and the boxes
obey, as far as the scenario lets them. The same scenario always gives the same trace.
"""

import gc
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from evcc_flask.domain.assignment import with_vehicles
from evcc_flask.domain.commands import (
    Command,
    Enable,
    Ending,
    OfferCurrent,
    Outcome,
    SetBatteryMode,
    SwitchPhases,
    WakeUp,
)
from evcc_flask.domain.decide import decide
from evcc_flask.domain.decision import Decision
from evcc_flask.domain.guard import guard
from evcc_flask.domain.memory import Memory
from evcc_flask.domain.moment import Moment
from evcc_flask.domain.once import fast_once, kwh_per_km
from evcc_flask.domain.rates import Outlook
from evcc_flask.domain.recall import recalled, remembered
from evcc_flask.domain.settings import ExternalBatteryMode, Settings
from evcc_flask.domain.snapshot import Rates, Snapshot
from evcc_flask.domain.wishes import with_car, with_detection, with_loadpoint, with_soc
from evcc_flask.planning.follow import follow, without

from .garage import GUEST, Garage
from .house import House
from .observe import Observer
from .scenario import ZONE, BoxEvent, CarEvent, Event, Scenario
from .trace import WORDS, BoxTruth, Cycle, Trace
from .wanted import outlook, utc, with_plan, with_repeating

ORIGIN_S = 5000.0
"""The monotonic clock at the scenario's start: anything but 0."""

WARM_UP = timedelta(minutes=1)
"""The house has lived for so long when the controller first looks: batteries and meters have settled."""


def run(scenario: Scenario) -> Trace:
    """Let the controller live through the scenario."""
    return Trace(tuple(lived(scenario)))


def lived(scenario: Scenario) -> Iterator[Cycle]:
    """The same, cycle by cycle: a month need not fit into the memory."""
    collects = gc.isenabled()
    # why: a day keeps a million objects without a ring among them; walking them costs a third of the time
    gc.disable()
    try:
        yield from _Replay(scenario).cycles()
    finally:
        if collects:
            gc.enable()


class _Replay:
    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._house = House(scenario.description(WARM_UP))
        self._settings = scenario.settings
        self._memory = Memory()
        self._observer = Observer(scenario, self._house)
        self._garage = Garage(scenario.garage, self._house)
        self._refuses: dict[int, frozenset[str]] = {}
        self._unavailable: dict[int, frozenset[str]] = {}
        self._outcomes: tuple[Outcome, ...] = ()
        self._rates = Rates()
        self._battery_refuses = self._battery_ignores = False
        self._outlook: Outlook | None = None
        self._trusted = True
        self._origin_s = ORIGIN_S
        self._coming = list(scenario.timeline)
        if scenario.forced:
            self._house.forced_pv_w = 0.0
            self._house.forced_load_w = 0.0

    def cycles(self) -> Iterator[Cycle]:
        at, end = self._scenario.start, self._scenario.end
        while self._coming and self._scenario.midnight + self._coming[0].at <= at:
            self._happen(self._coming.pop(0))
        step = timedelta(seconds=self._scenario.watch_s or self._settings.interval_s)
        due = at
        while at <= end:
            happened = self._happens_until(at)
            self._house.step(at)
            if happened:
                self._house.settle()
            snapshot, now = self._snapshot(at), self._moment(at)
            if at >= due or guard(snapshot, self._settings, self._memory, now):
                due = at + timedelta(seconds=self._settings.interval_s)
                planned = follow(snapshot, self._settings, self._memory, now)
                self._settings = without(self._settings, planned.ended)
                decision = decide(snapshot, planned.settings, planned.memory, now)
                yield self._cycle(at, snapshot, decision)
                self._follow(decision, now)
            at += step

    def _moment(self, at: datetime) -> Moment:
        wall = (utc(self._scenario.midnight) + (at - self._scenario.midnight)).astimezone(ZONE)
        return Moment(self._origin_s + (at - self._scenario.start).total_seconds(), wall if self._trusted else None)

    def _snapshot(self, at: datetime) -> Snapshot:
        now = self._moment(at)
        rates = self._rates if self._outlook is None else Rates.of(self._outlook, now.wall)
        snapshot = self._observer.look(now.s, self._outcomes, rates)
        self._outcomes = ()
        seen = replace(snapshot, outlook=self._outlook or snapshot.outlook, cars=self._garage.readings(now.s))
        return with_vehicles(seen, self._settings)

    def _cycle(self, at: datetime, snapshot: Snapshot, decision: Decision) -> Cycle:
        house = self._house
        return Cycle(
            at,
            at - self._scenario.midnight,
            snapshot,
            self._settings,
            decision,
            tuple(
                BoxTruth(
                    box.status,
                    box.phases,
                    box.enabled,
                    box.offered_a,
                    box.power_w,
                    box.car.soc_percent if box.car else None,
                    box.energy_kwh,
                )
                for box in house.boxes
            ),
            tuple(battery.mode for battery in house.batteries),
            house.true_grid_w,
            house.grid.import_kwh,
            self._garage.calls,
        )

    def _follow(self, decision: Decision, now: Moment) -> None:
        """The boxes obey; what became of it is seen in the next snapshot."""
        self._memory = decision.memory
        self._outcomes = tuple(self._carry_out(command, now.s) for command in decision.commands)
        self._garage.ask(decision.asks, now.s)
        loadpoints = list(self._settings.loadpoints)
        for change in decision.changes:
            changed: dict[str, Any] = {change.name: change.value}
            loadpoints[change.loadpoint] = replace(loadpoints[change.loadpoint], **changed)
        if decision.changes:
            self._settings = replace(self._settings, loadpoints=tuple(loadpoints))

    def _carry_out(self, command: Command, now_s: float) -> Outcome:
        word = WORDS[type(command)]
        if isinstance(command, SetBatteryMode):
            return self._order_battery(command, now_s)
        if word in self._unavailable.get(command.loadpoint, ()):
            return Outcome(command, now_s, Ending.UNAVAILABLE)
        if word in self._refuses.get(command.loadpoint, ()):
            return Outcome(command, now_s, Ending.FAILED, "the box refuses")
        box = self._house.boxes[command.loadpoint]
        if isinstance(command, OfferCurrent):
            box.offered_a = command.current_a
        elif isinstance(command, SwitchPhases):
            box.phases = command.phases
        elif isinstance(command, WakeUp):
            if box.car:
                box.car.asleep = False
        else:
            box.set_enabled(isinstance(command, Enable))
        return Outcome(command, now_s)

    def _order_battery(self, command: SetBatteryMode, now_s: float) -> Outcome:
        if self._battery_refuses:
            return Outcome(command, now_s, Ending.FAILED, "the battery refuses")
        if not self._battery_ignores:
            self._house.batteries[command.battery].mode = command.mode
        return Outcome(command, now_s)

    def _happens_until(self, at: datetime) -> bool:
        """The house lives up to each event, then the event happens; False: nothing did."""
        happened = False
        while self._coming and self._scenario.midnight + self._coming[0].at <= at:
            event = self._coming.pop(0)
            self._house.step(self._scenario.midnight + event.at)
            self._happen(event)
            happened = True
        return happened

    def _happen(self, event: Event) -> None:
        house, place = self._house, event.loadpoint - 1
        if event.pv_w is not None:
            house.forced_pv_w = event.pv_w
        if event.load_w is not None:
            house.forced_load_w = event.load_w
        if event.plugged is not None:
            _plug(house, place, event.plugged)
        if event.plugs is not None:
            self._garage.plug(event.plugs, place)
        self._garage.happen(event.accounts)
        self._settings = told(self._settings, place, event, self._moment(self._scenario.midnight + event.at).wall)
        wishes = {"mode": event.mode, **event.settings} if event.mode else event.settings
        if wishes:
            box = self._scenario.places[place].box
            self._settings = with_loadpoint(
                self._settings, place, wishes, physical_phases=box.phases, switches=box.switches_phases
            )
        if event.site:
            self._settings = replace(self._settings, **event.site)
        if event.external_battery_mode is not None:
            self._settings = _ordered(self._settings, event, self._moment(self._scenario.midnight + event.at))
        if event.battery_refuses is not None:
            self._battery_refuses = event.battery_refuses
        if event.battery_ignores is not None:
            self._battery_ignores = event.battery_ignores
        if event.battery_mode is not None:
            house.batteries[0].mode = event.battery_mode
        if event.battery_soc_percent is not None:
            house.batteries[0].soc_percent = event.battery_soc_percent
        if event.rates is not None:
            self._rates = replace(self._rates, **event.rates)
        if event.prices is not None:
            self._outlook = outlook(event.prices, utc(self._scenario.midnight))
        if event.plan is not None:
            self._settings = with_plan(self._settings, place, event.plan, utc(self._scenario.midnight))
        if event.repeating is not None:
            self._settings = with_repeating(self._settings, place, event.repeating)
        if event.fast_once is not None:
            self._settings = self._hurried(place, event)
        if event.clock_trusted is not None:
            self._trusted = event.clock_trusted
        if event.restart:
            self._restart(self._scenario.midnight + event.at)
        if event.box:
            self._box_event(place, event.box)
        if event.car:
            _car_event(house, place, event.car)
        self._observer.tamper(event)

    def _hurried(self, place: int, event: Event) -> Settings:
        remembered = self._memory.loadpoints
        session = remembered[place].session if place < len(remembered) else None
        at = self._moment(self._scenario.midnight + event.at).wall or self._scenario.midnight
        wish = fast_once(
            event.fast_once or "", session.charged_kwh if session else 0.0, kwh_per_km(None, None, None), at
        )
        return with_loadpoint(self._settings, place, {"fast_once": wish}, physical_phases=None, switches=True)

    def _restart(self, at: datetime) -> None:
        """The program is killed and comes back: it knows what was stored, and its seconds count from somewhere else."""
        stored = json.loads(json.dumps(remembered(self._memory, self._moment(at).wall)))
        self._origin_s = ORIGIN_S / 2 - (at - self._scenario.start).total_seconds()
        self._memory = recalled(stored, self._moment(at))
        self._settings = replace(self._settings, external_battery_mode=None)
        self._outcomes = ()
        self._observer.forget()
        self._garage.forget()

    def _box_event(self, place: int, event: BoxEvent) -> None:
        box = self._house.boxes[place]
        if event.refuses is not None:
            self._refuses[place] = frozenset(event.refuses)
        if event.unavailable is not None:
            self._unavailable[place] = frozenset(event.unavailable)
        if event.rebels is not None:
            box.rebels = event.rebels
        if event.ignores_phases is not None:
            box.ignores_phases = event.ignores_phases
        if event.reboots:
            box.reboot()
        if event.offered_a is not None:
            box.offered_a = event.offered_a
        if event.enabled is not None:
            box.set_enabled(event.enabled)


def _plug(house: House, place: int, plugged: bool) -> None:
    box = house.boxes[place]
    if not plugged:
        box.unplug()
        return
    car = next(car for car in house.cars if car.description.box == place)
    box.plug(car)


def _car_event(house: House, place: int, event: CarEvent) -> None:
    car = next(car for car in house.cars if car.description.box == place)
    if event.soc_percent is not None:
        car.soc_percent = event.soc_percent
    if event.limit_soc_percent is not None:
        car.limit_soc_percent = event.limit_soc_percent
    if event.asleep is not None:
        car.asleep = event.asleep
    if event.takes is not None:
        car.takes = event.takes


def told(settings: Settings, place: int, event: Event, at: datetime | None) -> Settings:
    """What a person says of the car at a loadpoint (0-based)."""
    if event.assigns is not None:
        settings = with_car(settings, place, None if event.assigns == GUEST else event.assigns)
    if at is not None and event.detects:
        settings = with_detection(settings, place, at)
    if at is not None and event.tells_soc is not None:
        settings = with_soc(settings, place, replace(event.tells_soc, at=at))
    return settings


def _ordered(settings: Settings, event: Event, now: Moment) -> Settings:
    """An order from outside; the word ``unknown`` ends it."""
    mode = event.external_battery_mode
    ordered = ExternalBatteryMode(mode, now.s) if mode else None
    return replace(settings, external_battery_mode=ordered)
