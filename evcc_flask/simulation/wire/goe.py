"""A go-e charger on HTTP, API v2: ``/api/status`` with its filter, ``/api/set`` for force state, current and phases."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .live import LiveHouse
from .station import Fault
from .tcp import reset

NEUTRAL, OFF, ON = 0, 1, 2
"""Force state ``frc``: neutral charges as soon as a car comes."""

LEAST_A = 6
POLL_S = 0.02
ACCEPT_POLL_S = 0.1


class GoE:
    """One box of the house as its API shows it."""

    def __init__(self, live: LiveHouse, place: int) -> None:
        self._live = live
        self._place = place
        with live.now() as house:
            self._force = ON if house.boxes[place].enabled else OFF
            self._current_a = round(house.boxes[place].offered_a)
            self._phase_mode = 1 if house.boxes[place].phases == 1 else 2

    def status(self) -> dict[str, Any]:
        """All keys that we know; energies in Wh, ``nrg``: voltages, currents, powers in W, power factors."""
        with self._live.now() as house:
            box = house.boxes[self._place]
            currents, voltages = box.currents_a, box.voltages_v
            powers = [current * volt for current, volt in zip(currents, voltages, strict=True)]
            waiting = 4 if box.session_kwh > 0 else 3
            return {
                "alw": box.enabled,
                "amp": self._current_a,
                "car": {"A": 1, "B": waiting, "C": 2}[box.status],
                "cards": [],
                "err": 0,
                "eto": round(box.energy_kwh * 1000),
                "fna": "Garage",
                "frc": self._force,
                "fwv": "056.2",
                "nrg": [
                    *(round(volt, 1) for volt in (*voltages, 0.0)),
                    *(round(current, 2) for current in currents),
                    *(round(power) for power in (*powers, 0.0, box.power_w)),
                    *(100 if current else 0 for current in (*currents, 0.0)),
                ],
                "pnp": sum(1 for current in currents if current),
                "psm": self._phase_mode,
                "sse": "000001",
                "trx": None,
                "typ": "go-eCharger",
                "wh": round(box.session_kwh * 1000, 1),
            }

    def set(self, key: str, text: str) -> bool | str:
        """True, or why not; the box says so with status 200, too."""
        try:
            value = int(text)
        except ValueError:
            return f"{text} is no number"
        with self._live.now() as house:
            box = house.boxes[self._place]
            if key == "frc" and value in (NEUTRAL, OFF, ON):
                self._force = value
                box.set_enabled(value != OFF)
            elif key == "amp" and LEAST_A <= value <= box.description.max_current_a:
                self._current_a = value
                box.offered_a = float(value)
            elif key == "psm" and value in (1, 2):
                self._phase_mode = value
                box.phases = 1 if value == 1 else 3
            else:
                return "not allowed"
        return True


class GoEServer:
    """Listens from its making until ``close``. ``fault`` is its switch; ``altered`` replaces keys of the status."""

    def __init__(self, box: GoE, port: int = 0, host: str = "127.0.0.1") -> None:
        self.box = box
        self.fault = Fault.NONE
        self.altered: dict[str, Any] = {}
        self.requests: list[str] = []
        self.ended = threading.Event()
        self._server = _Server((host, port), self)
        self.port: int = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, args=(ACCEPT_POLL_S,), name=f"go-e {self.port}", daemon=True
        ).start()

    def close(self) -> None:
        """Stop listening; requests that hang end."""
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone is no news; anything else is an error of ours."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def __init__(self, address: tuple[str, int], owner: GoEServer) -> None:
        self.owner = owner
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        owner = self.server.owner
        owner.requests.append(self.path)
        del owner.requests[:-1000]
        silent = owner.fault is Fault.SILENT
        while owner.fault in (Fault.HANG, Fault.SILENT) and not owner.ended.wait(POLL_S):
            pass
        if silent or owner.ended.is_set():
            self.close_connection = True
            return
        self._answer(owner)

    def _answer(self, owner: GoEServer) -> None:
        url = urlsplit(self.path)
        query = parse_qsl(url.query)
        if owner.fault is Fault.RESET:
            self.close_connection = True
            reset(self.connection)
        elif owner.fault is Fault.SERVER_ERROR:
            self._send(500, "text/plain", b"internal error")
        elif owner.fault is Fault.GARBAGE:
            self._send(200, "text/html", b"<html><body>Please log in</body></html>")
        elif url.path == "/api/status":
            wanted = [key for name, keys in query if name == "filter" for key in keys.split(",")]
            status = owner.box.status() | owner.altered
            self._json({key: status[key] for key in wanted if key in status} if wanted else status)
        elif url.path == "/api/set":
            refuse = owner.fault is Fault.REFUSE_WRITE
            self._json({key: "refused" if refuse else owner.box.set(key, value) for key, value in query})
        else:
            self._send(404, "text/plain", b"not found")

    def _json(self, value: dict[str, Any]) -> None:
        raw = json.dumps(value).encode()
        if self.server.owner.fault is Fault.WRONG_CRC:
            raw = raw[: len(raw) // 2]
        self._send(200, "application/json", raw)

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """A wallbox keeps no access log."""
