"""The add-on of Home Assistant: its manifest is what the Supervisor takes, its script starts a house of it.

A folder stands for the container, a web server for the Supervisor. The container itself: tests/machine/test_addon.py.
"""

import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from configparser import ConfigParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import websocket
import yaml

from tests.storage.evcc_house import written

TOP = Path(__file__).parents[2]
FOLDER = TOP / "deploy" / "homeassistant" / "evcc_flask"
MANIFEST = yaml.safe_load((FOLDER / "config.yaml").read_text())
FLAG, WORD, LIST, MAP, NUMBER = bool, str, list, dict, int
KEYS = {
    **dict.fromkeys(("name", "version", "slug", "description", "url", "webui", "panel_icon", "panel_title"), WORD),
    **dict.fromkeys(("watchdog", "image", "ingress_entry", "backup_pre", "backup_post", "homeassistant"), WORD),
    **dict.fromkeys(
        ("arch", "machine", "devices", "privileged", "map", "services", "discovery", "backup_exclude"), LIST
    ),
    **dict.fromkeys(("ports", "ports_description", "environment", "options", "schema"), MAP),
    **dict.fromkeys(
        ("host_network", "uart", "usb", "gpio", "udev", "ingress", "ingress_stream", "init", "apparmor"), FLAG
    ),
    **dict.fromkeys(("panel_admin", "hassio_api", "homeassistant_api", "auth_api", "tmpfs", "stdin", "legacy"), FLAG),
    **dict.fromkeys(("ingress_port", "timeout"), NUMBER),
    **dict.fromkeys(("startup", "boot", "stage", "backup", "hassio_role"), WORD),
}
"""Documented keys of config.yaml and their types: developers.home-assistant.io, "App configuration"."""
ELEMENT = re.compile(
    r"(str(\(\d*,\d*\))?|bool|int(\(.*\))?|float(\(.*\))?|email|url|password|port|match\(.*\)|list\(.+\)|device)\??"
)
INGRESS = {
    "Host": "strange-name.ui.nabu.casa",
    "X-Ingress-Path": "/api/hassio_ingress/abc-DEF_1",
    "X-Forwarded-Proto": "https",
}
HOUSE = """
interval: 1s
site: {title: Added, meters: {grid: grid}}
meters: [{name: grid, type: template, template: demo-meter, usage: grid, power: -5000}]
chargers: [{name: box, type: template, template: demo-charger, status: C, power: 3000, enabled: true}]
loadpoints: [{title: Carport, charger: box, mode: pv}]
"""


