"""The demo's inverter and go-e, driven by clients that share no code with them."""

import struct
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import requests
from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusException

from evcc_flask.domain.words import BatteryMode
from evcc_flask.simulation.description import sunny_house
from evcc_flask.simulation.house import House
from evcc_flask.simulation.wire.goe import GoE, GoEServer
from evcc_flask.simulation.wire.live import LiveHouse
from evcc_flask.simulation.wire.station import Fault
from evcc_flask.simulation.wire.sunspec import HybridInverter, address_of
from evcc_flask.simulation.wire.tcp import ModbusTcpServer

MORNING = datetime(2026, 6, 20, 10, 0, tzinfo=UTC)


class Life:
    """A house whose time is moved by hand."""

    def __init__(self):
        self.at = MORNING
        self.wire = 0.0
        self.house = House(sunny_house(MORNING))
        self.house.forced_pv_w = 6000.0
        self.house.forced_load_w = 800.0
        self.live = LiveHouse(self.house, lambda: self.at)

    def pass_(self, seconds):
        self.at += timedelta(seconds=seconds)
        self.wire += seconds
        with self.live.now():
            return


@pytest.fixture
def life():
    return Life()


@pytest.fixture
def server(life):
    server = ModbusTcpServer({1: HybridInverter(life.live, 1, 0, lambda: life.wire)})
    yield server
    server.close()


@pytest.fixture
def inverter(server):
    with ModbusTcpClient("127.0.0.1", port=server.port, timeout=10, retries=0) as client:
        yield client


@pytest.fixture
def hasty(server):
    """A client that does not wait long: for answers that do not come."""
    with ModbusTcpClient("127.0.0.1", port=server.port, timeout=0.4, retries=0) as client:
        yield client


def models(client):
    """Walk the chain as any SunSpec client does: id to (address, registers)."""
    assert struct.pack(">2H", *client.read_holding_registers(40000, count=2).registers) == b"SunS"
    found, at = {}, 40002
    while True:
        number, length = client.read_holding_registers(at, count=2).registers
        if number == 0xFFFF:
            return found
        found[number] = client.read_holding_registers(at, count=length + 2).registers
        at += length + 2


def signed(word):
    return word - 0x10000 if word & 0x8000 else word


def test_the_chain_of_models_can_be_walked(inverter):
    found = models(inverter)
    assert {number: len(words) for number, words in found.items()} == {
        1: 68,
        103: 52,
        120: 28,
        160: 90,
        124: 26,
        802: 64,
    }
    assert struct.pack(">16H", *found[1][2:18]).rstrip(b"\0") == b"Sonnenhaus"


def test_the_inverter_shows_strings_and_battery(inverter, life):
    life.pass_(30)
    found = models(inverter)
    string, battery = life.house.pv[1], life.house.batteries[0]
    strings = found[160]
    assert strings[8] == 4
    assert strings[21] + strings[41] == pytest.approx(string.power_w, abs=2)
    assert strings[81] - strings[61] == pytest.approx(battery.power_w, abs=2)
    assert signed(found[103][14]) == pytest.approx(string.power_w + battery.power_w, abs=2)
    assert found[124][8] / 100 == pytest.approx(battery.soc_percent, abs=0.1)
    assert found[802][11] / 10 == pytest.approx(battery.soc_percent, abs=0.1)
    assert signed(found[802][47]) == pytest.approx(battery.power_w, abs=2)
    assert (signed(found[124][22]), signed(found[124][25]), signed(found[802][56])) == (-2, -2, -1)
    assert found[120][19] * 10 ** found[120][20] == 9600


def order(client, **points):
    for name, value in points.items():
        assert not client.write_register(address_of(124, name), value & 0xFFFF).isError()


def test_a_master_holds_and_charges_the_battery(inverter, life):
    life.house.forced_pv_w = 0.0
    life.house.forced_load_w = 2000.0
    life.pass_(30)
    assert life.house.batteries[0].power_w > 1500
    order(inverter, OutWRte=0, StorCtl_Mod=2)
    life.pass_(30)
    assert life.house.batteries[0].power_w == pytest.approx(0, abs=10)
    order(inverter, ChaGriSet=1, OutWRte=-10000)
    life.pass_(30)
    assert life.house.batteries[0].power_w < -3000
    order(inverter, StorCtl_Mod=0, OutWRte=10000)
    assert life.house.batteries[0].mode is BatteryMode.NORMAL


def test_an_order_with_a_time_limit_lapses(inverter, server, life):
    order(inverter, InOutWRte_RvrtTms=60, OutWRte=0, StorCtl_Mod=2)
    life.pass_(59)
    server.station(1).slave.tick()
    assert life.house.batteries[0].mode is BatteryMode.HOLD
    life.pass_(2)
    server.station(1).slave.tick()
    assert life.house.batteries[0].mode is BatteryMode.NORMAL


