"""``deploy/install.sh`` below a folder: what it lays out, that twice is once, and that it takes back what it made.

Python's packages are not fetched: a stand-in for the interpreter makes the folders that a venv would have. The whole
thing on a fresh Debian is tests/machine/test_installed.py.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PYTHON = """#!/bin/sh
case "$*" in
  "-VV") echo "Python of this test" ;;
  "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  "-m pip "*)
    here=$(dirname "$0")
    mkdir -p "$here/../lib/python3.11/site-packages/evcc_flask/web/static"
    printf '#!%s/python\\n' "$here" > "$here/evcc-flask" ;;
esac
"""
FILES = {
    "/etc/evcc-flask/evcc.yaml",
    "/etc/systemd/system/evcc-flask.service",
    "/etc/systemd/system/evcc-flask-lower.service",
    "/etc/udev/rules.d/61-evcc-flask.rules",
    "/etc/nginx/sites-available/evcc-flask",
    "/etc/nginx/sites-enabled/evcc-flask",
    "/etc/nginx/snippets/evcc-flask.conf",
    "/usr/local/bin/evcc-flask",
}


class Root:
    """A folder that stands for a machine."""

    def __init__(self, folder):
        self.folder = folder / "root"
        self.python = folder / "python3"
        self.python.write_text(PYTHON)
        self.python.chmod(0o755)

    def install(self, *words):
        environ = {**os.environ, "DESTDIR": str(self.folder), "PYTHON": str(self.python)}
        script = TOP / "deploy" / "install.sh"
        done = subprocess.run([script, *words], env=environ, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def files(self):
        """Everything outside of the program's own folder."""
        there = {f"/{path.relative_to(self.folder)}" for path in self.folder.rglob("*") if not path.is_dir()}
        return {path for path in there if not path.startswith("/opt/")}

    def picture(self):
        return {
            path: (path.lstat().st_mtime_ns, path.lstat().st_mode, path.lstat().st_ino)
            for path in sorted(self.folder.rglob("*"))
        }


@pytest.fixture
def root(tmp_path):
    return Root(tmp_path)


def test_everything_lies_in_its_place(root):
    root.install()
    assert root.files() == FILES
    venv = root.folder / "opt/evcc-flask/venv"
    assert (venv / "bin/evcc-flask").read_text() == f"#!/{venv.resolve().relative_to(root.folder)}/bin/python\n"
    assert (venv / "static").is_dir()
    assert (root.folder / "etc/evcc-flask/evcc.yaml").stat().st_mode & 0o777 == 0o640


def test_a_second_run_changes_nothing_and_says_nothing(root):
    assert "installing version" in root.install()
    before = root.picture()
    assert root.install() == ""
    assert root.picture() == before


def test_what_the_owner_wrote_is_kept(root):
    root.install()
    (root.folder / "etc/evcc-flask/evcc.yaml").write_text("site: {title: Mine}\n")
    shutil.rmtree(root.folder / "opt")
    root.install()
    assert (root.folder / "etc/evcc-flask/evcc.yaml").read_text() == "site: {title: Mine}\n"


def test_a_site_of_nginx_that_was_changed_is_kept_beside_the_new_one(root):
    root.install()
    site = root.folder / "etc/nginx/sites-available/evcc-flask"
    ours = site.read_text()
    site.write_text("# mine\n")
    assert "evcc-flask.before-install" in root.install()
    assert (site.read_text(), site.with_name("evcc-flask.before-install").read_text()) == (ours, "# mine\n")


def test_the_installer_tells_its_words():
    told = subprocess.run(["bash", "deploy/install.sh", "--help"], capture_output=True, text=True, check=True).stdout
    assert "--uninstall  removes what was made here" in told
    assert "#" not in told


def test_another_interpreter_gets_a_folder_of_its_own_and_the_former_one_stays(root):
    root.install()
    root.python.write_text(PYTHON.replace("of this test", "of tomorrow"))
    root.install()
    versions = list((root.folder / "opt/evcc-flask/versions").iterdir())
    assert len(versions) == 2
    assert (root.folder / "opt/evcc-flask/venv").resolve() in versions


def test_uninstalling_leaves_data_alone_and_nothing_else(root):
    root.install()
    (root.folder / "var/lib/evcc-flask/evcc-flask.db").write_text("years")
    said = root.install("--uninstall")
    assert "kept" in said
    assert root.files() == {"/etc/evcc-flask/evcc.yaml", "/var/lib/evcc-flask/evcc-flask.db"}
    assert not list((root.folder / "opt").iterdir())
    root.install("--uninstall")


def test_without_nginx_there_is_no_site(root):
    root.install("--no-nginx")
    assert not [name for name in root.files() if "nginx" in name]


def test_a_package_that_brought_the_program_is_only_configured(root):
    root.install("--configure", "--no-nginx")
    assert not (root.folder / "opt").exists()
    assert {name for name in FILES if "nginx" not in name and "/usr/" not in name} == root.files()
