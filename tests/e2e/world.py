"""A house on real wires in the test's process, and the real server as a process beside it.

Its cars react within a second, so that tests wait for the controller and not for them.
"""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from evcc_flask.clock import DemoClock, SystemClock
from evcc_flask.simulation.description import (
    BatteryDescription,
    BoxDescription,
    CarDescription,
    HouseDescription,
    PvDescription,
)
from evcc_flask.simulation.house import House
from evcc_flask.simulation.wire.goe import GoE, GoEServer
from evcc_flask.simulation.wire.heidelberg import CURRENT, Heidelberg
from evcc_flask.simulation.wire.live import LiveHouse
from evcc_flask.simulation.wire.meters import Eastron, sdm630_at_grid
from evcc_flask.simulation.wire.rtu import SerialLine
from evcc_flask.simulation.wire.station import Fault
from evcc_flask.simulation.wire.sunspec import HybridInverter
from evcc_flask.simulation.wire.tcp import ModbusTcpServer

HERE = Path(__file__).parent
NOON = datetime(2026, 6, 20, 12, 0, tzinfo=UTC)
GRID, BOX = 1, 3
"""Ids on the line."""
BAUDRATE = 19200

Config = dict[str, Any]
Condition = Callable[[dict[str, Any]], object]


def wire_s() -> float:
    """Seconds that all processes of this machine share."""
    return SystemClock().wire_s()


def eventually(condition: Callable[[], object], within_s: float, what: str) -> float:
    """Wait until ``condition()`` holds; returns how long that took. Fails with ``what``."""
    began_s, pause = wire_s(), threading.Event()
    while not condition():
        assert wire_s() - began_s < within_s, f"not within {within_s:g} s: {what}"
        pause.wait(0.01)
    return wire_s() - began_s


class HeardBox(Heidelberg):
    """The wallbox on the line, with all that was written to it: when, where, what."""

    def __init__(self, live: LiveHouse, place: int) -> None:
        super().__init__(live, place)
        self.heard: list[tuple[float, int, int]] = []

    def write(self, address: int, words: Sequence[int]) -> None:
        self.heard += [(wire_s(), place, word) for place, word in enumerate(words, address)]
        super().write(address, words)

    def told_s(self, current_a: float) -> list[float]:
        """When this set-point was written."""
        return [at_s for at_s, place, word in list(self.heard) if (place, word) == (CURRENT, round(10 * current_a))]

    def currents_a(self, since_s: float = 0.0) -> list[float]:
        """The set-points that were written since then."""
        return [word / 10 for at_s, place, word in list(self.heard) if place == CURRENT and at_s >= since_s]


class HeardGoE(GoE):
    """The wallbox on HTTP, with all that it was told: when, key, value."""

    def __init__(self, live: LiveHouse, place: int) -> None:
        super().__init__(live, place)
        self.heard: list[tuple[float, str, str]] = []

    def set(self, key: str, text: str) -> bool | str:
        self.heard.append((wire_s(), key, text))
        return super().set(key, text)


