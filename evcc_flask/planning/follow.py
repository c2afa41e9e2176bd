"""What the plans want in this cycle: before each decision they are laid into its settings and its memory. Pure.

A plan that charges is held until its goal is reached, it is changed, or the car leaves: also past its time, and however
the prices change. docs/control.rst, plans.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from evcc_flask.domain.figures import LATE_S, SOC_AWAITED_S
from evcc_flask.domain.memory import LoadpointMemory, Memory, PlanMemory
from evcc_flask.domain.moment import Moment
from evcc_flask.domain.plans import EnergyPlan, Goal, SocPlan
from evcc_flask.domain.reasons import Code, Fact, Reason, because
from evcc_flask.domain.settings import LoadpointSettings, Plan, Settings
from evcc_flask.domain.snapshot import Snapshot
from evcc_flask.domain.words import Mode

from .choice import aims, chosen, hurried, planned, source, still_meant
from .sheet import Sheet, sheet
from .slots import Schedule

SHORT_SLOT = timedelta(minutes=14)
"""Less is left of a slot: it is not worth a start."""
SHORT_S = 15 * 60.0
"""Less is missing: it is charged in one go."""
SHORT_GAP = timedelta(minutes=14)
"""A shorter pause is none."""


LONGEST_CYCLE_S = 300.0
"""Whoever decided nothing for longer was away, and not slow."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A plan that is over: reached, or its time passed before it began. ``loadpoint`` 0-based."""

    loadpoint: int
    plan: SocPlan | EnergyPlan


@dataclass(frozen=True, slots=True)
class Planned:
    """Settings and memory to decide with; ``ended``: to be taken out of the wishes, see :func:`without`."""

    settings: Settings
    memory: Memory
    ended: tuple[Ended, ...] = ()


def follow(snapshot: Snapshot, settings: Settings, memory: Memory, now: Moment) -> Planned:
    """Look at the plans of all loadpoints, on what the last cycle knew."""
    loadpoints, memories = list(settings.loadpoints), list(memory.loadpoints)
    ended = []
    # A loop that cannot keep its interval sees late that a goal is reached, too.
    last_s = now.since(memory.decided_s) if memory.decided_s is not None else 0.0
    cycle_s = max(settings.interval_s, min(last_s, LONGEST_CYCLE_S))
    for index in range(min(len(snapshot.loadpoints), len(loadpoints))):
        memories += [LoadpointMemory()] * (index + 1 - len(memories))
        view = sheet(index, snapshot, settings, memory, now.s)
        assert view is not None
        step = _Step(index, view, snapshot, settings, memories[index], now, cycle_s)
        plan, after = step.take()
        loadpoints[index] = replace(loadpoints[index], plan=plan)
        memories[index] = replace(memories[index], plan=after)
        if step.over is not None:
            ended.append(Ended(index, step.over))
    return Planned(
        replace(settings, loadpoints=tuple(loadpoints)), replace(memory, loadpoints=tuple(memories)), tuple(ended)
    )


def without(settings: Settings, ended: tuple[Ended, ...]) -> Settings:
    """The wishes without the plans that are over; one that was changed meanwhile stays."""
    for each in ended:
        loadpoint, car = settings.loadpoints[each.loadpoint], settings.vehicle_at(each.loadpoint)
        if loadpoint.energy_plan == each.plan:
            settings = _with(settings, each.loadpoint, replace(loadpoint, energy_plan=None))
        if car is not None and car.plan == each.plan:
            settings = replace(settings, vehicles={**settings.vehicles, car.vehicle.name: replace(car, plan=None)})
    return settings


def _with(settings: Settings, index: int, loadpoint: LoadpointSettings) -> Settings:
    loadpoints = settings.loadpoints
    return replace(settings, loadpoints=(*loadpoints[:index], loadpoint, *loadpoints[index + 1 :]))


