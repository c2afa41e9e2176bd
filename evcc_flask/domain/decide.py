"""The one function that decides: readings and wishes in, commands, reasons and the next memory out.

Pure: no input or output, no clock, no lock. All loadpoints are decided in every cycle, highest priority first, each
seeing what those before it left over.
"""

from dataclasses import replace

from . import (
    accounting,
    apply,
    battery,
    budget,
    ended,
    flows,
    gridorder,
    identify,
    meters,
    phases,
    plausible,
    polling,
    priority,
    publish,
    rules,
    soc,
    status,
    surplus,
    sync,
    unheard,
    wakeup,
)
from .circuits import Circuits
from .commands import ChargerCommand, Command, Disable, Enable, Outcome, SetBatteryMode, SwitchPhases
from .decision import Decision, LoadpointDecision
from .house import House, house, lag_after
from .limits import limits_a
from .memory import ELAPSED, LoadpointMemory, Memory, OpenSession, Wake
from .moment import Moment
from .point import Point, drawn_w, point
from .sessions import SessionRow
from .settings import LoadpointSettings, Settings
from .snapshot import Rates, Snapshot
from .surplus import Sun
from .target import Target
from .words import Mode

NEW = LoadpointMemory()
UNSET = LoadpointSettings()


def decide(snapshot: Snapshot, settings: Settings, memory: Memory, now: Moment) -> Decision:
    """One cycle. Same input, same output; nothing that is passed in is changed."""
    started_s = now.s if memory.started_s is None else memory.started_s
    rates = plausible.believable(snapshot.rates)
    points = _points(snapshot, settings, memory, started_s, now)
    identify.follow(points, snapshot.cars, settings)
    h = house(snapshot, settings, memory, points, started_s, now.s)
    tests = meters.follow(memory.meters, h, points, now.s)
    why_no_sun = meters.verdict(tests) or h.no_surplus
    grid_charge_w = battery.grid_charge_w(memory.battery, h)
    force = gridorder.in_force(snapshot.grid_order, memory.order, h, points, grid_charge_w, now)
    ordered_w = force.allowed_w if force is not None else None
    circuits = Circuits(snapshot, settings, memory.circuits, points, started_s, now.s, grid_charge_w, ordered_w)

    rows: list[SessionRow] = []
    sessions: dict[int, OpenSession | None] = {}
    for p in points:
        session, stored = accounting.follow(p, h, rates, now)
        sessions[p.index] = session
        p.session_kwh = session.charged_kwh if session is not None else 0.0
        rows += stored
        soc.follow(p, session, now)
        ended.follow(p, now)

    commands: list[Command] = []
    decided: dict[int, tuple[LoadpointDecision, LoadpointMemory]] = {}
    pool = Pool(points, h, snapshot, rates, settings, known=why_no_sun is None)
    caused_w = 0.0
    firm = {p.index: rules.firm(rules.Situation(p, h, rates, why_no_sun)) for p in points}
    pool.announce(firm, circuits)
    for p in priority.in_order(points):
        told_w, drawn_now_w = p.told_w, p.power_w + p.pending_w
        was_on, slept = p.enabled, p.enabled and not p.charging and not p.in_transit
        target = firm[p.index] or rules.sun(rules.Situation(p, h, rates, why_no_sun, pool.sun(p)))
        sent, limits = apply.carry_out(p, target, circuits)
        commands += sent
        change_w = _change_w(p, told_w, drawn_now_w, slept=slept) if sent and (was_on or p.enabled) else 0.0
        pool.take(p, target, change_w)
        if p.power is not None and sent:
            caused_w += change_w
        wake, order = wakeup.follow(p)
        if order is not None:
            commands.append(order)
        remembered = _memory(p, target, sent, wake, sessions[p.index])
        decided[p.index] = (
            publish.loadpoint(p, target, limits, sessions[p.index], rates, now),
            remembered,
        )

    asks, asked = polling.follow(points, snapshot.cars, settings, memory.asked, now.s)
    verdict, orders, batteries = battery.follow(snapshot, rates, settings, memory.battery, points, h, circuits, now.s)
    commands += orders
    site = publish.site(snapshot, settings, h, rates, circuits, batteries, why_no_sun, verdict)
    ordered, events = gridorder.record(force, snapshot.grid_order, memory.order, h.grid_w, now)
    if force is not None:
        site = replace(site, order=force, reasons=(force.reason(), *site.reasons))
    quarter, flowed = flows.follow(memory.flows, snapshot, h, points, rates, now)
    kept = Memory(
        started_s=started_s,
        decided_s=now.s,
        loadpoints=tuple(decided[p.index][1] for p in points),
        held=h.held,
        seen_s=h.seen_s,
        seen_w=h.seen_w,
        battery=batteries,
        circuits=circuits.memories(),
        lag=lag_after(h, caused_w, now.s),
        meters=meters.begin(tests, h, points, caused_w, now.s),
        flows=flowed,
        asked=asked,
        order=ordered,
    )
    return Decision(
        tuple(commands),
        kept,
        site,
        tuple(decided[p.index][0] for p in points),
        tuple(change for p in points for change in p.changes),
        tuple(rows),
        asks=asks,
        quarter=quarter,
        grid_events=events,
    )


