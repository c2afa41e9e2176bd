"""An update was taken back: the version that runs again says so on the page, in its log, and once to people."""

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from evcc_flask.options import Options
from evcc_flask.storage.setback import NAME, SHOWN, Setback, note, noted
from evcc_flask.wiring import Server
from tests.broker import eventually

HOUSE = """
interval: 10s
site: {{meters: {{grid: grid}}}}
meters: [{{name: grid, type: custom, power: {{source: const, value: 0}}}}]
messaging:
  services:
  - type: custom
    encoding: json
    send: {{source: http, uri: "http://127.0.0.1:{port}/", method: POST, body: "${{send}}"}}
"""
NOW = datetime.now(UTC)


@pytest.fixture
def phone():
    """What people were told."""

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self):
            server.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Taking)
    server.told = []
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def start(tmp_path, phone):
    """Servers of one house, one after the other."""
    (tmp_path / "evcc.yaml").write_text(HOUSE.format(port=phone.server_port))
    running = []

    def start():
        while running:
            running.pop().stop()
        running.append(Server(Options(tmp_path / "evcc.yaml", tmp_path / "house.db"), {"HOME": str(tmp_path)}))
        running[-1].start()
        return running[-1]

    yield start
    for server in running:
        server.stop()


def test_people_hear_of_it_once_and_the_page_shows_it_until_it_is_old(start, phone, tmp_path, capsys):
    note(tmp_path / "house.db", Setback(NOW.isoformat(), "the installation failed", "0.1.0-abc"))
    server = start()
    assert eventually(lambda: phone.told)
    assert phone.told[0]["title"] == "The update failed"
    assert "the installation failed. The former version (0.1.0-abc) runs again" in phone.told[0]["msg"]
    assert "failed: the installation failed. The former version (0.1.0-abc)" in capsys.readouterr().err
    for _ in range(2):
        (issue,) = [each for each in server.state.view.issues if each.kind == "update"]
        assert "failed: the installation failed" in issue.message
        assert not issue.fatal
        server = start()
    assert eventually(lambda: server.state.published.state["cycle"])
    assert len(phone.told) == 1
    assert noted(tmp_path / "house.db", NOW + SHOWN + timedelta(minutes=1)) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"at": "yesterday", "problem": "", "former": ""}', '{"strange": 1}'])
def test_a_note_that_says_nothing_of_the_kind_is_passed_over(tmp_path, text):
    (tmp_path / NAME).write_text(text)
    assert noted(tmp_path / "house.db", NOW) is None
