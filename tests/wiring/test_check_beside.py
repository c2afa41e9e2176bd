"""``check`` while a server runs on the same house."""

import os

import pytest

from evcc_flask.commands.check import check
from evcc_flask.simulation.wire.rtu import SerialLine
from evcc_flask.simulation.wire.station import Memory

HOUSE = """
interval: 0.3s
meters:
- name: grid
  type: template
  template: eastron
  usage: grid
  modbus: rs485serial
  device: {port}
  id: 1
site: {{meters: {{grid: grid}}}}
"""


@pytest.fixture
def line(tmp_path):
    line = SerialLine(tmp_path / "rs485", {1: Memory(inputs=dict.fromkeys(range(400), 0))})
    yield line
    line.close()


def test_it_says_who_holds_the_line_and_where_to_look(serve, line, tmp_path):
    serve(HOUSE.format(port=line.path)).shown(lambda state: (state["grid"] or {}).get("power") == 0)
    said = []
    assert check(tmp_path / "evcc.yaml", {}, said.append) == 1
    told = "\n".join(said)
    assert "another program has opened the port" in told
    assert f"evcc-flask runs on this house (process {os.getpid()})" in told
    assert "http://localhost:7070/api/state, under 'links'" in told


def test_it_says_nothing_of_the_kind_where_nobody_runs(serve, line, tmp_path):
    serve(HOUSE.format(port=line.path), control=False).server.stop()
    said = []
    assert check(tmp_path / "evcc.yaml", {}, said.append) == 0, said
    assert "runs on this house" not in "\n".join(said)
