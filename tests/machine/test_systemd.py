"""A fresh Debian, booted: the units under a systemd of their own."""

import json
import os
import shutil
import subprocess

import pytest

from tests.machine.test_fresh_debian import Machine, base, layer

pytestmark = pytest.mark.slow

BOOT = """
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
timeout 900 systemd-nspawn -D "$2/root" --register=no --keep-unit --private-network -b
"""
PROBE = """
[Unit]
After=evcc-flask.service nginx.service
[Service]
Type=oneshot
TimeoutStartSec=840
ExecStart=/usr/bin/python3 %h/evcc-flask/tests/machine/under_systemd.py %h/report.json
ExecStopPost=/bin/systemctl poweroff --no-block
[Install]
WantedBy=multi-user.target
"""
WITH_SYSTEMD = """
set -e
apt-get update -qq > /dev/null
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends systemd systemd-sysv dbus > /dev/null
deploy/install.sh
# What an update without a network needs; and the page is built in the sources, once.
export PIP_CONSTRAINT=constraints.txt
/opt/evcc-flask/venv/bin/pip wheel -q --use-pep517 -w /root/wheels '.[integrations]' setuptools wheel
rm -rf build /root/wheels/evcc_flask*
systemctl enable evcc-flask probe
"""


@pytest.fixture(scope="module")
def seen():
    """What happened in a Debian 12 of which systemd was in charge; its watchdog is made quicker."""
    if os.geteuid() != 0 or not (shutil.which("debootstrap") and shutil.which("systemd-nspawn")):
        pytest.skip("needs root, debootstrap and systemd-nspawn: apt-get install debootstrap systemd-container")
    made = base("bookworm")
    with layer("systemd") as folder:
        yield _booted(made, folder)


def _booted(made, folder):
    """What the probe has written in a machine that was booted and has switched itself off."""
    machine = Machine(made, folder, "root")
    units = folder / "upper/etc/systemd/system"
    (units / "evcc-flask.service.d").mkdir(parents=True)
    (units / "evcc-flask.service.d/quick.conf").write_text("[Service]\nWatchdogSec=10\n")
    (units / "probe.service").write_text(PROBE)
    machine.run("sh", "-c", WITH_SYSTEMD)
    booted = subprocess.run(["unshare", "--mount", "bash", "-c", BOOT, "boot", made, folder], capture_output=True)
    report = folder / "upper/root/report.json"
    assert report.exists(), booted.stdout.decode(errors="replace")[-4000:]
    return json.loads(report.read_text())


def test_ready_is_the_first_look_at_the_house(seen):
    assert (seen["started"], seen["status"]) == (0, "the house is under control")
    assert (seen["watchdog"], seen["title"], seen["armed"]) == ("10s", "Installed", "inactive")


def test_a_reload_takes_a_good_file_and_refuses_a_bad_one(seen):
    assert (seen["reloaded"], seen["new_title"], seen["new_worker"]) == (0, True, True), seen["log"]
    assert (seen["mistakes"], seen["goes_on"]) == (True, ["active", "Again"])
    assert "'demo-chager' is no template" in seen["log"]


def test_a_house_that_is_silent_is_started_again(seen):
    assert (seen["watched"], seen["disarmed"]) == (True, "inactive"), seen["log"]


def test_boxes_are_lowered_a_minute_after_the_end_and_the_next_start_disarms_that(seen):
    assert (seen["stopped_armed"], seen["state_left"], seen["lowered"]) == ("active", False, True), seen["log"]
    assert (seen["again"], seen["again_armed"]) == (0, "inactive")


def test_an_update_that_does_not_start_is_taken_back_and_told(seen):
    assert seen["refused"] != 0, seen["refusal"]
    assert "the new version did not start" in seen["refusal"]
    assert seen["back"] == [seen["former"], "Installed", "active"]
    assert "failed: the new version did not start" in str(seen["issues"])


def test_an_update_that_answers_stays_and_nothing_is_told(seen):
    assert seen["updated"] == 0, seen["update"]
    assert seen["venv"] != seen["former"]
    assert (seen["title_then"], seen["issues_then"]) == ("Installed", [])