def script():
    """``run.py`` as a module."""
    spec = importlib.util.spec_from_file_location("addon_run", FOLDER / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RUN = script()


@pytest.fixture
def supervisor():
    """Answers for its services; ``broker`` is what it knows of one."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            asked = (self.path, self.headers["Authorization"])
            data = server.broker if asked == ("/services/mqtt", "Bearer secret-token") else None
            self.send_response(200 if data else 400)
            self.end_headers()
            self.wfile.write(json.dumps({"result": "ok" if data else "error", "data": data or {}}).encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.broker = {"host": "core-mosquitto", "port": 1883, "username": "addons", "password": "pass", "ssl": False}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def addon(tmp_path, supervisor):
    """``addon(**options)``: of a container with these options; ``said`` is what it told."""
    environ = {**os.environ, "HOME": str(tmp_path), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    environ |= {"SUPERVISOR_TOKEN": "secret-token", "SUPERVISOR_API": f"http://127.0.0.1:{supervisor.server_port}"}
    (tmp_path / "data").mkdir()

    def made(**options):
        (tmp_path / "data" / "options.json").write_text(json.dumps({**MANIFEST["options"], **options}))
        said = []
        found = RUN.Addon(environ, tmp_path, said.append)
        found.said = said
        return found

    return made


def test_the_manifest_holds_what_the_supervisor_asks_for_and_nothing_that_it_does_not_know():
    assert {"name", "version", "slug", "description", "arch"} <= set(MANIFEST)
    wrong = {key: value for key, value in MANIFEST.items() if not isinstance(value, KEYS.get(key, ()))}
    assert not wrong
    assert set(MANIFEST["arch"]) <= {"amd64", "aarch64"}
    assert re.fullmatch(r"[a-z0-9_]+", MANIFEST["slug"])
    assert MANIFEST["slug"] == FOLDER.name
    assert MANIFEST["startup"] in ("initialize", "system", "services", "application", "once")
    assert re.fullmatch(r"https?://\[HOST\]:\[PORT:7070\]/.*", MANIFEST["watchdog"])
    assert all(re.fullmatch(r"(mqtt|mysql):(provide|want|need)", each) for each in MANIFEST["services"])
    assert {each["type"] for each in MANIFEST["map"]} == {"addon_config", "all_addon_configs"}
    assert all(ELEMENT.fullmatch(element) for element in MANIFEST["schema"].values())


def test_the_version_is_that_of_the_program_and_each_option_has_its_words_in_each_language():
    setup = ConfigParser()
    setup.read(TOP / "setup.cfg")
    assert MANIFEST["version"] == setup["metadata"]["version"]
    for file in (FOLDER / "translations").iterdir():
        words = yaml.safe_load(file.read_text("utf-8"))["configuration"]
        assert set(words) == set(MANIFEST["schema"]), file
        assert all(set(each) == {"name", "description"} for each in words.values())
    assert {file.name for file in (FOLDER / "translations").iterdir()} == {"de.yaml", "en.yaml"}


def test_a_first_start_writes_a_file_to_fill_in_and_takes_the_supervisors_broker(addon, tmp_path):
    first = addon()
    command, environ = first.prepare()
    assert (tmp_path / "config/evcc.yaml").read_text() == RUN.FIRST
    assert [sentence for sentence in first.said if "describe the house" in sentence]
    assert environ["EVCC_MQTT_BROKER"] == "mqtt://core-mosquitto:1883"
    assert (environ["EVCC_MQTT_USER"], environ["EVCC_MQTT_PASSWORD"]) == ("addons", "pass")
    assert command[:2] == ["evcc-flask", "run"]
    assert command[-4:] == ["--port", "7070", "--log", "info"]
    assert not list(addon().said)


def test_a_broker_of_ones_own_counts_and_without_any_there_is_none(addon, tmp_path, supervisor):
    (tmp_path / "config").mkdir()
    (tmp_path / "config/evcc.yaml").write_text("mqtt: {broker: mine:1883}\n")
    assert not [name for name in addon().prepare()[1] if name.startswith("EVCC_MQTT")]
    (tmp_path / "config/evcc.yaml").write_text("mqtt: {topic: house}\n")
    assert addon().prepare()[1]["EVCC_MQTT_BROKER"] == "mqtt://core-mosquitto:1883"
    for strange in (None, {"username": "addons"}):
        supervisor.broker = strange
        assert not [name for name in addon().prepare()[1] if name.startswith("EVCC_MQTT")]


def test_evccs_database_is_offered_moved_in_once_and_left_as_it_is(addon, tmp_path):
    theirs = tmp_path / "addon_configs" / "49686a9f_evcc"
    theirs.mkdir(parents=True)
    evccs = written(theirs / "evcc.db")
    before = evccs.read_bytes()
    offered = addon()
    offered.prepare()
    assert [line for line in offered.said if "evcc_database to /addon_configs/49686a9f_evcc/evcc.db" in line]
    for _ in range(2):
        moving = addon(evcc_database="/addon_configs/49686a9f_evcc/evcc.db")
        moving.prepare()
        assert not moving.said or "describe" in moving.said[0] or "broker" in moving.said[0]
    assert moving.database.exists()
    marked = (tmp_path / "data" / "moved-in").stat().st_mtime_ns
    moving.prepare()
    assert (tmp_path / "data" / "moved-in").stat().st_mtime_ns == marked
    assert evccs.read_bytes() == before


def test_a_backup_is_a_whole_copy_and_comes_back_where_there_is_no_database(addon, tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config/evcc.yaml").write_text(HOUSE)
    addon(evcc_database=str(written(tmp_path / "evcc.db").relative_to(tmp_path))).prepare()
    for _ in range(2):
        assert addon().backup() == 0
    assert sorted(file.name for file in (tmp_path / "data").glob("house*")) == ["house.tar.gz"]
    addon().database.unlink()
    addon().prepare()
    assert addon().database.exists()


@pytest.fixture
def running(addon, tmp_path, supervisor):
    """The house of the prepared command, on a port that is free; the test stands where the gateway would."""
    supervisor.broker = None
    (tmp_path / "config").mkdir()
    (tmp_path / "config/evcc.yaml").write_text(HOUSE)
    command, environ = addon().prepare()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command[command.index("7070")] = str(port)
    process = subprocess.Popen(command, env={**environ, "EVCC_FLASK_INGRESS": "127.0.0.1"}, cwd=tmp_path)
    waits = threading.Event()
    try:
        for _ in range(600):
            assert process.poll() is None
            if asked(port, "/api/health?alive")[0] == 200:
                break
            waits.wait(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def asked(port, path, body=None, **headers):
    """Status, headers and text."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, refused.read().decode()
    except OSError:
        return 0, {}, ""


def test_through_the_ingress_page_state_login_and_live_connection_work_by_any_name(running):
    status, headers, page = asked(running, "/", **INGRESS)
    assert status == 200
    assert 'src="./assets/' in page
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
    origin = {**INGRESS, "Origin": f"https://{INGRESS['Host']}", "Sec-Fetch-Site": "same-origin"}
    assert json.loads(asked(running, "/api/state", **origin)[2])["result"]["siteTitle"] == "Added"
    assert asked(running, "/api/loadpoints/1/mode/now", b"", **origin)[0] == 200
    request = urllib.request.Request(
        f"http://127.0.0.1:{running}/api/auth/password", b'{"new": "word"}', origin, method="PUT"
    )
    assert urllib.request.urlopen(request, timeout=20).status == 201
    cookie = asked(running, "/api/auth/login", b'{"password": "word"}', **origin)[1]["Set-Cookie"]
    assert f"Path={INGRESS['X-Ingress-Path']};" in cookie
    assert cookie.endswith("; Secure")
    sent = [f"{name}: {value}" for name, value in INGRESS.items() if name != "Host"]
    live = websocket.create_connection(
        f"ws://127.0.0.1:{running}/ws", host=INGRESS["Host"], origin=origin["Origin"], header=sent, timeout=20
    )
    assert json.loads(live.recv())
    live.close()


def test_the_script_says_what_is_wrong_when_the_supervisor_gave_no_options(tmp_path):
    with pytest.raises(FileNotFoundError):
        RUN.Addon({}, tmp_path)
