"""The demo's RS485 line, driven by a client that shares no code with it."""

import time
from datetime import UTC, datetime

import minimalmodbus
import pytest
import serial

from evcc_flask.simulation.description import sunny_house
from evcc_flask.simulation.house import House
from evcc_flask.simulation.wire.heidelberg import Heidelberg
from evcc_flask.simulation.wire.live import LiveHouse
from evcc_flask.simulation.wire.meters import Eastron, sdm72_at_pv, sdm120_at_pv, sdm630_at_grid
from evcc_flask.simulation.wire.rtu import SerialLine, crc
from evcc_flask.simulation.wire.station import Fault, Memory

MORNING = datetime(2026, 6, 20, 10, 0, tzinfo=UTC)


@pytest.fixture
def house():
    house = House(sunny_house(MORNING))
    house.forced_pv_w = 6000.0
    house.forced_load_w = 800.0
    return house


@pytest.fixture
def clock():
    return Clock()


class Clock:
    """House time and wire time, moved by hand."""

    def __init__(self):
        self.at = MORNING
        self.wire = 0.0

    def now(self):
        return self.at

    def wire_s(self):
        return self.wire

    def pass_(self, seconds):
        self.wire += seconds
        self.at = datetime.fromtimestamp(self.at.timestamp() + seconds, UTC)


@pytest.fixture
def line(tmp_path, house, clock):
    live = LiveHouse(house, clock.now)
    slaves = {
        1: Eastron(live, sdm630_at_grid),
        2: Eastron(live, sdm72_at_pv(0)),
        3: Heidelberg(live, 0, clock.wire_s),
        4: Eastron(live, sdm120_at_pv(0)),
        5: Memory(holdings={7: 70, 8: 80}, coils={0: 1, 1: 0}),
    }
    line = SerialLine(tmp_path / "rs485", slaves)
    yield line
    line.close()


@pytest.fixture
def port(line):
    with serial.Serial(str(line.path), 9600, timeout=0.25) as port:
        yield port


def unit(port, number):
    return minimalmodbus.Instrument(port, number)


def test_the_check_sum_is_that_of_the_modbus_specification():
    assert crc(bytes.fromhex("010300000001")) == bytes.fromhex("840a")


def test_the_grid_meter_shows_the_house(port, house):
    meter = unit(port, 1)
    assert meter.read_float(0x34, functioncode=4) == pytest.approx(house.grid.power_w, abs=0.1)
    assert meter.read_float(0x02, functioncode=4) == pytest.approx(house.grid.voltages_v[1], abs=0.01)
    assert meter.read_float(0x4A, functioncode=4) == pytest.approx(house.grid.export_kwh, abs=0.01)
    assert meter.read_float(0x08, functioncode=4) >= 0


def test_a_generating_string_counts_as_export(port, house):
    assert unit(port, 2).read_float(0x34, functioncode=4) == pytest.approx(-house.pv[0].power_w, abs=0.1)
    assert unit(port, 4).read_float(0x0C, functioncode=4) == pytest.approx(-house.pv[0].power_w, abs=0.1)


def test_an_eastron_refuses_more_than_forty_values_and_half_values(port):
    meter = unit(port, 1)
    assert len(meter.read_registers(0, 80, functioncode=4)) == 80
    for address, count in ((0, 82), (0, 3), (1, 2), (0x0190, 2)):
        with pytest.raises(minimalmodbus.ModbusException):
            meter.read_registers(address, count, functioncode=4)


def test_an_answer_takes_the_time_of_a_real_line(line, port):
    meter = unit(port, 1)
    began = time.monotonic()
    meter.read_registers(0, 20, functioncode=4)
    took = time.monotonic() - began
    assert 0.063 <= took < 0.2, "8 + 45 bytes at 9600 baud, and 8 ms turnaround"
    assert (line.transactions, line.bytes) == (1, 53)


def test_the_box_starts_the_car_and_stops_it(port, house, clock):
    box = unit(port, 3)
    assert box.read_register(5, functioncode=4) == 4, "a car, not allowed"
    box.write_registers(261, [100])
    clock.pass_(10)
    assert house.boxes[0].enabled
    assert box.read_register(5, functioncode=4) == 7
    assert box.read_register(6, functioncode=4) == 100
    assert box.read_register(14, functioncode=4) == pytest.approx(10 * 3 * 230, abs=150)
    box.write_registers(261, [0])
    clock.pass_(5)
    assert box.read_register(5, functioncode=4) == 4
    assert not house.boxes[0].enabled


def test_the_box_takes_only_function_16_and_only_what_it_can(port):
    box = unit(port, 3)
    with pytest.raises(minimalmodbus.IllegalRequestError):
        box.write_register(261, 100, functioncode=6)
    with pytest.raises(minimalmodbus.IllegalRequestError):
        box.write_registers(261, [161])
    box.write_registers(261, [59])
    assert box.read_register(261) == 0


