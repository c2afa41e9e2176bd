"""Merges the register ranges that are due into as few reads as the wire makes worth while: pure.

A frame costs a fixed time, and each register some more. Reading a gap of unwanted registers along pays as long as it
is shorter than what another frame costs: 14 registers at 9600 baud, more on a fast line, nearly any on a network.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

from .needs import Registers, Table

Range = tuple[Table, int, int]
"""Table, first address, first address behind."""

FRAME_CHARACTERS = 20
"""Request (8) and head and end of an answer (5) and twice the silence of 3.5 characters."""
TURNAROUND_S = 0.008
"""How long a slave thinks before it answers; 5 to 10 ms are usual."""
NETWORK_GAP = 100
"""A request and its answer cost some 250 bytes of headers on the network: 125 registers."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``registers`` and ``bits``: most of one read (Modbus allows 125 and 2000). ``gap``: what a frame is worth."""

    registers: int = 125
    bits: int = 2000
    gap: int = NETWORK_GAP

    def span(self, table: Table) -> int:
        return self.bits if table in (Table.COIL, Table.DISCRETE) else self.registers

    def narrowed(self, max_registers: int | None, max_gap: int | None) -> "Limits":
        """What a single slave can take."""
        registers = self.registers if max_registers is None else min(self.registers, max_registers)
        return replace(self, registers=registers, gap=self.gap if max_gap is None else max_gap)


def line_limits(baudrate: int) -> Limits:
    """The limits of a serial line: a character is 10 bits, a register two characters."""
    return Limits(gap=round((FRAME_CHARACTERS + TURNAROUND_S * baudrate / 10) / 2))


@dataclass(frozen=True, slots=True)
class Block:
    """One read that serves its ``members``."""

    unit: int
    table: Table
    address: int
    count: int
    members: tuple[Registers, ...]

    @property
    def range(self) -> Range:
        return (self.table, self.address, self.address + self.count)

    def serves(self, request: Registers) -> bool:
        """Whether the answer contains what ``request`` wants."""
        return (
            (request.unit, request.table) == (self.unit, self.table)
            and self.address <= request.address
            and request.address + request.count <= self.address + self.count
        )

    def cut(self, answer: tuple[int, ...], request: Registers) -> tuple[int, ...]:
        """The part of the block's answer that ``request`` wants."""
        start = request.address - self.address
        return answer[start : start + request.count]

    def joints(self) -> Iterator[Range]:
        """The ranges around each gap: what may not be merged where the gaps are to blame."""
        end = 0
        for earlier, later in zip(self.members, self.members[1:], strict=False):
            end = max(end, earlier.address + earlier.count)
            if later.address > end:
                yield (self.table, earlier.address, later.address + later.count)


@lru_cache(maxsize=512)
def plan(requests: frozenset[Registers], limits: Limits, refused: frozenset[Range] = frozenset()) -> tuple[Block, ...]:
    """The cheapest blocks for the ranges of one slave. No block of several contains a ``refused`` range.

    A single range is always allowed: whether the slave takes it is its own answer's matter.
    """
    ordered = sorted(requests, key=lambda r: (r.table, r.address, r.count))
    blocks: list[Block] = []
    for table, members in groupby(ordered, key=lambda r: r.table):
        blocks += _cheapest(tuple(members), limits, [(a, b) for t, a, b in refused if t is table])
    return tuple(blocks)


def _cheapest(members: tuple[Registers, ...], limits: Limits, refused: Iterable[tuple[int, int]]) -> list[Block]:
    """Cheapest cut of the ordered members into runs, found from the end backwards."""
    table, span = members[0].table, limits.span(members[0].table)
    frame = limits.gap * (16 if table in (Table.COIL, Table.DISCRETE) else 1)
    cost: list[float] = [0.0] * (len(members) + 1)
    cut = [0] * len(members)
    for first in reversed(range(len(members))):
        start, end, cost[first] = members[first].address, 0, float("inf")
        for last in range(first, len(members)):
            end = max(end, members[last].address + members[last].count)
            if last > first and (end - start > span or any(start <= a and b <= end for a, b in refused)):
                break
            if (total := frame + end - start + cost[last + 1]) <= cost[first]:
                cost[first], cut[first] = total, last + 1
    blocks, first = [], 0
    while first < len(members):
        run = members[first : cut[first]]
        end = max(r.address + r.count for r in run)
        blocks.append(Block(run[0].unit, table, run[0].address, end - run[0].address, run))
        first = cut[first]
    return blocks
