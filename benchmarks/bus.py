"""What a poll costs on the wire: transactions, bytes and time a cycle, counted by the slaves themselves.

Two houses: two SDM630 and an EVSE-DIN box on a 9600 baud line (8 ms turnaround each), and a meter, a hybrid inverter
with battery and a wallbox on Modbus TCP. Usage: python benchmarks/bus.py [cycles, 40]
"""

import sys
import tempfile
import threading
from pathlib import Path

from evcc_flask.clock import SystemClock
from evcc_flask.config.load import load
from evcc_flask.construction import build_house
from evcc_flask.simulation.wire.rtu import SerialLine
from evcc_flask.simulation.wire.station import Memory
from evcc_flask.simulation.wire.tcp import ModbusTcpServer

LINE_HOUSE = """
site: {title: line, meters: {grid: grid, pv: [roof]}}
meters:
  - {name: grid, type: template, template: eastron, usage: grid, %(line)s, id: 1}
  - {name: roof, type: template, template: eastron, usage: pv, %(line)s, id: 2}
chargers:
  - {name: box, type: template, template: evse-din, %(line)s, id: 3}
loadpoints: [{title: Carport, charger: box, mode: pv}]
"""
LINE = "modbus: rs485serial, device: {port}, baudrate: 9600, comset: 8N1"

TCP_HOUSE = """
site: {title: tcp, meters: {grid: grid, pv: [roof], battery: [battery]}}
meters:
  - {name: grid, type: template, template: eastron, usage: grid, modbus: tcpip, %(grid)s}
  - {name: roof, type: template, template: huawei-sun2000-hybrid, usage: pv, modbus: tcpip, %(inverter)s}
  - {name: battery, type: template, template: huawei-sun2000-hybrid, usage: battery, modbus: tcpip, %(inverter)s}
chargers:
  - {name: box, type: template, template: alfen, %(box)s}
loadpoints: [{title: Carport, charger: box, mode: pv}]
"""
HOST = "host: 127.0.0.1, port: {port}, id: 1"


def slave() -> Memory:
    """Every register is there and 0: what is asked for counts, not what is answered."""
    zeros = dict.fromkeys(range(65536), 0)
    return Memory(holdings=dict(zeros), inputs=zeros)


def box() -> Memory:
    image = slave()
    image.tables[3].update({1002: 1, 1005: 16})
    return image


def measure(title: str, text: str, wires: list[SerialLine | ModbusTcpServer], cycles: int, pause_s: float) -> None:
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "evcc.yaml"
        path.write_text(text)
        built = build_house(load(path, {}), clock)
        for issue in built.issues:
            print(issue)
        idle = threading.Event()
        for _ in range(3):
            built.field.refresh().wait(10)
            idle.wait(pause_s)
        before = [(wire.transactions, wire.bytes) for wire in wires]
        longest = total = 0.0
        for _ in range(cycles):
            began = clock.wire_s()
            built.field.refresh().wait(10)
            took = clock.wire_s() - began
            longest, total = max(longest, took), total + took
            idle.wait(max(0.0, pause_s - took))
        transactions = sum(wire.transactions - was[0] for wire, was in zip(wires, before, strict=True))
        size = sum(wire.bytes - was[1] for wire, was in zip(wires, before, strict=True))
        print(
            f"{title}: {transactions / cycles:.2f} transactions, {size / cycles:.0f} bytes a cycle of {pause_s:g} s; "
            f"a refresh takes {1000 * total / cycles:.0f} ms, at most {1000 * longest:.0f} ms"
        )
        built.field.close()


def main() -> None:
    cycles = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    with tempfile.TemporaryDirectory() as folder:
        port = Path(folder) / "rs485"
        line = SerialLine(port, {1: slave(), 2: slave(), 3: box()})
        for pause_s in (2.0, 1.0):
            measure("9600 baud line", LINE_HOUSE % {"line": LINE.format(port=port)}, [line], cycles, pause_s)
        line.close()
    servers = [ModbusTcpServer({1: slave()}) for _ in range(3)]
    hosts = {
        name: HOST.format(port=server.port) for name, server in zip(("grid", "inverter", "box"), servers, strict=True)
    }
    measure("Modbus TCP", TCP_HOUSE % hosts, list(servers), cycles, 2.0)
    for server in servers:
        server.close()


main()
