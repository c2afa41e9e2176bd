"""The wheel alone, in an environment of its own, far from the checkout: it brings all that the server needs."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from threading import Event

import pytest

pytestmark = pytest.mark.slow

TOP = Path(__file__).parents[2]
HOUSE = """
site: {title: Wheel, meters: {grid: grid}}
meters:
  - {name: grid, type: template, template: demo-meter, usage: grid, power: 1234}
chargers:
  - {name: box, type: template, template: demo-charger, status: C, power: 3000, enabled: true}
loadpoints:
  - {title: Carport, charger: box}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The command of an installation from the wheel that the source distribution gives."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    subprocess.run(["git", "clone", "--quiet", TOP, source], check=True)
    make = "import sys; from setuptools import build_meta; print(build_meta.build_sdist(sys.argv[1]))"
    asks = "from setuptools import build_meta; print(*build_meta.get_requires_for_build_sdist(), sep='\\n')"
    python = folder / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    environ = {**os.environ, "PIP_CONSTRAINT": str(TOP / "constraints.txt")}
    subprocess.run([*pip, "setuptools", "wheel"], check=True, env=environ)
    asked = subprocess.run([python, "-c", asks], cwd=source, check=True, capture_output=True, text=True).stdout
    subprocess.run([*pip, *(line for line in asked.splitlines() if line.startswith("nodejs"))], check=True, env=environ)
    subprocess.run([python, "-c", make, folder], cwd=source, check=True, stdout=subprocess.DEVNULL)
    (archive,) = folder.glob("*.tar.gz")
    subprocess.run([*pip, archive], check=True, env=environ)
    return folder / "venv" / "bin" / "evcc-flask"


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder with an evcc.yaml, and none other in sight."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "evcc.yaml").write_text(HOUSE)
    return tmp_path


class Started:
    """A server, started in a folder on a port that is free."""

    def __init__(self, folder, *words):
        with socket.socket() as free:
            free.bind(("", 0))
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen([*words, "--port", str(self.port)], cwd=folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def answer(self, path):
        """The body for a path, once there is one."""
        end_s = time.monotonic() + 30
        while time.monotonic() < end_s and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as got:
                    return got.read().decode()
            except OSError:
                Event().wait(0.1)
        return pytest.fail(f"no answer for {path}; exit code {self.process.poll()}")

    def ended(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(6)


def test_check_knows_the_library(installed, elsewhere):
    said = subprocess.run([installed, "check"], cwd=elsewhere, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "1234 W" in said.stdout


def test_run_serves_state_and_page_from_any_folder(installed, elsewhere):
    with Started(elsewhere, installed, "run", "--database", "here.db") as server:
        assert server.answer("/api/health") == "OK\n"
        assert '"siteTitle":"Wheel"' in server.answer("/api/state")
        assert "<html" in server.answer("/")
        assert server.ended() == 0
    assert (elsewhere / "here.db").exists()


def test_the_demo_brings_its_house(installed, elsewhere):
    with Started(elsewhere, installed, "demo") as demo:
        assert demo.answer("/api/health") == "OK\n"
        assert demo.ended() == 0
    assert not list(elsewhere.rglob("*.lock"))
