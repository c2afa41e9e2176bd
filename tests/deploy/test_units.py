"""The units, as systemd itself reads them."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
UNITS = ("evcc-flask.service", "evcc-flask-lower.service")


@pytest.fixture
def units(tmp_path):
    """Both, with programs that are there: systemd looks for them."""
    for name in UNITS:
        text = (TOP / "deploy" / name).read_text()
        (tmp_path / name).write_text(text.replace("/opt/evcc-flask/venv/bin/evcc-flask", "/bin/true"))
    return [tmp_path / name for name in UNITS]


def value(name, key):
    unit = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    unit.optionxform = str
    unit.read(TOP / "deploy" / name)
    return unit["Service"][key]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_finds_no_fault_with_them(units):
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)
    ours = [line for line in done.stderr.splitlines() if "evcc-flask" in line]
    assert (done.returncode, ours) == (0, [])


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_calls_their_exposure_low(units):
    for unit in units:
        words = ["systemd-analyze", "security", "--offline=true", "--threshold=30", unit]
        done = subprocess.run(words, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout.splitlines()[-1]


def test_the_loops_own_watchdog_has_its_turn_before_systemds():
    from evcc_flask.control.controller import STUCK_S

    assert int(value(UNITS[0], "WatchdogSec")) >= 2 * STUCK_S


def test_the_time_to_stop_is_longer_than_what_we_take():
    assert int(value(UNITS[0], "TimeoutStopSec")) > 5
