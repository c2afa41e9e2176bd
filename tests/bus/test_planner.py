"""The block planner: what it must never do, and what it costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evcc_flask.bus.needs import Registers, Table
from evcc_flask.bus.planner import Limits, line_limits, plan

ranges = st.frozensets(
    st.builds(Registers, st.just(1), st.sampled_from(Table), st.integers(0, 400), st.integers(1, 20)), max_size=12
)
limits = st.builds(Limits, st.integers(20, 125), st.integers(20, 2000), st.integers(0, 125))
holes = st.frozensets(
    st.builds(lambda t, a, n: (t, a, a + n), st.sampled_from(Table), st.integers(0, 400), st.integers(1, 60)),
    max_size=4,
)


@given(ranges, limits, holes)
def test_every_range_is_served_by_exactly_one_block(requests, limits, refused):
    members = [member for block in plan(requests, limits, refused) for member in block.members]
    assert sorted(map(repr, members)) == sorted(map(repr, requests))
    assert all(block.serves(member) for block in plan(requests, limits, refused) for member in block.members)


@given(ranges, limits, holes)
def test_no_block_is_longer_than_the_slave_takes(requests, limits, refused):
    assert all(block.count <= limits.span(block.table) for block in plan(requests, limits, refused))


@given(ranges, limits, holes)
def test_no_merged_block_contains_a_refused_range(requests, limits, refused):
    for block in plan(requests, limits, refused):
        if len(block.members) > 1:
            table, start, end = block.range
            assert not any(t is table and start <= a and b <= end for t, a, b in refused)


@given(ranges, limits)
def test_a_plan_never_costs_more_than_single_reads(requests, limits):
    def cost(blocks):
        return sum(limits.gap * (16 if b.table <= 2 else 1) + b.count for b in blocks)

    singles = [block for request in requests for block in plan(frozenset({request}), limits)]
    assert cost(plan(requests, limits)) <= cost(singles)


@given(ranges, limits)
def test_each_range_is_cut_from_its_block(requests, limits):
    for block in plan(requests, limits):
        answer = tuple(range(block.address, block.address + block.count))
        for member in block.members:
            assert block.cut(answer, member) == tuple(range(member.address, member.address + member.count))


@pytest.mark.parametrize(("baudrate", "gap"), [(9600, 14), (19200, 18), (38400, 25), (115200, 56)])
def test_a_gap_is_worth_reading_while_it_is_shorter_than_a_frame(baudrate, gap):
    limits = line_limits(baudrate)
    assert limits.gap == gap
    near = frozenset({Registers(1, Table.INPUT, 0, 2), Registers(1, Table.INPUT, 2 + gap, 2)})
    far = frozenset({Registers(1, Table.INPUT, 0, 2), Registers(1, Table.INPUT, 3 + gap, 2)})
    assert (len(plan(near, limits)), len(plan(far, limits))) == (1, 2)


def test_the_same_plan_is_not_made_twice():
    requests = frozenset({Registers(1, Table.INPUT, 0, 2)})
    assert plan(requests, Limits()) is plan(requests, Limits())
