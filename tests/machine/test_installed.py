"""A fresh Debian: installed twice, started behind nginx, driven, updated by nobody, uninstalled."""

import json
import shutil

import pytest

from tests.machine.test_fresh_debian import Machine, base, layer

pytestmark = pytest.mark.slow

PICTURE = (
    "find /etc /opt /usr /var/lib -xdev -newer /tmp/mark ! -path '*/__pycache__*' "
    "! -path '/var/lib/dpkg/*' ! -path '/var/lib/apt/*' | sort"
)


@pytest.fixture(scope="module")
def machine():
    """Debian 12, and root in front of it."""
    if not shutil.which("debootstrap") or shutil.os.geteuid() != 0:
        pytest.skip("needs debootstrap and root: sudo script/test --all")
    made = base("bookworm")
    with layer("installed") as folder:
        yield Machine(made, folder, "root")


@pytest.fixture(scope="module")
def installed(machine):
    return machine, machine.run("deploy/install.sh").stdout


def test_what_is_done_is_said(installed):
    _, said = installed
    for words in ("installing Debian packages", "made the user evcc-flask", "installing version", "page of welcome"):
        assert words in said


def test_a_second_run_says_and_changes_nothing(installed):
    machine, _ = installed
    again = machine.run("sh", "-c", f"touch /tmp/mark; sleep 1; deploy/install.sh; {PICTURE}")
    assert again.stdout == ""


def test_it_answers_behind_nginx_and_lives_through_a_reload(installed):
    machine, _ = installed
    seen = json.loads(machine.run("unshare", "--net", "python3", "tests/machine/drive.py").stdout.splitlines()[-1])
    print(seen)
    assert (seen["ready"], seen["title"], seen["status"], seen["by_nginx"]) == ("READY=1", "Installed", 200, True)
    assert (seen["filter"], seen["written"], seen["read"]) == ('"Installed"', '{"result":"now"}', "now")
    assert seen["asset"] == [200, "gzip", "public, max-age=31536000, immutable"]
    assert (seen["strange_name"], seen["plain"], seen["after_reload"]) == (421, 200, "now")
    assert (seen["backup"], seen["ended"], seen["state_left"]) == (True, 0, [])
    assert seen["owners"] == ["evcc-flask"]
    assert seen["memory_mb"] < 120
    assert seen["installed_mb"] < 200


def test_uninstalled_it_leaves_the_data_and_nginxs_own_page(installed):
    machine, _ = installed
    machine.run("deploy/install.sh", "--uninstall")
    left = (
        "ls -d /opt/evcc-flask /etc/systemd/system/evcc-flask* /etc/nginx/sites-enabled/* /usr/local/bin/evcc* || true"
    )
    assert machine.run("sh", "-c", left).stdout.split() == ["/etc/nginx/sites-enabled/default"]
    machine.run("test", "-e", "/etc/evcc-flask/evcc.yaml")
    machine.run("test", "-e", "/var/lib/evcc-flask/evcc-flask.db")


def test_a_package_of_debian_installs_runs_and_goes(installed):
    machine, _ = installed
    machine.run("rm", "-rf", "/etc/evcc-flask", "/var/lib/evcc-flask", "/run/evcc-flask", "/run/evcc-notify")
    machine.run("rm", "-f", "/root/house.tar.gz")
    machine.run("deploy/package.sh", "/root")
    said = machine.run("sh", "-c", "dpkg -i /root/evcc-flask_*.deb").stdout
    assert "wrote /etc/systemd/system/evcc-flask.service" in said
    seen = json.loads(machine.run("unshare", "--net", "python3", "tests/machine/drive.py").stdout.splitlines()[-1])
    assert (seen["title"], seen["by_nginx"], seen["ended"]) == ("Installed", True, 0)
    machine.run("sh", "-c", "dpkg -r evcc-flask")
    machine.run("sh", "-c", "test ! -e /opt/evcc-flask && test ! -e /etc/systemd/system/evcc-flask.service")
    machine.run("test", "-e", "/var/lib/evcc-flask/evcc-flask.db")