def test_a_silent_master_makes_the_box_fall_to_its_safe_current(port, line, house, clock):
    box = unit(port, 3)
    box.write_registers(262, [60])
    box.write_registers(261, [160])
    clock.pass_(14)
    line.station(3).slave.tick()
    assert house.boxes[0].offered_a == 16
    clock.pass_(2)
    line.station(3).slave.tick()
    assert house.boxes[0].offered_a == 6
    assert box.read_register(261) == 60


def test_without_a_safe_current_a_silent_master_ends_the_charge(port, line, house, clock):
    unit(port, 3).write_registers(261, [160])
    clock.pass_(16)
    line.station(3).slave.tick()
    assert not house.boxes[0].enabled


def test_a_locked_box_says_so_and_charges_again_when_unlocked(port, house):
    box = unit(port, 3)
    box.write_registers(261, [80])
    box.write_registers(259, [0])
    assert box.read_register(5, functioncode=4) == 10
    assert not house.boxes[0].enabled
    box.write_registers(259, [1])
    assert house.boxes[0].enabled


def test_a_box_in_standby_without_a_car_falls_asleep(port, line, house, clock):
    box = unit(port, 3)
    house.boxes[0].unplug()
    box.write_registers(258, [4])
    clock.pass_(800)
    assert box.read_register(5, functioncode=4) == 2
    box.write_registers(258, [0])
    line.station(3).slave.tick()
    with pytest.raises(minimalmodbus.NoResponseError):
        box.read_register(5, functioncode=4)


def test_plain_registers_and_coils_can_be_read_and_written(port, line):
    memory = unit(port, 5)
    assert memory.read_registers(7, 2) == [70, 80]
    assert memory.read_bits(0, 2, functioncode=1) == [1, 0]
    memory.write_bit(1, 1)
    memory.write_bits(0, [0, 1])
    memory.write_register(7, 71, functioncode=6)
    assert memory.read_bits(0, 2, functioncode=1) == [0, 1]
    assert memory.read_register(7) == 71
    assert line.station(5).slave.writes == [(1, (1,)), (0, (0, 1)), (7, (71,))]
    with pytest.raises(minimalmodbus.IllegalRequestError):
        memory.read_registers(8, 2)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.SILENT, minimalmodbus.NoResponseError),
        (Fault.HANG, minimalmodbus.InvalidResponseError),
        (Fault.WRONG_CRC, minimalmodbus.InvalidResponseError),
        (Fault.WRONG_UNIT, minimalmodbus.InvalidResponseError),
        (Fault.GARBAGE, minimalmodbus.InvalidResponseError),
        (Fault.SERVER_ERROR, minimalmodbus.SlaveReportedException),
    ],
)
def test_a_fault_is_seen_by_the_master_and_ends_with_its_switch(line, port, fault, error):
    line.station(5).fault = fault
    with pytest.raises(error):
        unit(port, 5).read_register(7)
    assert unit(port, 1).read_float(0x34, functioncode=4) is not None, "the others on the line go on"
    line.station(5).fault = Fault.NONE
    port.reset_input_buffer()
    assert unit(port, 5).read_register(7) == 70


def test_refused_writes_leave_reads_alone(line, port):
    line.station(3).fault = Fault.REFUSE_WRITE
    box = unit(port, 3)
    with pytest.raises(minimalmodbus.SlaveReportedException):
        box.write_registers(261, [100])
    assert box.read_register(261) == 0


def test_noise_before_a_request_costs_that_request_only(line, port):
    request = bytes.fromhex("010400340002")
    port.write(b"\x01\x04\x00" + request + crc(request))
    assert port.read(1) == b""
    assert unit(port, 1).read_float(0x34, functioncode=4) is not None


def test_nobody_hears_a_master_at_another_baud_rate(line):
    with serial.Serial(str(line.path), 19200, timeout=0.2) as wrong, pytest.raises(minimalmodbus.NoResponseError):
        unit(wrong, 5).read_register(7)


def test_foreign_traffic_can_be_heard(line, port):
    line.chatter(b"\x01\x04\x00\x34\x00\x02\x30\x05")
    assert port.read(8) == b"\x01\x04\x00\x34\x00\x02\x30\x05"


def test_a_pulled_adapter_hangs_up_and_comes_back_at_the_same_path(line, port):
    line.unplug()
    assert not line.path.exists()
    with pytest.raises((serial.SerialException, OSError)):
        port.read(1)
    line.plug()
    with serial.Serial(str(line.path), 9600, timeout=0.5) as again:
        assert unit(again, 5).read_register(7) == 70


def test_closing_leaves_nothing_behind(tmp_path):
    line = SerialLine(tmp_path / "line", {})
    line.close()
    line.close()
    assert list(tmp_path.iterdir()) == []
