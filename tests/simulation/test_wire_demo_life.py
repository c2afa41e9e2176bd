"""The life of the demo: it answers, ends within two seconds, and leaves nothing. A small server stands in for ours."""

import http.client
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.load import stretched

GUNICORN = """
import os
bind = "127.0.0.1:" + os.environ["EVCC_FLASK_PORT"]
pythonpath = os.path.dirname(__file__)
wsgi_app = "wsgi:app"
"""
APP = """
import os, threading
from pathlib import Path
Path(os.environ["EVCC_FLASK_DATABASE"] + ".lock").touch()
def app(environ, start_response):
    if environ["PATH_INFO"] == "/hang":
        threading.Event().wait()
    start_response("200 OK", [])
    return [os.environ["EVCC_FLASK_DEMO_CLOCK"].encode()]
"""
START = """
import sys
from pathlib import Path
from evcc_flask.simulation import demo, demofolder
demofolder.INVERTER_PORT, demofolder.GOE_PORT = map(int, sys.argv[4:6])
demo.server_command = lambda: [sys.executable, "-m", "gunicorn", "--config", sys.argv[1] + "/gunicorn.conf.py"]
sys.exit(demo.main(port=int(sys.argv[2]), speed=60.0, folder=Path(sys.argv[3])))
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Demo:
    """One demo in a folder, as a person starts it."""

    def __init__(self, path):
        project = path / "project"
        project.mkdir()
        (project / "gunicorn.conf.py").write_text(GUNICORN)
        (project / "wsgi.py").write_text(APP)
        self.folder = path / "demo"
        self.port = free_port()
        self.command = [sys.executable, "-c", START, str(project), str(self.port), str(self.folder)]
        self.command += [str(free_port()), str(free_port())]
        self.process = self.start()

    def start(self):
        return subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def said(self, words):
        """Read its output until a line holds ``words``."""
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if words in line:
                return line
        pytest.fail(f"{words!r} was never said, but:\n{''.join(lines)}")

    def end(self, number=signal.SIGINT):
        began = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(20)
        return code, time.monotonic() - began

    def left(self):
        """Processes that still name the folder."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if str(self.folder).encode() in words and int(entry.name) != os.getpid():
                found.append(entry.name)
        return found


@pytest.fixture
def demo(tmp_path):
    demo = Demo(tmp_path)
    yield demo
    demo.process.kill()
    demo.process.wait()


def get(port, path, timeout=5):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    connection.request("GET", path)
    return connection


def test_the_demo_says_its_address_once_it_answers_and_ctrl_c_ends_all(demo):
    assert demo.said("http://localhost").strip().endswith(f"http://localhost:{demo.port}")
    clock = get(demo.port, "/").getresponse().read().decode()
    assert "T09:30:00" in clock
    assert clock.endswith(";60.0")
    assert (demo.folder / "rs485").exists()
    code, took = demo.end()
    assert (code, took < stretched(2)) == (0, True), took
    assert demo.left() == []
    assert sorted(each.name for each in demo.folder.iterdir()) == ["evcc.yaml", "written.json"]


def test_a_hanging_request_does_not_hold_the_demo_up(demo):
    demo.said("http://localhost")
    hanging = get(demo.port, "/hang")
    code, took = demo.end(signal.SIGTERM)
    hanging.close()
    assert (code, took < stretched(2)) == (0, True), took
    assert demo.left() == []


def test_a_killed_demo_takes_its_children_with_it(demo):
    demo.said("http://localhost")
    children = [os.pidfd_open(int(number)) for number in demo.left() if int(number) != demo.process.pid]
    assert len(children) >= 2, "the house, gunicorn and its worker"
    demo.end(signal.SIGKILL)
    for child in children:
        assert select.select([child], [], [], 15)[0], "a child lives on"
        os.close(child)


def test_a_taken_port_is_said_at_once(demo):
    demo.said("http://localhost")
    second = demo.start()
    said, _ = second.communicate(timeout=30)
    assert second.returncode == 1
    assert "another demo runs in" in said
    demo.command[5] += "2"
    third = demo.start()
    said, _ = third.communicate(timeout=30)
    assert third.returncode == 1
    assert f"port {demo.port} is in use" in said
