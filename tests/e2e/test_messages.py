"""A charge as people hear of it: the real server tells it over HTTP, each thing once, in the words of the file."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from evcc_flask.simulation.wire.station import Fault
from tests.e2e.world import BOX, World, eventually


@pytest.fixture
def phone() -> Iterator[Any]:
    """What was told, as title and text."""

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            phone.told.append((told["title"], told["msg"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    phone: Any = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    phone.told = []
    threading.Thread(target=phone.serve_forever, args=(0.02,), daemon=True).start()
    yield phone
    phone.shutdown()
    phone.server_close()


def config(world: World, phone: Any) -> dict[str, Any]:
    words = {
        "connect": "${title}",
        "start": "${title} in ${mode}",
        "stop": "${chargedEnergy:%.0fk} kWh",
        "disconnect": "gone",
    }
    send = {"source": "http", "uri": f"http://127.0.0.1:{phone.server_port}/", "method": "POST", "body": "${send}"}
    events = {name: {"title": name, "msg": text} for name, text in words.items()}
    services = [{"type": "custom", "encoding": "json", "send": send}]
    return world.config("off") | {"messaging": {"events": events, "services": services}}


def hears(phone: Any, *titles: str) -> None:
    eventually(lambda: [title for title, _ in phone.told] == list(titles), 30, f"heard {titles}, not {phone.told}")


def test_a_charge_is_told_from_plug_to_plug_each_thing_once(world: World, phone: Any) -> None:
    with world.live.now() as house:
        car = house.boxes[0].car
        house.boxes[0].unplug()
    server = world.serve(config(world, phone))
    with world.live.now() as house:
        house.boxes[0].plug(car)
    hears(phone, "connect")
    server.post("/api/loadpoints/1/mode/now")
    hears(phone, "connect", "start")
    server.post("/api/loadpoints/1/mode/off")
    hears(phone, "connect", "start", "stop")
    with world.live.now() as house:
        house.boxes[0].unplug()
    hears(phone, "connect", "start", "stop", "disconnect")
    server.cycles(3)
    assert [text for _, text in phone.told] == ["Carport", "Carport in now", "0 kWh", "gone"]


def test_a_silent_box_is_told_with_cause_and_remedy_and_again_when_it_is_back(hurrying: Any, phone: Any) -> None:
    world = hurrying(60.0)
    server = world.serve(config(world, phone))
    server.until(lambda state: state["loadpoints"][0]["connected"], 20, "the car is seen")
    world.line.stations[BOX].fault = Fault.SILENT
    eventually(lambda: [title for title, _ in phone.told if title == "heidelberg does not answer"], 60, "it is told")
    world.faultless()
    eventually(lambda: phone.told[-1][0] == "heidelberg answers again", 60, "its return is told")
    lost = [text for title, text in phone.told if title == "heidelberg does not answer"]
    assert len(lost) == 1
    assert "Is it on, are cable and network in order?" in lost[0]
