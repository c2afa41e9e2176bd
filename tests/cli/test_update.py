"""Another version is installed, started and asked; where it does not answer the former one is back, with its data.

The versions are small servers, and ``systemctl`` is played by a script; their installer lays them out as ours does.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from evcc_flask.clock import SystemClock
from evcc_flask.commands.backup import Place
from evcc_flask.commands.update import Installation, UpdateFailed, update
from evcc_flask.storage.database import Database
from evcc_flask.storage.setback import noted
from tests.e2e.world import free_port

SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({status})
        self.end_headers()
    def log_message(self, *words): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
INSTALL = """
set -e
mkdir -p {opt}/versions/{name}
cp {folder}/server.py {opt}/versions/{name}/
echo spoilt > {house}/evcc.yaml
echo {name} > {units}/evcc-flask.service
ln -sfn versions/{name} {opt}/venv
{more}
bash {opt}/control.sh restart
"""
CONTROL = """
case $1 in stop|restart)
  kill $(cat {opt}/pid) 2> /dev/null
  while kill -0 $(cat {opt}/pid 2> /dev/null) 2> /dev/null; do sleep 0.02; done ;; esac
case $1 in start|restart)
  {python} {opt}/venv/server.py {port} < /dev/null > /dev/null 2>&1 &
  echo $! > {opt}/pid ;; esac
true
"""


class Machine:
    """A house with a version installed, which answers."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.opt, self.units, self.house = (folder / name for name in ("opt", "units", "house"))
        for each in (self.opt, self.units, self.house):
            each.mkdir()
        (self.house / "evcc.yaml").write_text("site: {title: Home}\n")
        Database.open(self.house / "house.db", SystemClock()).close()
        (self.opt / "control.sh").write_text(CONTROL.format(opt=self.opt, python=sys.executable, port=self.port))
        self.said = []
        place = Place(self.house / "house.db", self.house / "evcc.yaml")
        self.installation = Installation(place, self.port, self.control, self.opt, self.units, patience_s=20)
        subprocess.run(["bash", self.version("old") / "deploy/install.sh"], check=True)
        (self.house / "evcc.yaml").write_text("site: {title: Home}\n")
        assert self.installation.answers(well=True)

    def version(self, name, status=200, more=""):
        """The sources of a version that answers with this status."""
        folder = self.folder / f"sources-{name}"
        (folder / "deploy").mkdir(parents=True)
        (folder / "server.py").write_text(SERVER.format(status=status))
        places = {"opt": self.opt, "units": self.units, "house": self.house, "folder": folder}
        (folder / "deploy/install.sh").write_text(INSTALL.format(name=name, more=more, **places))
        return folder

    def control(self, *words):
        return subprocess.run(["bash", self.opt / "control.sh", words[0]]).returncode == 0

    def update(self, source):
        update(source, self.installation, self.said.append)


@pytest.fixture
def machine(tmp_path):
    machine = Machine(tmp_path)
    yield machine
    machine.control("stop")


def test_a_version_that_answers_stays_and_the_former_one_beside_it(machine):
    machine.update(machine.version("new"))
    assert machine.installation.version() == "versions/new"
    assert sorted(path.name for path in (machine.opt / "versions").iterdir()) == ["new", "old"]
    machine.update(machine.version("newer"))
    assert sorted(path.name for path in (machine.opt / "versions").iterdir()) == ["new", "newer"]
    assert "newer answers" in machine.said[-1]


def test_where_the_installation_fails_the_former_version_and_its_data_are_back(machine):
    with pytest.raises(UpdateFailed, match="the new version did not start"):
        machine.update(machine.version("broken", more="exit 3"))
    assert machine.installation.version() == "versions/old"
    assert machine.installation.health() == 200
    assert (machine.house / "evcc.yaml").read_text() == "site: {title: Home}\n"
    assert (machine.units / "evcc-flask.service").read_text() == "old\n"


def test_an_installer_that_fails_before_it_changes_anything_is_named_so(machine):
    folder = machine.version("unfit")
    (folder / "deploy/install.sh").write_text("exit 1")
    with pytest.raises(UpdateFailed, match="the installation failed"):
        machine.update(folder)
    assert machine.installation.health() == 200


def test_the_version_that_is_back_knows_what_happened_until_an_update_succeeds(machine):
    with pytest.raises(UpdateFailed):
        machine.update(machine.version("broken", more="exit 3"))
    setback = noted(machine.house / "house.db", SystemClock().now())
    assert (setback.problem, setback.former, setback.told) == ("the new version did not start", "old", False)
    started = machine.house / "started-with"
    machine.update(machine.version("new", more=f"ls {machine.house} > {started}"))
    assert noted(machine.house / "house.db", SystemClock().now()) is None
    assert "update-failed.json" not in started.read_text(), "the new version would show it"


def test_a_version_that_controls_nothing_is_taken_back_where_the_former_did(machine):
    object.__setattr__(machine.installation, "patience_s", 2)
    with pytest.raises(UpdateFailed, match="did not answer within 2 s"):
        machine.update(machine.version("silent", status=500))
    assert machine.installation.version() == "versions/old"
    assert machine.installation.answers(well=True)


def test_what_holds_no_installer_changes_nothing(machine, tmp_path):
    with pytest.raises(UpdateFailed, match=r"install.sh is not there"):
        update(tmp_path / "house", machine.installation, machine.said.append)
    assert machine.installation.version() == "versions/old"


def test_an_archive_is_unpacked(machine, tmp_path):
    folder = machine.version("packed")
    archive = tmp_path / "packed.tar.gz"
    subprocess.run(["tar", "-czf", archive, "-C", folder.parent, folder.name], check=True)
    machine.update(archive)
    assert machine.installation.version() == "versions/packed"


def test_where_nothing_is_installed_the_sentence_says_what_to_do(tmp_path):
    house = Installation(Place(Path("none.db"), None), 1, lambda *_: True, tmp_path, tmp_path)
    with pytest.raises(UpdateFailed, match=r"run deploy/install.sh"):
        update(tmp_path, house, print)
