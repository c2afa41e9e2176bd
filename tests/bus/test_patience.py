"""How long what fails is left alone: as long as its failures cost others, and as the house can do without it."""

import logging
from dataclasses import dataclass, field

import pytest

from evcc_flask.bus.needs import ErrorKind, Need, ReadError, Registers, Table
from evcc_flask.bus.specs import ModbusSpec
from evcc_flask.devices.field import DeviceField


@dataclass(eq=False)
class Failing:
    """A procedure that fails each time."""

    kind: ErrorKind
    tries: int = 0

    def run(self, wire: object) -> None:
        self.tries += 1
        raise ReadError(self.kind, "http://box/status: what it says makes no sense")


@dataclass(eq=False)
class Device:
    """Anything that is read."""

    needed: list[Need] = field(default_factory=list)

    def needs(self) -> list[Need]:
        return self.needed


def tries_in_ten_minutes(house: DeviceField, clock, counted) -> int:
    """One cycle a second."""
    before = counted()
    for _ in range(600):
        assert house.refresh().wait(10)
        clock.ahead_s += 1
    return counted() - before


def test_who_answers_nonsense_is_asked_again_with_each_cycle_and_lost_in_one_line(bus_ahead, clock_ahead, caplog):
    call = Failing(ErrorKind.VALUE)
    house = DeviceField(bus_ahead, [Device([Need(bus_ahead.calls("box"), call)])])
    for cycles in range(1, 6):
        assert house.refresh().wait(10)
        assert call.tries == cycles
    assert [record.levelname for record in caplog.records if record.levelno >= logging.WARNING] == ["WARNING"]
    assert "Trying again, with every cycle" in caplog.text


@pytest.mark.parametrize(("pressing", "least", "most"), [(False, 8, 20), (True, 40, 80)])
def test_a_dead_slave_rests_for_a_minute_and_for_ten_seconds_where_the_house_hangs_on_it(
    bus_ahead, clock_ahead, tcp, pressing, least, most
):
    link = bus_ahead.modbus(ModbusSpec(host="127.0.0.1", port=tcp.port, timeout_s=0.02, unit=1))
    meter = Device([Need(link, Registers(1, Table.HOLDING, 0, 1))])
    house = DeviceField(bus_ahead, [meter])
    if pressing:
        house.press(meter)
    tcp.put(1, holding={0: 1})
    tcp.silent.add(1)
    tries_in_ten_minutes(house, clock_ahead, lambda: len(tcp.asked))
    assert least <= tries_in_ten_minutes(house, clock_ahead, lambda: len(tcp.asked)) <= most


def test_on_one_line_only_what_is_pressing_is_asked_more_often(bus_ahead, clock_ahead, tcp):
    link = bus_ahead.modbus(ModbusSpec(host="127.0.0.1", port=tcp.port, timeout_s=0.02))
    grid, other = (Device([Need(link, Registers(unit, Table.HOLDING, 0, 1))]) for unit in (1, 2))
    house = DeviceField(bus_ahead, [grid, other])
    house.press(grid)
    for unit in (1, 2):
        tcp.put(unit, holding={0: 1})
        tcp.silent.add(unit)

    def asked(unit):
        return lambda: sum(asked[0] == unit for asked in tcp.asked)

    tries_in_ten_minutes(house, clock_ahead, asked(1))
    before = asked(2)()
    assert tries_in_ten_minutes(house, clock_ahead, asked(1)) >= 40
    assert asked(2)() - before <= 20
