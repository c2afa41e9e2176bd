"""``check`` validates, reads each device once, writes nothing, and says what is wrong and where."""

import os
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from textwrap import dedent

import pytest

from evcc_flask.clock import SystemClock
from evcc_flask.commands import check as command


@pytest.fixture
def check(tmp_path: Path):
    """Runs ``check`` on a text; gives the exit code and the lines said."""

    def check(text: str) -> tuple[int, list[str]]:
        (tmp_path / "evcc.yaml").write_text(dedent(text))
        said: list[str] = []
        code = command.check(tmp_path / "evcc.yaml", dict(os.environ), said.append)
        return code, "\n".join(said).splitlines()[2:]

    return check


@pytest.fixture
def web():
    """An HTTP device that remembers what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            answers = {"/status": b'"C"', "/on": b"true", "/power": b"4140", "/soc": b"61", "/nonsense": b"maybe"}
            body = answers.get(self.path.partition("?")[0], b"1")
            self.send_response(500 if "fails" in self.path else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked = asked
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_healthy_house_is_a_table_with_units(check):
    code, lines = check("""
        meters:
        - name: grid
          type: custom
          power: {source: const, value: -1234.4}
          energy: {source: const, value: 5678.91}
          currents:
          - {source: const, value: 1}
          - {source: const, value: 2}
          - {source: const, value: 3.25}
        - name: battery
          type: custom
          power: {source: const, value: 300}
          soc: {source: const, value: 55}
        site: {meters: {grid: grid, battery: battery}}
        """)
    assert lines[0].split() == ["KIND", "DEVICE", "LINK", "VALUES", "MS", "FAIL-SAFE"]
    assert lines[1].startswith("meter  grid     none  -1234 W, 5678.9 kWh, 1.0/2.0/3.2 A  0")
    assert "300 W, 55 %" in lines[2]
    assert lines[-1] == "All is well."
    assert code == 0


def test_a_wrong_device_is_named_with_its_line_and_the_others_are_read(check):
    code, lines = check("""
        meters:
        - name: grid
          type: custom
          power: {source: const, value: 100}
        - name: pv
          type: custom
          powr: {source: const, value: 100}
        site: {meters: {grid: grid, pv: pv}}
        """)
    assert "100 W" in lines[1]
    assert lines[3:] == [
        "error  [meter] evcc.yaml:6: meters[1].power: is missing.",
        "error  [meter] evcc.yaml:8: meters[1].powr: is not a known setting. Did you mean 'power'?",
        "",
        "2 errors, 0 notes",
    ]
    assert code == 1


def test_nothing_is_written_and_no_secret_is_said(check, web):
    base = f"http://joe:sesame-open@127.0.0.1:{web.server_port}"
    _, lines = check(f"""
        chargers:
        - name: box
          type: custom
          status: {{source: http, uri: "{base}/status", jq: .}}
          enabled: {{source: http, uri: "{base}/on"}}
          power: {{source: http, uri: "{base}/power"}}
          enable: {{source: http, uri: "{base}/write?on=${{enable}}"}}
          maxcurrent: {{source: http, uri: "{base}/write?current=${{maxcurrent}}"}}
        loadpoints: [{{charger: box}}]
        """)
    assert "status C, enabled, 4140 W" in "\n".join(lines)
    assert not [path for path in web.asked if "write" in path]
    assert "sesame-open" not in "\n".join(lines)
    assert "none" in lines[1].split()[-1]


def test_devices_that_hang_cost_a_bounded_time(check, monkeypatch):
    monkeypatch.setattr(command, "PATIENCE_S", 1.0)
    clock = SystemClock()
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        began_s = clock.wire_s()
        code, lines = check(f"""
            meters:
            - name: grid
              type: custom
              power: {{source: http, uri: "http://127.0.0.1:{deaf.getsockname()[1]}/"}}
            - name: pv
              type: custom
              power: {{source: const, value: 5}}
            site: {{meters: {{grid: grid, pv: pv}}}}
            """)
        assert clock.wire_s() - began_s < 5
    assert "5 W" in lines[2]
    assert any(line.startswith("error  [meter] grid: ") for line in lines)
    assert code == 1


def test_a_note_alone_is_no_error(check):
    code, lines = check("""
        meters: [{name: grid, type: custom, power: {source: const, value: 1}}]
        site: {prioritySoc: 50, meters: {grid: grid}}
        """)
    assert lines[-1] == "0 errors, 1 note"
    assert code == 0


def test_every_getter_that_fails_is_named_though_the_status_is_read(check, web):
    base = f"http://127.0.0.1:{web.server_port}"
    code, lines = check(f"""
        meters:
        - name: grid
          type: custom
          power: {{source: http, uri: "{base}/power"}}
          energy: {{source: http, uri: "{base}/nonsense"}}
          currents:
          - {{source: const, value: 1}}
          - {{source: const, value: 2}}
          - {{source: const, value: three}}
        chargers:
        - name: box
          type: custom
          status: {{source: http, uri: "{base}/status", jq: .}}
          enabled: {{source: http, uri: "{base}/nonsense"}}
          power: {{source: http, uri: "{base}/nonsense"}}
          energy: {{source: http, uri: "{base}/fails"}}
          enable: {{source: http, uri: "{base}/write?on=${{enable}}"}}
          maxcurrent: {{source: http, uri: "{base}/write?current=${{maxcurrent}}"}}
        site: {{meters: {{grid: grid}}}}
        loadpoints: [{{charger: box}}]
        """)
    told = [line.split(": ")[:2] for line in lines if line.startswith("error")]
    assert told == [
        ["error  [meter] grid", "energy"],
        ["error  [meter] grid", "currents"],
        ["error  [charger] box", "enabled"],
        ["error  [charger] box", "power"],
        ["error  [charger] box", "energy"],
    ]
    assert "status C" in "\n".join(lines)
    assert code == 1


def test_a_house_without_devices_is_not_called_well(check, tmp_path):
    said: list[str] = []
    (tmp_path / "empty.yaml").write_text("interval: 10s\n")
    code = command.check(tmp_path / "empty.yaml", dict(os.environ), said.append)
    assert "\n".join(said).splitlines() == [
        str(tmp_path / "empty.yaml"),
        "No device is configured: no meter, no charger. There is nothing to read and nothing to control yet.",
    ]
    assert code == 0


def test_cars_are_asked_once_and_listed_with_their_soc(check, web):
    code, lines = check(f"""
        meters:
        - {{name: grid, type: custom, power: {{source: const, value: 1}}}}
        site: {{meters: {{grid: grid}}}}
        vehicles:
        - name: golf
          type: custom
          soc: {{source: http, uri: "127.0.0.1:{web.server_port}/soc"}}
          range: {{source: const, value: 210}}
        - {{name: old, type: offline, title: Old one}}
        - {{name: tesla, type: template, template: tesla, title: Model 3}}
        """)
    start = next(number for number, line in enumerate(lines) if line.startswith("CAR"))
    assert [line.split() for line in lines[start + 1 : start + 4]] == [
        ["golf", "answers", "61", "%", "210", "km", "range"],
        ["old", "none", "(offline)"],
        ["tesla", "none", "(offline)"],
    ]
    assert web.asked.count("/soc") == 1
    assert any("'tesla' is the account of a maker" in line for line in lines)
    assert code == 0


def test_a_heat_pump_tells_degrees_and_no_percent(check):
    _, lines = check("""
        meters:
        - {name: grid, type: custom, power: {source: const, value: 1}}
        chargers:
        - name: boiler
          type: sgready
          getmode: {source: const, value: 2}
          setmode: {source: js, script: "0"}
          temp: {source: const, value: 48}
        site: {meters: {grid: grid}}
        loadpoints: [{title: Boiler, charger: boiler}]
        """)
    assert "48 °C" in next(line for line in lines if "boiler" in line)