class World:
    """Sun, family and two cars with 3-phase chargers; grid meter and Heidelberg on RS485, hybrid by TCP, go-e by HTTP.

    ``speed``: of the house's clock; wires and fail-safe timers stay real. 10 kW of sun and 500 W of load until a test
    says else (``sun_w``, ``load_w``).
    """

    def __init__(self, folder: Path, speed: float = 1.0) -> None:
        self.folder = folder
        self.clock = DemoClock(wire_s(), NOON, speed)
        description = HouseDescription(
            start=NOON,
            jitter_w=6.0,
            pv=(PvDescription(peak_w=12_000.0, max_ac_w=12_000.0),),
            batteries=(BatteryDescription(soc_percent=100.0, max_discharge_w=0.0, dc_coupled_to=0),),
            boxes=(BoxDescription(), BoxDescription()),
            cars=tuple(CarDescription(box=box, capacity_kwh=500.0, ramp_s=0.5, wait_s=0.3) for box in (0, 1)),
        )
        self.house = House(description)
        self.live = LiveHouse(self.house, self.clock.now)
        self.sun_w(10_000.0)
        self.load_w(500.0)
        self.box, self.goe_box = HeardBox(self.live, 0), HeardGoE(self.live, 1)
        self.hybrid = HybridInverter(self.live, string=0, battery=0)
        self.line = SerialLine(
            folder / "rs485", {GRID: Eastron(self.live, sdm630_at_grid), BOX: self.box}, baudrate=BAUDRATE
        )
        self.tcp = ModbusTcpServer({1: self.hybrid})
        self.goe = GoEServer(self.goe_box)
        self._servers: list[Server] = []
        self._ended = threading.Event()
        self._beat = threading.Thread(target=self._tick, daemon=True)
        self._beat.start()

    def sun_w(self, power_w: float) -> None:
        with self.live.now() as house:
            house.forced_pv_w = power_w

    def load_w(self, power_w: float | tuple[float, float, float]) -> None:
        with self.live.now() as house:
            house.forced_load_w = power_w

    def power_w(self, box: int) -> float:
        """What the car at this box (0 Heidelberg, 1 go-e) really draws."""
        with self.live.now() as house:
            return house.boxes[box].power_w

    def energy_kwh(self, box: int) -> float:
        with self.live.now() as house:
            return house.boxes[box].session_kwh

    def passes(self, house_s: float) -> None:
        """Let so much time of the house go by."""
        until_s, pause = self.clock.monotonic_s() + house_s, threading.Event()
        while self.clock.monotonic_s() < until_s:
            pause.wait(0.01)

    def faultless(self) -> None:
        """Every wire works again."""
        for station in (*self.line.stations.values(), *self.tcp.stations.values(), self.goe):
            station.fault = Fault.NONE
        self.line.plug()

    def config(self, *modes: str, interval: str = "500ms", battery: bool = False) -> Config:
        """An evcc.yaml of this house. ``modes``: of the loadpoints at the Heidelberg and the go-e; fewer leave out."""
        serial = {"modbus": "rs485serial", "device": str(self.line.path), "baudrate": BAUDRATE, "comset": "8N1"}
        inverter = {"type": "template", "template": "sunspec-hybrid-inverter", "modbus": "tcpip"}
        inverter |= {"host": "127.0.0.1", "port": self.tcp.port, "id": 1, "timeout": "1s"}
        wait = {"threshold": 0, "delay": "0s"}
        config: Config = {
            "interval": interval,
            "site": {"title": "House", "meters": {"grid": "grid", "pv": ["hybrid"]}},
            "meters": [
                {"name": "grid", "type": "template", "template": "eastron", "usage": "grid", "id": GRID, **serial},
                {"name": "hybrid", "usage": "pv", **inverter},
            ],
            "chargers": [
                {"name": "heidelberg", "type": "template", "template": "heidelberg", "id": BOX, **serial},
                {"name": "goe", "type": "template", "template": "go-e-v3", "host": f"127.0.0.1:{self.goe.port}"},
            ][: len(modes)],
            "loadpoints": [
                {"title": title, "charger": charger, "mode": mode, "enable": wait, "disable": wait}
                for title, charger, mode in zip(("Carport", "Garage"), ("heidelberg", "goe"), modes, strict=False)
            ],
        }
        if battery:
            config["meters"].append({"name": "battery", "usage": "battery", **inverter})
            config["site"]["meters"]["battery"] = ["battery"]
        return config

    def serve(self, config: Config, *words: str, ready: bool = True, **environ: str) -> "Server":
        """Start the server on this house's clock; ``ready``: wait for its first cycle."""
        if self.clock.speed != 1.0:
            environ = {"EVCC_FLASK_DEMO_CLOCK": self.clock.spelled(), **environ}
        server = Server(self.folder, config, *words, **environ)
        self._servers.append(server)
        return server.ready() if ready else server

    def close(self) -> None:
        for server in self._servers:
            server.kill()
        self._ended.set()
        self._beat.join()
        self.goe.close()
        self.tcp.close()
        self.line.close()

    def _tick(self) -> None:
        while not self._ended.wait(0.1):
            with self.live.now():
                pass
            self.box.tick()
            self.hybrid.tick()