def test_what_cannot_be_written_or_read_is_refused(inverter):
    assert inverter.write_register(address_of(103, "W"), 1).isError()
    assert inverter.read_holding_registers(39999, count=1).isError()
    assert inverter.read_holding_registers(40340, count=20).isError()
    assert inverter.read_input_registers(40000, count=1).isError()


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.HANG, Fault.RESET, Fault.WRONG_CRC, Fault.WRONG_UNIT])
def test_a_faulty_inverter_answers_nothing_right(server, hasty, inverter, fault):
    server.station(1).fault = fault
    with pytest.raises((ModbusException, OSError)):
        hasty.read_holding_registers(40000, count=2)
    server.station(1).fault = Fault.NONE
    assert inverter.read_holding_registers(40000, count=2).registers == [0x5375, 0x6E53]


def test_another_unit_is_not_there(hasty):
    with pytest.raises(ModbusException):
        hasty.read_holding_registers(40000, count=2, device_id=9)


def test_refused_writes_leave_reads_alone(server, inverter):
    server.station(1).fault = Fault.REFUSE_WRITE
    assert inverter.write_register(address_of(124, "StorCtl_Mod"), 2).isError()
    assert inverter.read_holding_registers(address_of(124, "StorCtl_Mod"), count=1).registers == [0]


def test_closing_ends_connections_and_hanging_requests(life):
    server = ModbusTcpServer({1: HybridInverter(life.live, 1, 0)})
    server.station(1).fault = Fault.HANG
    ended = threading.Event()

    def ask():
        client = ModbusTcpClient("127.0.0.1", port=server.port, timeout=10, retries=0)
        with suppress(ModbusException, OSError), client:
            client.read_holding_registers(40000, count=2)
        ended.set()

    threading.Thread(target=ask, daemon=True).start()
    while not server.transactions:
        assert not ended.wait(0.01)
    server.close()
    assert ended.wait(3)


@pytest.fixture
def garage(life):
    car = life.house.cars[1]
    life.house.boxes[1].plug(car)
    server = GoEServer(GoE(life.live, 1))
    yield server
    server.close()


def get(server, path, timeout=10.0):
    return requests.get(f"http://127.0.0.1:{server.port}{path}", timeout=timeout)


def status(server):
    return get(server, "/api/status?filter=alw,car,eto,nrg,wh,psm,amp,frc").json()


def test_the_go_e_charges_on_command(garage, life):
    assert status(garage)["car"] == 3
    assert not status(garage)["alw"]
    assert get(garage, "/api/set?amp=10").json() == {"amp": True}
    assert get(garage, "/api/set?frc=2").json() == {"frc": True}
    life.pass_(15)
    now = status(garage)
    assert (now["car"], now["alw"], now["amp"], now["frc"]) == (2, True, 10, 2)
    assert len(now["nrg"]) == 16
    assert now["nrg"][4:7] == [10, 0, 0]
    assert now["nrg"][11] == pytest.approx(life.house.boxes[1].power_w, abs=1)
    life.pass_(3600)
    assert status(garage)["wh"] == pytest.approx(2300, rel=0.1)
    get(garage, "/api/set?frc=1")
    life.pass_(5)
    assert status(garage)["car"] == 4


def test_the_go_e_switches_phases(garage, life):
    assert status(garage)["psm"] == 2
    assert get(garage, "/api/set?psm=1").json() == {"psm": True}
    life.pass_(10)
    assert life.house.boxes[1].phases == 1


def test_the_filter_leaves_only_what_was_asked_for(garage):
    assert set(get(garage, "/api/status?filter=alw,car,nonsense").json()) == {"alw", "car"}
    assert {"sse", "fna", "nrg"} < set(get(garage, "/api/status").json())


def test_the_go_e_says_why_it_refuses(garage):
    assert get(garage, "/api/set?amp=5").json() == {"amp": "not allowed"}
    assert get(garage, "/api/set?amp=x").json() == {"amp": "x is no number"}
    assert get(garage, "/elsewhere").status_code == 404


def test_a_faulty_go_e(garage):
    garage.fault = Fault.SERVER_ERROR
    assert get(garage, "/api/status").status_code == 500
    garage.fault = Fault.GARBAGE
    assert get(garage, "/api/status").text.startswith("<html>")
    garage.fault = Fault.WRONG_CRC
    with pytest.raises(requests.JSONDecodeError):
        get(garage, "/api/status").json()
    garage.fault = Fault.REFUSE_WRITE
    assert get(garage, "/api/set?amp=8").json() == {"amp": "refused"}
    garage.fault = Fault.RESET
    with pytest.raises(requests.ConnectionError):
        get(garage, "/api/status")
    for fault in (Fault.SILENT, Fault.HANG):
        garage.fault = fault
        with pytest.raises(requests.Timeout):
            get(garage, "/api/status", timeout=0.2)
    garage.fault = Fault.NONE
    assert status(garage)["car"] == 3


def test_single_values_can_be_altered(garage):
    garage.altered = {"car": None, "eto": 1e308}
    assert (status(garage)["car"], status(garage)["eto"]) == (None, 1e308)
