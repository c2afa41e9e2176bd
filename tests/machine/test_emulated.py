"""A fresh Debian for another processor, run by qemu's user mode: installed as on a Raspberry Pi, started and driven.

Everything there takes twenty times as long, an hour in all, so it is run by who asks for it (``EMULATED=1``). The
figures of ``drive.py`` are printed, not judged.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.machine.test_fresh_debian import Machine, base, layer

pytestmark = pytest.mark.slow

QEMU = {"arm64": "qemu-aarch64", "armhf": "qemu-arm"}
CORE = ("tests/domain/test_rules.py", "tests/domain/test_circuits.py", "tests/bus", "tests/planning")


@pytest.fixture(scope="module", params=["arm64"])
def machine(request, tmp_path_factory):
    """Debian 13, and root in front of it with a source distribution, as for a machine on which no page can be built."""
    architecture = request.param
    if not os.environ.get("EMULATED"):
        pytest.skip("takes an hour: EMULATED=1 script/test --all")
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        pytest.skip("needs root and debootstrap: apt-get install debootstrap")
    if not Path("/proc/sys/fs/binfmt_misc", QEMU[architecture]).exists():
        pytest.skip(f"needs {QEMU[architecture]} for programs of {architecture}: apt-get install qemu-user-static")
    made, folder = base("trixie", architecture), tmp_path_factory.mktemp("distribution")
    with layer(architecture) as over:
        machine = Machine(made, over, "root")
        _distribution(over / "upper/root/evcc-flask", folder)
        yield machine


def _distribution(clone, folder):
    """In the place of a clone what a source distribution holds: the page is built in it."""
    make = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
    subprocess.run([sys.executable, "-c", make, folder], cwd=clone, check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(clone)
    clone.mkdir()
    (archive,) = folder.glob("*.tar.gz")
    subprocess.run(["tar", "-xzf", archive, "-C", clone, "--strip-components", "1"], check=True)


def test_it_is_installed_answers_behind_nginx_and_ends_in_order(machine):
    machine.run("deploy/install.sh")
    seen = json.loads(machine.run("unshare", "--net", "python3", "tests/machine/drive.py").stdout.splitlines()[-1])
    print(seen)
    assert (seen["ready"], seen["title"], seen["status"], seen["by_nginx"]) == ("READY=1", "Installed", 200, True)
    assert (seen["filter"], seen["read"], seen["after_reload"]) == ('"Installed"', "now", "now")
    assert (seen["backup"], seen["ended"], seen["owners"]) == (True, 0, ["evcc-flask"])
    assert seen["installed_mb"] < 200


def test_decisions_and_the_bus_work_there_as_here(machine):
    python = "/opt/evcc-flask/venv/bin/python"
    machine.run(python, "-m", "pip", "install", "-q", "-c", "constraints.txt", "pytest", "hypothesis", "pymodbus")
    machine.run(python, "-m", "pytest", "-m", "not slow", *CORE)
