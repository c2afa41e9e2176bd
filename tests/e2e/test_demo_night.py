"""A night in the demo house: its own exchange, a plan for half past six, the battery held, and a bill with prices."""

import contextlib
import csv
import http.client
import io
import json
import os
import signal
import subprocess
import sys
import threading
from datetime import datetime, timedelta

import pytest

from tests.e2e.world import eventually, free_port, wire_s

SPEED = 60.0
START = """
import sys
from datetime import datetime
from pathlib import Path
from evcc_flask.simulation import demo
demo.morning = lambda: datetime(2026, 6, 21, 3, 0).astimezone()
sys.exit(demo.main(port=int(sys.argv[1]), speed=float(sys.argv[2]), folder=Path(sys.argv[3])))
"""


class Night:
    """The demo from three o'clock on."""

    def __init__(self, folder):
        self.port = free_port()
        command = [sys.executable, "-c", START, str(self.port), str(SPEED), str(folder)]
        self.process = subprocess.Popen(command, cwd=folder, start_new_session=True, stdout=subprocess.DEVNULL)

    def ask(self, method, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request(method, path)
            answer = connection.getresponse()
            body = answer.read()
        assert answer.status == 200, body
        return body

    def state(self):
        return json.loads(self.ask("GET", "/api/state"))["result"]

    def runs(self):
        with contextlib.suppress(OSError, http.client.HTTPException, AssertionError):
            return self.state()["cycle"] >= 2
        return False

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture
def night(tmp_path):
    night = Night(tmp_path)
    yield night
    night.end()


@pytest.mark.slow
def test_a_car_is_ready_at_half_past_six_by_cheap_hours_and_the_battery_gave_it_nothing(night):
    eventually(night.runs, 120, "the demo runs")
    night.ask("POST", "/api/batterydischargecontrol/true")
    target = datetime.fromisoformat(night.state()["decidedAt"]).replace(hour=6, minute=30, second=0)
    spelled = target.isoformat().replace("+", "%2B")
    night.ask("POST", f"/api/loadpoints/1/plan/energy/10/{spelled}?precondition=1200")
    states, pause, began_s = [], threading.Event(), wire_s()
    while True:
        states.append(state := night.state())
        loadpoint = state["loadpoints"][0]
        if loadpoint["planEnergy"] == 0 and not loadpoint["charging"]:
            break
        assert wire_s() - began_s < 600, loadpoint
        pause.wait(0.3)

    done = next(state for state in states if state["loadpoints"][0]["planEnergy"] == 0)
    assert timedelta() <= target - datetime.fromisoformat(done["decidedAt"]) <= timedelta(minutes=10)
    assert 10_000 <= state["loadpoints"][0]["chargedEnergy"] < 10_800

    fast = [each for each in states if each["loadpoints"][0]["planActive"] and each["loadpoints"][0]["charging"]]
    settled = [each for each in fast if each["batteryMode"] == "hold"]
    assert len(settled) > len(fast) / 2
    told = {each["cycle"] for each in fast if each["batteryMode"] != "hold"}
    assert len(told) <= 2, "it is held in the cycle that sees the car charge"
    assert state["batteryMode"] == "normal"

    early = [each["tariffGrid"] for each in fast if datetime.fromisoformat(each["decidedAt"]).hour < 5]
    late = [each["tariffGrid"] for each in fast if datetime.fromisoformat(each["decidedAt"]).hour >= 6]
    assert early
    assert late
    assert max(early) < min(late)

    session = json.loads(night.ask("GET", "/api/sessions"))["result"][0]
    assert min(early) * 0.7 < session["pricePerKWh"] < max(late)
    rows = list(csv.DictReader(io.StringIO(night.ask("GET", "/api/sessions?format=csv&lang=en").decode("utf-8-sig"))))
    assert float(rows[0]["Price"]) == pytest.approx(session["price"], abs=0.001)
    assert float(rows[0]["Price/kWh"]) == pytest.approx(session["pricePerKWh"], abs=0.001)
    assert float(rows[0]["Energy (kWh)"]) == pytest.approx(session["chargedEnergy"], abs=0.001)
