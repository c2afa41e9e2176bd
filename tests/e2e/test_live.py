"""The live connection of a house that runs: each cycle one frame, warnings as they come, an end that is told."""

import json

import websocket

from evcc_flask.simulation.wire.station import Fault
from tests.e2e.world import GRID, wire_s


def test_each_cycle_is_a_frame_and_a_device_that_fails_is_told(world):
    server = world.serve(world.config("now", "now"))
    live = websocket.create_connection(f"ws://127.0.0.1:{server.port}/ws", timeout=30)
    seen = json.loads(live.recv())
    cycles = [seen["cycle"]]
    while len(cycles) < 4:
        frame = json.loads(live.recv())
        seen |= frame
        if "cycle" in frame:
            cycles.append(frame["cycle"])
            assert "decidedAt" in seen
    assert cycles == list(range(cycles[0], cycles[0] + 4))
    spoken_s = wire_s()
    server.post("/api/loadpoints/1/priority/7")
    while seen["loadpoints.0.priority"] != 7:
        seen |= json.loads(live.recv())
    assert wire_s() - spoken_s < 2
    world.line.station(GRID).fault = Fault.SILENT
    while "log" not in seen:
        seen |= json.loads(live.recv())
    assert seen["log"]["level"] in ("warn", "error")
    assert server.terminate() < 5.0
    while (message := live.recv_data())[0] != websocket.ABNF.OPCODE_CLOSE:
        pass
    assert int.from_bytes(message[1][:2], "big") == 1001
    live.shutdown()
