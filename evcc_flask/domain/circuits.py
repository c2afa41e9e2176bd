"""Fuses: what each circuit carries on every house phase, and how much a loadpoint may take of what is left.

Loads only fall when they are measured to fall, but rise as soon as a rise is ordered. What is left is given by
priority: a loadpoint may hold what it has as long as those below it can make room, and may rise only into room that is
there already. So a cut hits the lowest priority first, and no two rises share the same room.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from . import circuitmeter, plausible
from .decision import CircuitDecision
from .figures import ABSURD_A, ABSURD_W, CALM_S, HEADROOM_A, OVERLOAD_SHARE, REACTION_S, SETTLE_S
from .lines import house_a, spread, used
from .memory import CircuitMemory, Memory
from .point import Point, drawn_w, point
from .readings import LimitReading, MeterReading, Phases
from .reasons import Code, Reason, because
from .settings import Circuit, Settings
from .snapshot import Snapshot
from .unheard import may_draw_a, may_draw_w, remembered_a, unheard

INFINITE = float("inf")
ORDER = "§14a"
"""The grid operator's order as a circuit that all loadpoints and the battery hang at; no file can name one so."""


@dataclass(slots=True)
class Load:
    """One circuit in one cycle: A by house phase and W. ``read_s``: when its meter was read, of what has a limit."""

    circuit: Circuit
    chain: tuple[str, ...]
    memory: CircuitMemory
    known: bool = True
    read_s: float = INFINITE
    now_a: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    now_w: float = 0.0
    ours_a: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    ours_w: float = 0.0
    measured_a: Phases | None = None
    measured_w: float | None = None
    overloaded: bool = False
    claims: list[tuple[int, tuple[float, ...], tuple[float, ...]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Room:
    """How much a loadpoint may offer, who limits it and why; ``circuit`` None: nobody does."""

    allowed_a: float
    possible_a: float
    circuit: str | None = None
    code: Code = Code.LIMITED_BY_CIRCUIT
    limit_a: float = 0.0
    limit_w: float = 0.0
    wait_s: float = 0.0

    def reason(self) -> Reason:
        facts: dict[str, float | str] = {"circuit": self.circuit or "", "allowed_a": round(max(0.0, self.allowed_a), 1)}
        if self.limit_a:
            facts["limit_a"] = self.limit_a
        if self.limit_w:
            facts["limit_w"] = self.limit_w
        if self.wait_s:
            facts["remaining_s"] = round(self.wait_s)
        return because(self.code, **facts)


class Circuits:
    """All circuits of the house, in one cycle."""

    def __init__(
        self,
        snapshot: Snapshot,
        settings: Settings,
        memory: Mapping[str, CircuitMemory],
        points: Sequence[Point],
        started_s: float,
        now_s: float,
        grid_charge_w: float = 0.0,
        ordered_w: float | None = None,
    ) -> None:
        """``grid_charge_w``: what home batteries draw from the grid; no meter of a circuit need see it.

        ``ordered_w``: what the grid operator leaves to all of them together; None: everything.
        """
        by_name = {each.name: _in_force(each, snapshot.circuit_limits) for each in settings.circuits}
        if ordered_w is not None:
            by_name[ORDER] = Circuit(ORDER, max_power_w=ordered_w)
        self._now_s = now_s
        self._voltage_v = settings.voltage_v
        self._loads = {
            name: Load(circuit, _chain(name, by_name), memory.get(name, CircuitMemory()))
            for name, circuit in by_name.items()
        }
        self._unheard = {p.index: p for p in points if unheard(p)}
        self._taken = {p.index: may_draw_a(p) if p.index in self._unheard else house_a(p) for p in points}
        self._taken_w = {p.index: max(may_draw_w(p), p.power_w + p.pending_w) for p in points}
        self._sharing = sum(p.connected and not p.off for p in points) > 1
        self._add_loadpoints(points)
        self._add_battery(grid_charge_w)
        self._awaited = {name for name, said in snapshot.circuit_limits.items() if said.awaited}
        for load in sorted(self._loads.values(), key=lambda each: -len(each.chain)):
            if load.circuit.meter:
                self._measure(load, snapshot.circuit_meters.get(load.circuit.name), points, started_s)
            self._judge(load)

    def _add_loadpoints(self, points: Sequence[Point]) -> None:
        for p in points:
            for load in self._above(p):
                self._add(load, p, self._taken[p.index], self._taken_w[p.index])

    def _add(self, load: Load, p: Point, amps: Sequence[float], watt: float) -> None:
        """A box that cannot be told is nobody whose share we give out: it counts with the others."""
        load.now_a = [now + more for now, more in zip(load.now_a, amps, strict=True)]
        load.now_w += watt
        if p.index not in self._unheard:
            load.ours_a = [ours + more for ours, more in zip(load.ours_a, amps, strict=True)]
            load.ours_w += watt

    def _add_battery(self, power_w: float) -> None:
        """Hangs at the house connection, on three phases."""
        for load in self._loads.values():
            if load.circuit.parent is None:
                load.now_w += power_w
                load.now_a = [amp + power_w / 3 / self._voltage_v for amp in load.now_a]

    def _measure(self, load: Load, reading: MeterReading | None, points: Sequence[Point], started_s: float) -> None:
        """Take the meter's word for the whole circuit, less what was ours in it, and add what is ours now.

        What is ours falls at once, but gives no room before the meter has shown it.
        """
        circuit = load.circuit
        drawn_a, drawn_w, cars_a, cars_w = [0.0, 0.0, 0.0], 0.0, [0.0, 0.0, 0.0], 0.0
        for p in points:
            if any(each is load for each in self._above(p)):
                seen_a = remembered_a(p)
                drawn_a = [sum_a + a for sum_a, a in zip(drawn_a, seen_a, strict=True)]
                drawn_w += self._voltage_v * sum(seen_a) if p.index in self._unheard else p.power_w
                cars_a = [sum_a + a for sum_a, a in zip(cars_a, self._taken[p.index], strict=True)]
                cars_w += self._taken_w[p.index]
        load.memory = memory = circuitmeter.follow(
            load.memory,
            reading,
            (drawn_a[0], drawn_a[1], drawn_a[2]),
            drawn_w,
            voltage_v=self._voltage_v,
            timeout_s=circuit.timeout_s,
            started_s=started_s,
            now_s=self._now_s,
        )
        currents, power = memory.currents_a, memory.power
        load.measured_a, load.measured_w = currents, power.value if power else None
        needs_a, needs_w = circuit.max_current_a > 0, circuit.max_power_w > 0
        load.known = not (needs_a and currents is None) and not (needs_w and power is None)
        if currents is not None:
            for phase in range(3):
                ours_a = min(drawn_a[phase], memory.ours_a[phase])
                load.now_a[phase] = currents[phase] - ours_a + cars_a[phase]
            load.read_s = memory.currents_s if needs_a else load.read_s
        if power is not None:
            load.now_w = power.value - min(drawn_w, memory.ours_w) + cars_w
            load.read_s = min(load.read_s, power.at_s) if needs_w else load.read_s

    def _judge(self, load: Load) -> None:
        circuit = load.circuit
        if not circuit.meter:
            load.measured_a = (load.now_a[0], load.now_a[1], load.now_a[2])
            load.measured_w = load.now_w
        worst_a = max(load.measured_a) if load.measured_a is not None else 0.0
        over_a = circuit.max_current_a > 0 and worst_a > circuit.max_current_a * OVERLOAD_SHARE
        over_w = circuit.max_power_w > 0 and (load.measured_w or 0.0) > circuit.max_power_w * OVERLOAD_SHARE
        load.overloaded = over_a or over_w
        if load.overloaded:
            load.memory = replace(load.memory, over_s=self._now_s)

    def _above(self, p: Point) -> list[Load]:
        name = p.settings.circuit
        chain = self._loads[name].chain if name is not None and name in self._loads else ()
        ordered = (ORDER,) if ORDER in self._loads else ()
        return [self._loads[each] for each in (*chain, *ordered)]

    def room(self, p: Point, phases: int, wish_a: float) -> Room:
        """The current that fits on so many phases, at most ``wish_a``; the circuit with the least room limits it."""
        tightest = Room(wish_a, wish_a)
        if not self._loads:
            return tightest
        spare_a = self._unused_a(p)
        if spare_a < wish_a:
            tightest = Room(spare_a, spare_a, p.settings.circuit, Code.LIMITED_BY_CAR)
        taken, taken_w = self._taken[p.index], self._taken_w[p.index]
        lines = used(p, phases)
        for load in self._above(p):
            allowed, possible = self._room_in(load, p, lines, taken, taken_w)
            code, wait_s = Code.DIMMED if load.circuit.name == ORDER else Code.LIMITED_BY_CIRCUIT, 0.0
            calm_s = INFINITE if load.memory.over_s is None else self._now_s - load.memory.over_s
            if load.circuit.name in self._awaited:
                allowed = possible = 0.0
                code = Code.CIRCUIT_LIMIT_MISSING
            elif not load.known:
                allowed = possible = 0.0
                code = Code.CIRCUIT_METER_MISSING
            elif allowed > (present := p.offered_a if p.enabled else 0.0):
                if calm_s < CALM_S and allowed >= p.min_a:
                    wait_s, code = CALM_S - calm_s, Code.CIRCUIT_CALMS_DOWN
                # A reading that may not show the last change yet leads to no further one upwards.
                early = p.box.changed_s is not None and load.read_s < p.box.changed_s + REACTION_S
                allowed = present if early or calm_s < CALM_S else allowed
            if allowed < tightest.allowed_a:
                circuit = load.circuit
                tightest = Room(
                    allowed,
                    min(possible, tightest.possible_a),
                    circuit.name,
                    code,
                    circuit.max_current_a,
                    circuit.max_power_w,
                    wait_s,
                )
        return tightest

    def _unused_a(self, p: Point) -> float:
        """A car that takes less than it is offered leaves the rest to the others, and grows back in steps."""
        settled = p.charging and p.enabled and not p.in_transit and p.since(p.box.enabled_s) >= SETTLE_S
        if not self._sharing or not settled or p.measured_a is None or not self._above(p):
            return INFINITE
        return max(p.min_a, p.measured_a + HEADROOM_A)

    def _room_in(
        self, load: Load, p: Point, lines: tuple[int, ...], taken: Sequence[float], taken_w: float
    ) -> tuple[float, float]:
        """(may be offered now, may be offered once others made room), A per phase."""
        circuit, own, late = load.circuit, p.index in self._unheard, self._late(load, p)
        allowed = possible = INFINITE
        if circuit.max_current_a > 0:
            for phase in lines:
                others = load.now_a[phase] - load.ours_a[phase] - (taken[phase] if own else 0.0)
                before = sum((wish if rank > p.priority else got)[phase] for rank, wish, got in load.claims)
                share = circuit.max_current_a - others - before
                free = taken[phase] + max(0.0, circuit.max_current_a - load.now_a[phase])
                possible = min(possible, share + sum(self._taken[each][phase] for each in late))
                allowed = min(allowed, share, free)
        if circuit.max_power_w > 0:
            volts = self._voltage_v * len(lines)
            before = sum((wish if rank > p.priority else got)[3] for rank, wish, got in load.claims)
            share_w = circuit.max_power_w - (load.now_w - load.ours_w - (taken_w if own else 0.0)) - before
            free_w = taken_w + max(0.0, circuit.max_power_w - load.now_w)
            possible = min(possible, (share_w + sum(self._taken_w[each] for each in late)) / volts)
            allowed = min(allowed, share_w / volts, free_w / volts)
        return allowed, possible

    def _late(self, load: Load, p: Point) -> list[int]:
        """Boxes of lower priority that will make room once they can be told."""
        lower = [each for each in self._unheard.values() if each.priority < p.priority]
        return [each.index for each in lower if any(load is above for above in self._above(each))]

    def claim(self, p: Point, phases: int, wish_a: float, got_a: float) -> None:
        """What a loadpoint was given counts for those after it; what it wanted, for those of lower priority."""
        if not self._loads:
            return
        lines, taken = used(p, phases), self._taken[p.index]
        sleeps = p.enabled and not p.charging and not p.in_transit and got_a > 0
        got = spread(0.0 if sleeps else got_a, lines)
        wish = spread(0.0 if sleeps else max(wish_a, got_a), lines)
        got_w, wish_w = self._voltage_v * sum(got), self._voltage_v * sum(wish)
        more = [max(0.0, got[phase] - taken[phase]) for phase in range(3)]
        for load in self._above(p):
            self._add(load, p, more, max(0.0, got_w - self._taken_w[p.index]))
            if p.index not in self._unheard:
                load.claims.append((p.priority, (*wish, wish_w), (*got, got_w)))

    @property
    def ordered(self) -> bool:
        """Whether the grid operator limits what is drawn."""
        return ORDER in self._loads

    def overloaded(self) -> bool:
        return any(load.overloaded for load in self._loads.values())

    def last_over_s(self) -> float | None:
        """When any circuit was last overloaded."""
        times = [load.memory.over_s for load in self._loads.values() if load.memory.over_s is not None]
        return max(times, default=None)

    def house_room(self) -> tuple[str, float] | None:
        """The circuit at the house connection with the least room, and W of it, spread over three phases; None: none.

        An unknown load leaves no room.
        """
        rooms = []
        for name, load in self._loads.items():
            circuit = load.circuit
            if circuit.parent is not None or not (circuit.max_current_a or circuit.max_power_w):
                continue
            spare_w = circuit.max_power_w - load.now_w if circuit.max_power_w else INFINITE
            if circuit.max_current_a:
                spare_w = min(spare_w, 3 * self._voltage_v * (circuit.max_current_a - max(load.now_a)))
            rooms.append((name, spare_w if load.known else 0.0))
        return min(rooms, key=lambda room: room[1], default=None)

    def memories(self) -> dict[str, CircuitMemory]:
        return {name: load.memory for name, load in self._loads.items()}

    def published(self) -> dict[str, CircuitDecision]:
        return {
            name: CircuitDecision(
                load.measured_w,
                load.measured_a,
                load.overloaded,
                load.circuit.max_current_a,
                load.circuit.max_power_w,
            )
            for name, load in self._loads.items()
            if name != ORDER
        }


def _in_force(circuit: Circuit, limits: Mapping[str, LimitReading]) -> Circuit:
    """The circuit with what its own sources say laid over its static limits; a source cannot lift a limit with 0."""
    said = limits.get(circuit.name)
    if said is None:
        return circuit
    current_a, power_w = plausible.number(said.current_a, ABSURD_A), plausible.number(said.power_w, ABSURD_W)
    return replace(
        circuit,
        max_current_a=current_a if current_a is not None and current_a > 0 else circuit.max_current_a,
        max_power_w=power_w if power_w is not None and power_w > 0 else circuit.max_power_w,
    )


def _chain(name: str, circuits: Mapping[str, Circuit]) -> tuple[str, ...]:
    """The circuit and those above it; a ring, which the configuration rejects, ends where it closes."""
    chain: list[str] = []
    at: str | None = name
    while at is not None and at in circuits and at not in chain:
        chain.append(at)
        at = circuits[at].parent
    return tuple(chain)


def overloaded_since(decided_s: float, snapshot: Snapshot, settings: Settings, memory: Memory, now_s: float) -> bool:
    """Whether readings younger than the last decision show more than a circuit may carry, or the end of that."""
    youngest = [each.at_s for each in snapshot.circuit_meters.values() if each.at_s is not None]
    youngest += [each.charger.at_s for each in snapshot.loadpoints if each.charger.at_s is not None]
    if not any(at_s > decided_s for at_s in youngest):
        return False
    if any(each.over_s == decided_s for each in memory.circuits.values()):
        return True
    started_s = now_s if memory.started_s is None else memory.started_s
    points = []
    for index, reading in enumerate(snapshot.loadpoints):
        if index >= len(settings.loadpoints) or index >= len(memory.loadpoints):
            continue
        p = point(
            index,
            settings.loadpoints[index],
            reading,
            memory.loadpoints[index],
            started_s,
            now_s,
            settings.voltage_v,
        )
        p.power_w = drawn_w(p)
        points.append(p)
    return Circuits(snapshot, settings, memory.circuits, points, started_s, now_s).overloaded()
