"""The image of a container and the add-on of Home Assistant are built and run, without a registry: of a fresh Debian.

The place of ``python:3.13-slim`` is taken by Debian 13 with its own Python 3.13.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.machine.test_fresh_debian import TOP, WAY_OUT, base, layer, way_out

pytestmark = pytest.mark.slow

PYTHON = "docker.io/library/python:3.13-slim"
HOUSE = """
interval: 1s
site: {title: Contained, meters: {grid: grid}}
meters: [{name: grid, type: template, template: demo-meter, usage: grid, power: -5000}]
chargers: [{name: box, type: template, template: demo-charger, status: C, power: 3000, enabled: true}]
loadpoints: [{title: Carport, charger: box, mode: pv}]
"""
DRIVE = """
import json, signal, subprocess, sys, threading, time, urllib.error, urllib.request
def ask(path, **headers):
    request = urllib.request.Request("http://127.0.0.1:7070" + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
    except OSError as error:
        return 0, str(error)
began = time.monotonic()
server = subprocess.Popen(sys.argv[1:])
while ask("/api/health")[0] != 200 and time.monotonic() < began + 90 and server.poll() is None:
    threading.Event().wait(0.2)
seen = {"health": ask("/api/health"), "started_s": round(time.monotonic() - began, 1)}
seen["title"] = json.loads(ask("/api/state")[1])["result"]["siteTitle"]
seen["page"] = ask("/")[0]
seen["strange"] = ask("/", Host="house.example")[0]
seen["user"] = subprocess.run(["id", "-un"], capture_output=True, text=True).stdout.strip()
server.send_signal(signal.SIGTERM)
seen["ended"] = server.wait(20)
print(json.dumps(seen))
"""
"""Runs in the container: starts its command, looks at the house, ends it."""


class Images:
    """A store of images of our own."""

    def __init__(self, folder):
        self._store = ["--root", str(folder / "root"), "--runroot", str(folder / "run")]

    def __call__(self, *words, before=()):
        done = subprocess.run([*before, "buildah", *self._store, *map(str, words)], capture_output=True, text=True)
        assert done.returncode == 0, f"{words}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done.stdout.strip()

    def driven(self, file, context, folders, *command):
        """What is seen of the house in the container of an image that is built by ``file``, in a network of its own."""
        self("bud", "--isolation", "chroot", "--network", "host", "--pull-never", "-f", file, "-t", "made", context)
        container = self("from", "--pull-never", "localhost/made")
        mounts = [word for here, there in folders.items() for word in ("-v", f"{here}:{there}")]
        alone = ("unshare", "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "sh")
        run = ("run", "--isolation", "chroot", *mounts, container, "--")
        said = self(*run, "python", "-c", DRIVE, *command, before=alone)
        return json.loads(said.splitlines()[-1]), lambda *more: self(*run, *more)


@pytest.fixture(scope="module")
def images():
    if os.geteuid() != 0 or not (shutil.which("debootstrap") and shutil.which("buildah")):
        pytest.skip("needs root, debootstrap and buildah: apt-get install debootstrap buildah")
    made = base("trixie")
    with layer("images") as folder:
        images = Images(folder)
        try:
            _python(images, made)
            yield images
        finally:  # what is mounted is let go of before it is removed
            images("rm", "--all")
            images("rmi", "--all", "--force")


def _python(images, made):
    """An image that has what the one of the registry has: Python 3.13 on Debian."""
    container = images("from", "scratch")
    root = Path(images("mount", container))
    subprocess.run(["cp", "-a", f"{made}/.", root], check=True)
    way_out(root / "etc")
    install = (
        "apt-get -qq update && apt-get -qq install --no-install-recommends -y python3-venv && ln -s python3 /bin/python"
    )
    subprocess.run(["chroot", root, "sh", "-c", install], check=True, stdout=subprocess.DEVNULL)
    ways = [f"{name}={os.environ[name]}" for name in WAY_OUT if name in os.environ]
    for way in ("PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", *ways):
        images("config", "--env", way, container)
    images("commit", "--rm", container, PYTHON)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """What somebody has who has cloned the project."""
    folder = tmp_path_factory.mktemp("sources") / "evcc-flask"
    subprocess.run(["git", "clone", "--quiet", TOP, folder], check=True)
    return folder


def test_a_container_runs_the_house_as_a_user_of_its_own(images, sources, tmp_path):
    (tmp_path / "evcc.yaml").write_text(HOUSE)
    command = ("evcc-flask", "run", "-c", "/etc/evcc-flask/evcc.yaml", "--database", "/data/evcc-flask.db")
    file = {tmp_path / "evcc.yaml": "/etc/evcc-flask/evcc.yaml:ro"}
    tmp_path.chmod(0o755)
    seen, _ = images.driven(sources / "deploy/Containerfile", sources, file, *command)
    assert (seen["health"], seen["title"], seen["page"]) == ([200, "OK\n"], "Contained", 200)
    assert (seen["user"], seen["ended"]) == ("evcc-flask", 0)


def test_the_add_on_runs_the_house_of_its_options_and_makes_a_copy_for_backups(images, sources, tmp_path):
    script = sources / "deploy/homeassistant/assemble.sh"
    subprocess.run(
        [script, tmp_path], check=True, env={**os.environ, "PYTHON": sys.executable}, stdout=subprocess.DEVNULL
    )
    for name in ("data", "config"):
        (tmp_path / name).mkdir()
    (tmp_path / "data/options.json").write_text('{"config_file": "/config/evcc.yaml", "log": "info"}')
    (tmp_path / "config/evcc.yaml").write_text(HOUSE)
    folders = {tmp_path / "data": "/data", tmp_path / "config": "/config"}
    folder = tmp_path / "evcc_flask"
    seen, run = images.driven(folder / "Dockerfile", folder, folders, "python", "/run.py")
    assert (seen["health"], seen["title"], seen["page"]) == ([200, "OK\n"], "Contained", 200)
    assert (seen["strange"], seen["ended"]) == (421, 0)
    run("python", "/run.py", "backup")
    assert {"evcc-flask.db", "house.tar.gz"} <= {file.name for file in (tmp_path / "data").iterdir()}
