"""The record of the grid operator's orders: what is in it stays."""

import sqlite3

import pytest

from evcc_flask.domain.orders import GridEvent, Step


def event(step, seconds=0.0, **more):
    return GridEvent(step, "order", 4200.0, 7560.0, seconds, 1000.0, 500.0, **more)


def test_an_order_is_read_as_one_and_step_by_step(opened):
    with_order = opened()
    with_order.append_grid_events((event(Step.RECEIVED), event(Step.OBEYED, 4.2)))
    receipt = with_order.append_grid_events((event(Step.MINUTE, 60.0), event(Step.RELEASED, 90.0)))
    assert receipt.wait(10) is None
    (order,) = with_order.grid_orders()
    assert (order["limitPower"], order["belowMinimum"], order["obeyedAfter"]) == (4200, True, 4.2)
    assert order["finished"] is not None
    assert [each["gridPower"] for each in order["minutes"]] == [500]
    assert [row["step"] for row in with_order.grid_events()] == ["received", "obeyed", "minute", "released"]


def test_an_order_whose_end_nobody_saw_stays_open_and_the_newest_comes_first(opened):
    house = opened()
    receipt = house.append_grid_events((event(Step.RECEIVED), event(Step.RECEIVED), event(Step.RELEASED, 5.0)))
    assert receipt.wait(10) is None
    assert [order["finished"] is None for order in house.grid_orders()] == [False, True]


@pytest.mark.parametrize("statement", ["UPDATE grid_events SET limit_w = 1", "DELETE FROM grid_events"])
def test_nobody_changes_or_deletes_a_row(opened, path, statement):
    house = opened()
    assert house.append_grid_events((event(Step.RECEIVED),)).wait(10) is None
    with sqlite3.connect(path) as other, pytest.raises(sqlite3.IntegrityError, match="a proof"):
        other.execute(statement)
    other.close()
    assert len(house.grid_events()) == 1
