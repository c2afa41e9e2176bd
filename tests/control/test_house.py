"""A driver that fails is told of when that begins and when it ends, and takes no other with it."""

import logging
from dataclasses import replace
from types import SimpleNamespace

from evcc_flask.control.house import House
from evcc_flask.domain.readings import MeterReading


class Meter(SimpleNamespace):
    broken = True

    def reading(self):
        if self.broken:
            raise ZeroDivisionError("by nothing")
        return MeterReading(self.name, at_s=1.0, power_w=100.0)


def test_a_driver_that_fails_each_cycle_is_logged_when_it_begins_and_when_it_ends(caplog):
    caplog.set_level(logging.INFO, "site")
    grid, other = Meter(name="grid"), Meter(name="aux1", broken=False)
    house = House(grid=grid, aux=(other,))
    for _ in range(20):
        snapshot = house.snapshot(())
        assert snapshot.grid.error == "driver failed: by nothing"
        assert snapshot.aux[0].power_w == 100.0
    assert [(record.levelname, bool(record.exc_info)) for record in caplog.records] == [("ERROR", True)]
    grid.broken = False
    for _ in range(3):
        assert house.snapshot(()).grid.power_w == 100.0
    assert [record.getMessage() for record in caplog.records[1:]] == ["grid: the driver works again"]
    grid.broken = True
    replace(house, aux=()).snapshot(())
    assert len(caplog.records) == 3