class Server:
    """``evcc-flask run`` over a folder with its evcc.yaml and its database."""

    def __init__(self, folder: Path, config: Config, *words: str, **environ: str) -> None:
        self.port = free_port()
        self.database = folder / "evcc.db"
        self.log: list[str] = []
        (folder / "evcc.yaml").write_text(yaml.safe_dump(config, sort_keys=False), "utf-8")
        options = ("-c", str(folder / "evcc.yaml"), "--database", str(self.database), "--port", str(self.port))
        self.started_s = wire_s()
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from evcc_flask.cli import main; main()", "run", *options, *words],
            env={
                **os.environ,
                "HOME": str(folder),
                "PYTHONPATH": f"{HERE / 'site'}{os.pathsep}{HERE.parents[1]}",
                **environ,
            },
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def ready(self, within_s: float = 20.0) -> "Server":
        """Wait for the first decision."""
        self.until(lambda state: state["cycle"] >= 1, within_s, "the first cycle")
        return self

    def ask(self, method: str, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def state(self) -> dict[str, Any]:
        status, body = self.ask("GET", "/api/state")
        assert status == 200, body
        result: dict[str, Any] = json.loads(body)["result"]
        return result

    def get(self, path: str) -> Any:
        status, body = self.ask("GET", path)
        assert status == 200, body
        return json.loads(body)["result"]

    def post(self, path: str) -> float:
        """A person's wish; returns when it was spoken."""
        spoken_s = wire_s()
        status, body = self.ask("POST", path)
        assert status == 200, body
        return spoken_s

    def until(self, condition: Condition, within_s: float, what: str = "") -> dict[str, Any]:
        """Poll the state until ``condition`` holds; returns that state."""
        began_s, pause = wire_s(), threading.Event()
        state: dict[str, Any] = {}
        while True:
            assert self.process.poll() is None, "".join(self.log)
            with contextlib.suppress(OSError, http.client.HTTPException):
                state = self.state()
                if condition(state):
                    return state
            if wire_s() - began_s > within_s:
                raise AssertionError(f"not within {within_s:g} s: {what}\n{told(state)}\n{''.join(self.log[-30:])}")
            pause.wait(0.03)

    def cycles(self, more: int, within_s: float = 20.0) -> dict[str, Any]:
        """Let so many cycles pass."""
        before = self.state()["cycle"]
        return self.until(lambda state: state["cycle"] >= before + more, within_s, f"{more} more cycles")

    def worker(self) -> int:
        """The process id of gunicorn's worker."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])

    def text(self) -> str:
        """All that it said so far."""
        return "".join(self.log)

    def terminate(self, within_s: float = 10.0) -> float:
        """SIGTERM; returns the seconds that it took to end."""
        began_s = wire_s()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(within_s)
        took_s = wire_s() - began_s
        self._reader.join(5)
        return took_s

    def kill(self) -> None:
        """SIGKILL to the whole group, as when the plug is pulled."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join(5)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.log.append(line)


class WebMeter:
    """The grid meter of a house behind HTTP. ``body``: what it says instead of the truth, with ``status``."""

    def __init__(self, live: LiveHouse) -> None:
        self.body: str | None = None
        self.status = 200
        meter = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with live.now() as house:
                    truth = json.dumps({"power": round(house.grid.power_w, 1)})
                raw = (truth if meter.body is None else meter.body).encode()
                self.send_response(meter.status)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(raw)

            def log_message(self, *words: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.block_on_close = False
        self.uri = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def config(self, name: str) -> Config:
        return {"name": name, "type": "custom", "power": {"source": "http", "uri": self.uri, "jq": ".power"}}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def codes(reasons: Sequence[dict[str, Any]]) -> set[str]:
    return {str(reason["code"]) for reason in reasons}


def link(state: dict[str, Any], name: str) -> dict[str, Any]:
    """The counters of the link whose name contains ``name``."""
    return next(each for each in state["links"] if name in each["name"])


def told(state: dict[str, Any]) -> str:
    """What a failing test should show of a state."""
    if not state:
        return "no state"
    shown = {key: state.get(key) for key in ("cycle", "reasons", "links", "issues", "grid", "gridPower")}
    keys = ("mode", "charging", "enabled", "offeredCurrent", "chargePower", "reasons")
    shown["loadpoints"] = [{key: each.get(key) for key in keys} for each in state["loadpoints"]]
    return json.dumps(shown, indent=1)
