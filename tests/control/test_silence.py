"""What the log tells of devices that fall silent."""

import logging

import pytest

from evcc_flask.control.silence import Roll, troubled_devices
from evcc_flask.domain.readings import ChargerReading, MeterReading, PvReading
from evcc_flask.domain.snapshot import LoadpointReading, Snapshot
from evcc_flask.domain.words import Status


def house(grid_s, error=None, power_w=1.0):
    box = LoadpointReading(ChargerReading("box", at_s=1000.0, status=Status.B))
    return Snapshot(grid=MeterReading("grid", at_s=grid_s, power_w=power_w, error=error), loadpoints=(box,))


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


@pytest.mark.parametrize(
    ("power_w", "told"),
    [
        (float("nan"), "nan W is no power of a house"),
        (1e308, "1e+308 W is no power of a house"),
        (None, "its answer holds no power"),
    ],
)
def test_an_answer_that_is_no_power_is_lost_without_any_error(roll, caplog, power_w, told):
    roll.call(house(100.0, power_w=power_w), 100.0, set())
    roll.call(house(110.0, power_w=power_w), 110.0, set())
    (issue, *_) = troubled_devices(house(110.0, power_w=power_w), 110.0)
    roll.call(house(120.0), 120.0, set())
    assert caplog.messages == [f"meter 'grid' is lost: {told}", "meter 'grid' is back"]
    assert issue.message == f"'grid' answers, and tells nothing of use: {told}"


def test_a_box_that_reports_an_error_is_lost_though_it_answers(roll, caplog):
    def box(status, error=None):
        return Snapshot(loadpoints=(LoadpointReading(ChargerReading("box", 100.0, status, error=error)),))

    roll.call(box(Status.B), 100.0, set())
    roll.call(box(None, "the box reports an error (state F)"), 101.0, set())
    roll.call(box(Status.B), 110.0, set())
    assert caplog.messages == ["charger 'box' is lost: the box reports an error (state F)", "charger 'box' is back"]


def test_a_meter_that_says_less_than_nothing_is_named_and_forgotten(roll, caplog):
    def house(pv_w, charge_w):
        box = LoadpointReading(ChargerReading("box", 100.0, Status.C, power_w=charge_w))
        return Snapshot(pv=(PvReading(MeterReading("roof", 100.0, pv_w)),), loadpoints=(box,))

    for snapshot in (house(-30.0, -50.0), house(-3000.0, -1380.0), house(-3100.0, -1380.0), house(2000.0, 1380.0)):
        roll.call(snapshot, 100.0, set())
    assert caplog.messages == [
        "charger 'box' seems reversed: the car takes -1380 W",
        "meter 'roof' seems reversed: the sun gives -3000 W",
        "charger 'box' does not seem reversed any more",
        "meter 'roof' does not seem reversed any more",
    ]
    issues = troubled_devices(house(-3000.0, 0.0), 100.0)
    assert [(issue.device, issue.fatal) for issue in issues] == [("roof", False)]
    assert "invert: true for roof" in issues[0].remedy
    assert not troubled_devices(house(-30.0, float("nan")), 100.0)


def test_a_device_that_was_never_heard_is_awaited_at_the_start(roll, caplog):
    for now_s in (100.0, 115.0):
        roll.call(house(None, "not read yet"), now_s, set())
    assert caplog.messages == []
    roll.call(house(None, "no answer"), 116.0, set())
    assert caplog.messages == ["meter 'grid' is lost: no answer"]
