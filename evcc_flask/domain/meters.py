"""Can the grid meter be believed? A kilowatt that we switched ourselves is its test.

Home power, the rest of the balance grid + PV + battery - charging, does not jump when a car starts or stops. Where it
jumps by the car's own power, the grid meter does not see this wallbox; by twice as much, it is reversed. Three
contradictions in a row end solar charging until a test is passed.
"""

from collections.abc import Sequence
from dataclasses import replace

from .figures import (
    CONTRADICTIONS,
    STUCK_READINGS,
    STUCK_S,
    TEST_DONE_S,
    TEST_FIRST_S,
    TEST_GIVEN_UP_S,
    TEST_W,
)
from .house import House
from .memory import MetersMemory, MeterTest
from .point import Point
from .reasons import Code, Reason, because

SAME_SHARE = 0.4
"""A jump below this share of the caused change is the household's own."""


def follow(memory: MetersMemory, h: House, points: Sequence[Point], now_s: float) -> MetersMemory:
    """Go on with the running test, and watch for a value that does not move."""
    if h.grid_w is None or h.grid_at_s is None or not h.rest_known:
        return replace(memory, test=None, same_w=None) if memory.test or memory.same_w is not None else memory
    return _stuck(_tested(memory, h, points, h.grid_at_s, now_s), h, now_s)


def begin(memory: MetersMemory, h: House, points: Sequence[Point], caused_w: float, now_s: float) -> MetersMemory:
    """Start a test when this cycle's commands move a kilowatt of metered boxes."""
    if memory.test is not None or h.grid_w is None or h.grid_at_s is None or not h.rest_known or abs(caused_w) < TEST_W:
        return memory
    return replace(memory, test=MeterTest(now_s, _metered_w(points), h.grid_w + h.rest_w))


def verdict(memory: MetersMemory) -> Reason | None:
    """Why there is no solar charging, with the numbers of the last test."""
    if memory.verdict is None:
        return None
    return because(Code(memory.verdict), caused_w=round(memory.caused_w), jump_w=round(memory.jump_w))


def _metered_w(points: Sequence[Point]) -> float:
    return sum(p.power_w for p in points if p.power is not None)


def _tested(memory: MetersMemory, h: House, points: Sequence[Point], read_s: float, now_s: float) -> MetersMemory:
    """``read_s``: when the grid value was read; by this it is late or not, as an old value contradicts nothing new."""
    test = memory.test
    if test is None or h.grid_w is None:
        return memory
    caused_w = _metered_w(points) - test.charge_w
    if test.seen_s is None:
        if abs(caused_w) < 0.8 * TEST_W:
            return replace(memory, test=None) if now_s - test.since_s > TEST_GIVEN_UP_S else memory
        test = replace(test, seen_s=now_s)
        return replace(memory, test=test)
    age_s = read_s - test.seen_s
    if age_s < TEST_FIRST_S:
        return memory
    if abs(caused_w) < 0.8 * TEST_W:
        return replace(memory, test=None)
    jump_w = h.grid_w + h.rest_w - test.balance_w
    share = jump_w / caused_w
    if abs(share) < SAME_SHARE:
        return _contradicted(memory, Code.GRID_LATE, caused_w, jump_w) if test.late else MetersMemory()
    if share > 0:
        return replace(memory, test=None)
    if age_s < TEST_DONE_S:
        return replace(memory, test=replace(test, late=age_s >= TEST_DONE_S / 2))
    if -1.4 <= share <= -0.6:
        return _contradicted(memory, Code.GRID_BLIND, caused_w, jump_w)
    if -2.5 <= share <= -1.6:
        return _contradicted(memory, Code.GRID_REVERSED, caused_w, jump_w)
    return replace(memory, test=None)


def _contradicted(memory: MetersMemory, code: Code, caused_w: float, jump_w: float) -> MetersMemory:
    count = memory.contradictions + 1
    told = code.value if count >= CONTRADICTIONS else memory.verdict
    return replace(memory, test=None, contradictions=count, verdict=told, caused_w=caused_w, jump_w=jump_w)


def _stuck(memory: MetersMemory, h: House, now_s: float) -> MetersMemory:
    """A grid value that is the same to the last bit, reading after reading, while the rest moved by a kilowatt."""
    assert h.grid_w is not None
    assert h.grid_at_s is not None
    if memory.same_w != h.grid_w:
        told = None if memory.verdict == Code.GRID_STUCK.value else memory.verdict
        return replace(
            memory,
            verdict=told,
            same_w=h.grid_w,
            same_since_s=now_s,
            same_at_s=h.grid_at_s,
            same_readings=1,
            rest_low_w=h.rest_w,
            rest_high_w=h.rest_w,
        )
    if h.grid_at_s == memory.same_at_s:
        return memory
    low_w, high_w = min(memory.rest_low_w, h.rest_w), max(memory.rest_high_w, h.rest_w)
    readings = memory.same_readings + 1
    memory = replace(memory, same_at_s=h.grid_at_s, same_readings=readings, rest_low_w=low_w, rest_high_w=high_w)
    lasting = readings >= STUCK_READINGS and now_s - memory.same_since_s >= STUCK_S
    if not lasting or high_w - low_w < TEST_W:
        return memory
    return replace(memory, verdict=Code.GRID_STUCK.value, caused_w=high_w - low_w, jump_w=0.0)
