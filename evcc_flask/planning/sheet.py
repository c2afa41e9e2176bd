"""What a plan must know of a loadpoint: what counts there, how much is missing, and how fast it comes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from evcc_flask.domain.figures import EFFICIENCY, SETTLE_S
from evcc_flask.domain.limits import limits_a
from evcc_flask.domain.memory import LoadpointMemory, Memory
from evcc_flask.domain.plans import EnergyPlan, Goal
from evcc_flask.domain.point import Point, drawn_w, point
from evcc_flask.domain.settings import Circuit, Settings
from evcc_flask.domain.snapshot import Snapshot
from evcc_flask.domain.words import Feature

TAPER_W = 980.0
"""A car takes 50 kW up to half full, and falls by this much with each % to 1 kW when it is full."""
LAST_W = 1000.0
SLIGHT_W = 1.0
"""Less is no slower offer."""
LONGEST_S = 366 * 86400.0
"""What takes longer is not reckoned in seconds."""
NEW = LoadpointMemory()


@dataclass(frozen=True, slots=True)
class Sheet:
    """``soc_percent`` None: unknown; ``certain``: it may end a plan. ``charged_kwh``: of this connection; an energy
    plan counts from ``from_kwh`` on. ``power_w``: at full speed, which is ``of_w`` until it was seen to be ``took_w``.
    ``kwh_per_percent``: at the plug. ``known_since_s``: when it was plugged in, or when the program began after that.
    """

    point: Point
    connected: bool
    soc_percent: float | None
    certain: bool
    capacity_kwh: float
    kwh_per_percent: float
    charged_kwh: float
    from_kwh: float
    power_w: float
    took_w: float = 0.0
    of_w: float = 0.0
    known_since_s: float = 0.0

    @property
    def by_soc(self) -> bool:
        """Plans go by SoC where the car tells it, else by energy."""
        offline = self.point.vehicle is None or Feature.OFFLINE in self.point.vehicle.features
        return self.capacity_kwh > 0 and (not offline or bool(self.soc_percent))

    def required_s(self, goal: Goal) -> float:
        """Seconds of charging at full speed until ``goal``; near the end a car takes less. docs/control.rst, plans."""
        if self.power_w <= 0:
            return 0.0
        if not goal.soc_percent:
            missing_kwh = max(0.0, goal.energy_kwh + self.from_kwh - self.charged_kwh)
            return min(LONGEST_S, missing_kwh * 3.6e6 / self.power_w)
        soc, last = self.soc_percent or 0.0, goal.soc_percent
        taper = min(100.0, 100.0 - (self.power_w - LAST_W) / TAPER_W)
        full = max(0.0, min(last, taper) - soc) / self.power_w
        slow = max(0.0, last - max(soc, taper)) / ((self.power_w + LAST_W) / 2)
        return min(LONGEST_S, (full + slow) * self.kwh_per_percent * 3.6e6)

    def fresh(self) -> "Sheet":
        """For an energy plan made at this moment."""
        return replace(self, from_kwh=self.charged_kwh)

    def met(self, goal: Goal) -> bool:
        """Reached, as far as that is certain."""
        return self.required_s(goal) <= 0 < self.power_w and (self.certain or not goal.soc_percent)


def sheet(index: int, snapshot: Snapshot, settings: Settings, memory: Memory, now_s: float) -> Sheet | None:
    """Of a loadpoint (0-based), as of the last cycle; None where nothing was read yet."""
    if index >= len(snapshot.loadpoints):
        return None
    remembered = memory.loadpoints[index] if index < len(memory.loadpoints) else NEW
    started_s = memory.started_s if memory.started_s is not None else now_s
    wishes = settings.loadpoints[index]
    p = point(index, wishes, snapshot.loadpoints[index], remembered, started_s, now_s, settings.voltage_v)
    charged_kwh = remembered.session.charged_kwh if remembered.session is not None else 0.0
    capacity = (p.vehicle.capacity_kwh if p.vehicle is not None else None) or 0.0
    capacity_kwh = capacity if 0 < capacity < 1e4 else 0.0
    soc = remembered.car.soc
    # One from before the plug-in decides nothing, and without a car nothing is decided.
    known = soc if soc is not None and (soc.current or not p.connected) else None
    most_w = _most_w(p, settings, snapshot)
    took_w = _took_w(p, most_w)
    return Sheet(
        point=p,
        connected=p.connected,
        soc_percent=known.percent if known is not None else p.soc_percent,
        certain=known is not None and known.trusted,
        capacity_kwh=capacity_kwh,
        kwh_per_percent=remembered.car.kwh_per_percent or capacity_kwh / EFFICIENCY / 100,
        charged_kwh=charged_kwh,
        from_kwh=_from_kwh(remembered, wishes.energy_plan, charged_kwh),
        power_w=took_w or most_w,
        took_w=took_w,
        of_w=most_w,
        known_since_s=max(started_s, remembered.session.connected_s) if remembered.session is not None else now_s,
    )


def _from_kwh(memory: LoadpointMemory, plan: EnergyPlan | None, charged_kwh: float) -> float:
    """An energy plan counts from when it was made, or from the plug-in."""
    if memory.session is None:
        return 0.0
    return memory.plan.from_kwh if plan == memory.plan.energy_plan else charged_kwh


def _took_w(p: Point, most_w: float) -> float:
    """The most that the car was seen to take of so much in this connection; 0 until it was seen at full speed."""
    plan, began_s, now_w = p.memory.plan, p.memory.charging_s, drawn_w(p)
    before_w = plan.took_w if p.connected and plan.of_w == most_w else 0.0
    measured = p.power is not None or p.currents_a is not None
    steady = p.charging and began_s is not None and min(p.since(began_s), p.since(p.box.changed_s)) >= SETTLE_S
    if not measured or not steady or p.told_w < most_w - SLIGHT_W or now_w < LAST_W:
        return before_w
    return min(most_w, max(before_w, now_w))


def _most_w(p: Point, settings: Settings, snapshot: Snapshot) -> float:
    """The effective maximum on all phases, as far as the fuses above let it pass."""
    phases = p.max_phases_active
    most_w = limits_a(p, phases)[1] * phases * p.voltage_v
    for circuit in _above(p.settings.circuit, {each.name: each for each in settings.circuits}):
        said = snapshot.circuit_limits.get(circuit.name)
        limit_a = said.current_a if said is not None and said.current_a else circuit.max_current_a
        limit_w = said.power_w if said is not None and said.power_w else circuit.max_power_w
        most_w = min(most_w, limit_a * phases * p.voltage_v) if limit_a > 0 else most_w
        most_w = min(most_w, limit_w) if limit_w > 0 else most_w
    return max(0.0, most_w)


def _above(name: str | None, circuits: Mapping[str, Circuit]) -> Iterator[Circuit]:
    seen = set()
    while name is not None and name in circuits and name not in seen:
        seen.add(name)
        yield circuits[name]
        name = circuits[name].parent