class _Step:
    """One loadpoint in one cycle. ``over``: the plan that ended."""

    def __init__(
        self,
        index: int,
        view: Sheet,
        snapshot: Snapshot,
        settings: Settings,
        memory: LoadpointMemory,
        now: Moment,
        cycle_s: float,
    ) -> None:
        self._index, self._sheet, self._snapshot, self._settings = index, view, snapshot, settings
        self._memory, self._now = memory, now
        self._cycle_s = cycle_s
        self.over: SocPlan | EnergyPlan | None = None

    def take(self) -> tuple[Plan, PlanMemory]:
        """The plan's word, and what is remembered of it."""
        view, wall = self._sheet, self._now.wall
        rest = PlanMemory(
            energy_plan=view.point.settings.energy_plan,
            from_kwh=view.from_kwh,
            took_w=view.took_w,
            of_w=view.of_w if view.took_w else 0.0,
        )
        nothing = Plan(soc_based=view.by_soc)
        if not view.connected:
            return self._seen_from_afar(nothing), rest
        held = self._held()
        goal = held or chosen(aims(self._settings, self._index, view, wall), view)
        if goal is None:
            return nothing, rest
        if wall is None:
            return replace(
                nothing,
                active=held is not None,
                goal=goal,
                finish=self._text(goal.time),
                why=None if held else because(Code.PLAN_WAITS_FOR_CLOCK, finish=self._text(goal.time)),
            ), replace(rest, goal=held, late=self._memory.plan.late)
        if goal.time < wall and held is None:
            self._end(goal)
            return nothing, rest
        required_s = view.required_s(goal)
        if required_s <= 0:
            return self._reached(goal, held, nothing, rest)
        return self._on_the_way(goal, held, required_s, nothing, rest, wall)

    def _held(self) -> Goal | None:
        """The goal of the plan that charges, if it still may."""
        goal, mode, before = self._memory.plan.goal, self._sheet.point.mode, self._memory.mode
        reset = mode is not before and before is not None and mode in (Mode.OFF, Mode.NOW)
        if goal is None or reset or self._sheet.point.off:
            return None
        return goal if still_meant(goal, self._settings, self._index, self._sheet) else None

    def _end(self, goal: Goal) -> None:
        self.over = source(goal, self._settings, self._index)

    def _seen_from_afar(self, nothing: Plan) -> Plan:
        """Without a car nothing is planned; which plan would count is shown."""
        goal = chosen(aims(self._settings, self._index, self._sheet, self._now.wall), self._sheet)
        return replace(nothing, goal=goal)

    def _reached(self, goal: Goal, held: Goal | None, nothing: Plan, rest: PlanMemory) -> tuple[Plan, PlanMemory]:
        """Nothing is missing. A full battery is the car's own business; a SoC that is not certain ends nothing."""
        certain = self._sheet.met(goal)
        passed = self._now.wall is not None and goal.time < self._now.wall
        if held is not None and (goal.soc_percent == 100 or not (certain or passed)):
            finish = self._text(goal.time)
            why = because(Code.PLAN_ACTIVE, finish=finish, plan=goal.plan_id, **_aim(goal))
            return replace(nothing, active=True, goal=goal, finish=finish, why=why), replace(rest, goal=goal)
        if certain or passed:
            self._end(goal)
            return nothing, rest
        return replace(nothing, goal=goal, finish=self._text(goal.time)), rest

    def _on_the_way(
        self, goal: Goal, held: Goal | None, required_s: float, nothing: Plan, rest: PlanMemory, wall: datetime
    ) -> tuple[Plan, PlanMemory]:
        plan = planned(goal, required_s, self._snapshot, wall, self._cycle_s)
        overrun_s = max(0.0, required_s - (goal.time - wall).total_seconds())
        slot = plan.slot_at(wall)
        slot_end = slot.end if slot is not None else self._memory.plan.slot_end
        if self._sheet.point.off:
            active = False
        elif held is not None:
            active = slot is not None or self._goes_on(goal, required_s, plan, wall)
        elif self._unread():
            active = False
        else:
            worth = slot is not None and (slot.end - wall >= SHORT_SLOT or plan.continues(slot))
            active = worth or hurried(goal, required_s, wall, self._cycle_s)
        late = overrun_s >= LATE_S
        told = self._memory.plan.late and held is not None
        word = replace(
            nothing,
            active=active,
            finish=self._text(goal.time),
            goal=goal,
            start=plan.start,
            end=plan.end,
            overrun_s=overrun_s,
            overruns=late and active and not told,
            why=self._why(goal, plan, active, wall),
        )
        return word, replace(rest, goal=goal, slot_end=slot_end, late=late or told) if active else rest

    def _goes_on(self, goal: Goal, required_s: float, plan: Schedule, wall: datetime) -> bool:
        """Between two slots: too little is missing, or too soon would it start again, to be worth a pause."""
        slot_end, start = self._memory.plan.slot_end, plan.start
        if wall > goal.time or (start is not None and start - wall < SHORT_GAP):
            return True
        if required_s <= goal.precondition_s:
            return False
        return goal.continuous or required_s < SHORT_S or (slot_end is not None and wall < slot_end)

    def _unread(self) -> bool:
        """Whether the car may still tell how full it is."""
        view, memory = self._sheet, self._memory
        known = not view.by_soc or view.soc_percent is not None
        return not known and (memory.session is None or self._now.since(view.known_since_s) < SOC_AWAITED_S)

    def _why(self, goal: Goal, plan: Schedule, active: bool, wall: datetime) -> Reason | None:
        if self._sheet.point.off:
            return None
        facts: dict[str, Fact] = {"finish": self._text(goal.time), "plan": goal.plan_id, **_aim(goal)}
        if not active and self._unread():
            return because(Code.PLAN_WAITS_FOR_SOC, **facts)
        if plan.waits:
            latest = goal.time - timedelta(seconds=plan.later_s)
            return because(Code.PLAN_WAITS_FOR_PRICES, latest=self._text(latest), **facts)
        cost = plan.cost(self._sheet.power_w)
        facts["slots"] = _spans(plan, wall)
        if cost is not None:
            facts["cost"] = round(cost, 4)
        if active:
            return because(Code.PLAN_ACTIVE, **facts)
        assert plan.start is not None
        return because(Code.PLAN_STARTS, start=self._text(plan.start), **facts)

    def _text(self, moment: datetime) -> str:
        """By the wall clock of the house."""
        wall = self._now.wall
        return (moment.astimezone(wall.tzinfo) if wall is not None else moment).isoformat(timespec="minutes")


def _aim(goal: Goal) -> dict[str, Fact]:
    return {"soc_percent": goal.soc_percent} if goal.soc_percent else {"energy_kwh": goal.energy_kwh}


def _spans(plan: Schedule, wall: datetime) -> str:
    """The hours of a plan for people, ``02:15-03:30, 05:00-06:30``, by the wall clock."""
    spans: list[list[datetime]] = []
    for slot in plan.slots:
        if spans and spans[-1][1] == slot.start:
            spans[-1][1] = slot.end
        else:
            spans.append([slot.start, slot.end])
    return ", ".join(f"{a.astimezone(wall.tzinfo):%H:%M}-{b.astimezone(wall.tzinfo):%H:%M}" for a, b in spans)
