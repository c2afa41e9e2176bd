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


EMPTY = """
interval: 0.3s
vehicles: [{name: golf, type: template, template: offline, capacity: 50}]
chargers:
- {name: box, type: custom, status: {source: const, value: A}, enabled: {source: const, value: false},
   enable: {source: script, cmd: "true"}, maxcurrent: {source: script, cmd: "true"}}
loadpoints: [{charger: box}]
"""


def test_what_is_chosen_while_no_car_is_there_waits_for_the_next_one_over_a_restart(serve):
    def chosen(state):
        (place,) = state["loadpoints"]
        return (place["limitSoc"], place["limitEnergy"], place["vehicleName"]) == (80, 12, "golf")

    first = serve(EMPTY)
    first.shown(lambda state: state["loadpoints"][0]["connected"] is False)
    for path in ("limitsoc/80", "limitenergy/12", "vehicle/golf"):
        assert first.client.post(f"/api/loadpoints/1/{path}").status_code == 200
    first.shown(chosen)
    first.server.stop()
    second = serve(EMPTY)
    cycles = []
    second.state.subscribe(lambda _: cycles.append(1))
    second.shown(lambda state: len(cycles) > 3)
    assert chosen(second.state.published.state)
    assert second.client.get("/api/changes?origin=restart").json == {"result": []}
