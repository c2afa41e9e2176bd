"""The grid operator's order (§14a EnWG): what cars and the battery may take from the grid together, and proof of it.

It holds without circuits. What the sun gives beyond the home's need comes on top, where the house says so. Every step
of an order is an event: received, obeyed, the grid's mean of each minute, released. Events are appended, never changed.
Figures: BNetzA BK6-22-300, annex 1, 4.5 (minimum of several devices behind one energy management system).
"""

from collections.abc import Sequence
from dataclasses import replace

from .figures import ABSURD_W
from .house import House
from .moment import Moment
from .orders import GridEvent, InForce, OrderMemory, Step
from .plausible import number
from .point import Point
from .readings import GridOrder
from .unheard import may_draw_w

DEVICE_W = 4_200.0
"""What the grid operator must leave to a single device."""
SIMULTANEITY = (1.0, 1.0, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5, 0.45)
"""By the number of devices; from nine on the last one."""
MINUTE_S = 60.0
TOLERANCE_W = 50.0
"""A box offers whole or tenths of an ampere, and meters count as exactly as they can."""
LEAST_W = 1.0
"""An order of nothing; a limit of 0 W would be none."""


def minimum_w(devices: int) -> float:
    """What must be left to so many devices together."""
    share = SIMULTANEITY[min(devices, len(SIMULTANEITY) - 1)]
    return DEVICE_W * (1 + max(0, devices - 1) * share)


def in_force(
    order: GridOrder | None,
    memory: OrderMemory | None,
    h: House,
    points: Sequence[Point],
    battery_w: float,
    now: Moment,
) -> InForce | None:
    """The order that holds in this cycle; None: the house is free. ``battery_w``: what batteries draw from the grid."""
    if order is None or order.limit_w is None:
        return None
    limit_w = max(0.0, number(order.limit_w, ABSURD_W) or 0.0)
    own_w = max(0.0, (h.pv_w or 0.0) - h.home_w) if order.with_sun and h.home_w is not None else 0.0
    lasts_s = now.s - memory.since_s if memory is not None else 0.0
    drawn_w = sum(may_draw_w(p) for p in points) + battery_w
    return InForce(limit_w, max(LEAST_W, limit_w + own_w), own_w, drawn_w, order.minimum_w, order.cause, lasts_s)


def record(
    force: InForce | None, order: GridOrder | None, memory: OrderMemory | None, grid_w: float | None, now: Moment
) -> tuple[OrderMemory | None, tuple[GridEvent, ...]]:
    """What is remembered of an order, and what is to be written down of it in this cycle."""
    if force is None:
        if memory is None:
            return None, ()
        owed_w = order.minimum_w if order is not None else 0.0
        last = GridEvent(Step.RELEASED, memory.cause, memory.limit_w, owed_w, now.s - memory.since_s, 0.0, grid_w)
        return None, (last,)
    events: list[GridEvent] = []
    if memory is None or (memory.limit_w, memory.cause) != (force.limit_w, force.cause):
        memory = OrderMemory(force.limit_w, force.cause, now.s, minute_s=now.s, at_s=now.s)
        events.append(_event(Step.RECEIVED, force, memory, now, grid_w))
    if not memory.obeyed and force.drawn_w <= force.allowed_w + TOLERANCE_W:
        memory = replace(memory, obeyed=True)
        events.append(replace(_event(Step.OBEYED, force, memory, now, grid_w), below=now.s == memory.since_s))
    passed_s = now.s - memory.at_s
    if grid_w is not None:
        sums = memory.sum_ws + grid_w * passed_s, memory.summed_s + passed_s
        memory = replace(memory, sum_ws=sums[0], summed_s=sums[1])
    memory = replace(memory, at_s=now.s)
    if now.s - memory.minute_s >= MINUTE_S:
        mean_w = memory.sum_ws / memory.summed_s if memory.summed_s else None
        events.append(_event(Step.MINUTE, force, memory, now, mean_w))
        memory = replace(memory, minute_s=now.s, sum_ws=0.0, summed_s=0.0)
    return memory, tuple(events)


def _event(step: Step, force: InForce, memory: OrderMemory, now: Moment, grid_w: float | None) -> GridEvent:
    seconds = now.s - memory.since_s
    return GridEvent(step, force.cause, force.limit_w, force.minimum_w, seconds, force.drawn_w, grid_w)
