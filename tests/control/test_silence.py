"""What the log tells of devices that fall silent."""

import logging

import pytest

from evcc_flask.control.silence import Roll
from evcc_flask.domain.readings import ChargerReading, MeterReading
from evcc_flask.domain.snapshot import LoadpointReading, Snapshot


def house(grid_s, error=None):
    box = LoadpointReading(ChargerReading("box", at_s=1000.0))
    return Snapshot(grid=MeterReading("grid", at_s=grid_s, power_w=1.0, error=error), loadpoints=(box,))


@pytest.fixture
def roll(caplog):
    caplog.set_level(logging.INFO, "site")
    return Roll()


def test_a_lost_main_value_is_one_line_and_its_return_another(roll, caplog):
    roll.call(house(100.0), 100.0, set())
    for now_s in (110.0, 116.0, 120.0, 300.0):
        roll.call(house(100.0, "null is no number"), now_s, set())
    roll.call(house(310.0), 310.0, set())
    roll.call(house(320.0), 320.0, set())
    assert caplog.messages == ["meter 'grid' is lost: null is no number", "meter 'grid' is back"]


def test_one_failed_read_is_no_line(roll, caplog):
    roll.call(house(100.0, "time-out"), 104.0, set())
    roll.call(house(108.0), 108.0, set())
    assert caplog.messages == []


def test_what_is_told_already_is_not_told_again(roll, caplog):
    roll.call(house(None, "no such device"), 100.0, {"grid"})
    assert caplog.messages == []
