"""What a house learned outlives the process."""

from evcc_flask.simulation.wire.station import Memory
from evcc_flask.simulation.wire.tcp import ModbusTcpServer

HOUSE = """
interval: 0.3s
meters:
- name: grid
  type: custom
  power: {{source: modbus, uri: "127.0.0.1:{port}", id: 1, register: {{address: 10, type: holding, decode: int16}}}}
  energy: {{source: modbus, uri: "127.0.0.1:{port}", id: 1, register: {{address: 14, type: holding, decode: uint16}}}}
site: {{meters: {{grid: grid}}}}
"""


def test_what_a_slave_refused_to_answer_in_one_piece_is_not_asked_again(serve):
    slave = ModbusTcpServer({1: Memory(holdings={10: 100, 14: 7})})
    house = HOUSE.format(port=slave.port)
    first = serve(house)
    first.shown(lambda state: state["grid"] and state["grid"].get("energy") == 7)
    first.server.stop()
    second = serve(house)
    state = second.shown(lambda state: state["grid"] and state["grid"].get("energy") == 7)
    assert state["links"][0]["errors"] == {}
    slave.close()