class Pool:
    """What is left of the surplus while the loadpoints are decided one after the other."""

    def __init__(
        self, points: list[Point], h: House, snapshot: Snapshot, rates: Rates, settings: Settings, *, known: bool
    ) -> None:
        self._points, self._h, self._snapshot, self._rates, self._settings = points, h, snapshot, rates, settings
        site_w = h.site_w if known else None
        self._left_w = None if site_w is None else site_w + sum(p.pending_w for p in points)
        self._reserved: list[tuple[int, float]] = []
        self._announced: dict[int, float] = {}

    def announce(self, firm: dict[int, Target | None], circuits: Circuits) -> None:
        """Who will start whatever the sun does takes it from those that are decided earlier, too."""
        for p in self._points:
            target = firm[p.index]
            if target is not None and target.current_a > 0 and not p.enabled and not target.hold:
                active = p.phases_with(target.phases)
                current_a = circuits.room(p, active, target.current_a).allowed_a
                self._announced[p.index] = max(0.0, current_a) * active * p.voltage_v

    def sun(self, p: Point) -> Sun | None:
        """The surplus as this loadpoint sees it: lower priorities give theirs up, waiting higher ones keep it."""
        self._boost(p)
        if self._left_w is None:
            return None
        h = self._h
        reserved_w = sum(watt for rank, watt in self._reserved if rank > p.priority)
        flexible_w = priority.flexible_w(p, self._points, self._rates)
        reserved_w += sum(self._announced.values())
        site_w = self._left_w + reserved_w - flexible_w - p.boost_w
        return Sun(
            site_w,
            start=h.start,
            buffered=h.buffered,
            boosted=p.boost_w > 0,
            battery_first=h.battery_first,
            higher_first=reserved_w > 0 and site_w - reserved_w < 0,
            held_s=h.grid_held_s,
        )

    def take(self, p: Point, target: Target, change_w: float) -> None:
        """What was decided counts for those who come after."""
        if self._left_w is None:
            return
        self._announced.pop(p.index, None)
        self._left_w += change_w
        waits = target.timer is not None and target.timer is not ELAPSED and target.current_a == 0
        if waits and p.mode is Mode.PV and target.remaining_s > 0:
            self._reserved.append((p.priority, p.voltage_v * p.max_a * p.max_phases_active))

    def _boost(self, p: Point) -> None:
        h = self._h
        wanted = p.settings.boost and p.mode in (Mode.PV, Mode.MINPV) and p.connected
        if not wanted or h.battery_w is None or h.battery_first:
            p.boosting = False
            return
        if not p.boosting:
            p.timer = ELAPSED
        spare = [each.max_discharge_w for each in self._snapshot.batteries]
        limits = [each for each in spare if each is not None and each > 0]
        spare_w = max(0.0, sum(limits) - max(0.0, h.battery_w)) if limits and len(limits) == len(spare) else None
        p.boost_w = surplus.boost_w(p, h.battery_w, self._settings.residual_power_w, spare_w)
        p.boosting = p.boosting or not p.charging


def _points(snapshot: Snapshot, settings: Settings, memory: Memory, started_s: float, now: Moment) -> list[Point]:
    """Lay out all sheets, and bring each up to date with what happened at its box."""
    results: dict[int, list[Outcome]] = {}
    for outcome in snapshot.outcomes:
        if not isinstance(outcome.command, SetBatteryMode):
            results.setdefault(outcome.command.loadpoint, []).append(outcome)
    points = []
    for index, reading in enumerate(snapshot.loadpoints):
        wishes = settings.loadpoints[index] if index < len(settings.loadpoints) else UNSET
        remembered = memory.loadpoints[index] if index < len(memory.loadpoints) else NEW
        p = point(index, wishes, reading, remembered, started_s, now.s, settings.voltage_v)
        ended = tuple(results.get(index, ()))
        sync.outcomes(p, ended)
        status.follow(p)
        p.power_w = drawn_w(p)
        phases.by_power(p)
        unheard.follow(p, ended)
        sync.follow(p)
        phases.measure(p)
        sync.obeyed(p)
        p.power_w = drawn_w(p)
        p.phases_before = p.phases_active
        p.min_a, p.max_a = limits_a(p, p.phases_before)
        points.append(p)
    return points


def _change_w(p: Point, told_before_w: float, drawn_w_before: float, *, slept: bool) -> float:
    """How much more, or less, this loadpoint will draw because of what was just decided."""
    if not p.enabled:
        return -drawn_w_before
    if slept:
        return 0.0
    return p.told_w - told_before_w


def _memory(
    p: Point, target: Target, sent: list[ChargerCommand], wake: Wake | None, session: OpenSession | None
) -> LoadpointMemory:
    """What is kept of the sheet. A start that something else held back need not wait for the sun again."""
    held_back = target.current_a > 0 and not p.enabled
    switches = budget.last_hour(p.memory.switches, p.now_s)
    phase_switches = budget.last_hour(p.memory.phase_switches, p.now_s)
    if sent and p.connected and not budget.free(p):
        for command in sent:
            if isinstance(command, SwitchPhases):
                phase_switches = (*phase_switches, p.now_s)
            elif isinstance(command, Enable) or (isinstance(command, Disable) and not p.unasked):
                switches = (*switches, p.now_s)
    return LoadpointMemory(
        status=p.status,
        charging_s=(p.memory.charging_s or p.now_s) if p.charging else None,
        mode=p.mode,
        wishes=p.settings,
        person_s=p.person_s,
        timer=p.timer if held_back else target.timer,
        box=p.box,
        measured_phases=p.measured_phases,
        drawn_a=unheard.remembered_a(p),
        power=p.power,
        wake=wake,
        boosting=p.boosting and p.charging,
        switches=switches,
        phase_switches=phase_switches,
        session=session,
        car=p.car,
        plan=p.memory.plan,
    )
