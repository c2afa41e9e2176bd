"""Run by systemd, as root, in a Debian that was booted for it: what the units do. Writes JSON to its argument.

Stands alone, on Debian's python3; starts, stops, kills and stops in its tracks what systemd watches.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

HOUSE = Path("/etc/evcc-flask/evcc.yaml")
TEXT = """
interval: 1s
site: {title: Installed, meters: {grid: grid}}
meters:
  - {name: grid, type: template, template: demo-meter, usage: grid, power: -5000}
chargers:
  - {name: box, type: template, template: demo-charger, status: C, power: 3000, enabled: true}
loadpoints:
  - {title: Carport, charger: box, mode: now}
"""


def systemctl(*words):
    done = subprocess.run(["systemctl", *words], capture_output=True, text=True)
    return done.returncode, done.stdout.strip()


def shown(key):
    return systemctl("show", "evcc-flask", "-p", key, "--value")[1]


def worker():
    main = shown("MainPID")
    return Path(f"/proc/{main}/task/{main}/children").read_text().split()[0]


def armed():
    return systemctl("is-active", "evcc-flask-lower.timer")[1]


def state(key):
    with urllib.request.urlopen("http://127.0.0.1/api/state", timeout=20) as answer:
        return json.loads(answer.read())["result"][key]


def title():
    return state("siteTitle")


def update(line):
    """Another version, whose ``wsgi.py`` begins with this line; no network is there."""
    folder = Path("/root/another")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree("/root/evcc-flask", folder, symlinks=True)
    (folder / "wsgi.py").write_text(f"{line}\n{(folder / 'wsgi.py').read_text()}")
    offline = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/root/wheels"}
    words = ["/usr/local/bin/evcc-flask", "update", str(folder)]
    done = subprocess.run(words, env=offline, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def wait(seconds, condition=lambda: False):
    for _ in range(int(seconds * 5)):
        if condition():
            return True
        threading.Event().wait(0.2)
    return False


def log(unit):
    return subprocess.run(["journalctl", "-u", unit, "--no-pager"], capture_output=True, text=True).stdout


def main(report):
    HOUSE.write_text(TEXT)
    seen = {"started": systemctl("restart", "evcc-flask")[0], "status": shown("StatusText")}
    seen |= {"watchdog": shown("WatchdogUSec"), "title": title(), "armed": armed()}

    before = worker()
    HOUSE.write_text(TEXT.replace("Installed", "Again"))
    seen["reloaded"] = systemctl("reload", "evcc-flask")[0]
    seen["new_title"] = wait(30, lambda: title() == "Again")
    seen["new_worker"] = worker() != before
    HOUSE.write_text(TEXT.replace("demo-charger", "demo-chager"))
    seen["mistakes"] = systemctl("reload", "evcc-flask")[0] != 0
    seen["goes_on"] = (shown("ActiveState"), title())
    HOUSE.write_text(TEXT)

    os.kill(int(worker()), signal.SIGSTOP)  # the master lives, and answers nothing
    seen["watched"] = wait(60, lambda: shown("NRestarts") == "1" and shown("ActiveState") == "active")
    seen["disarmed"] = armed()

    systemctl("stop", "evcc-flask")
    seen |= {"stopped_armed": armed(), "state_left": Path("/run/evcc-flask").exists()}
    seen["lowered"] = wait(75, lambda: "offers 6 A from now on" in log("evcc-flask-lower"))
    seen |= {"again": systemctl("start", "evcc-flask")[0], "again_armed": armed()}
    seen["log"] = log("evcc-flask")[-4000:]

    venv = Path("/opt/evcc-flask/venv")
    seen["former"] = str(venv.readlink())
    seen["refused"], seen["refusal"] = update("raise SystemExit('this version does not start')")
    seen["back"] = [str(venv.readlink()), title(), shown("ActiveState")]
    seen["issues"] = state("issues")
    seen["updated"], seen["update"] = update("# Another one.")
    seen |= {"venv": str(venv.readlink()), "title_then": title(), "issues_then": state("issues")}
    Path(report).write_text(json.dumps(seen))


if __name__ == "__main__":
    main(sys.argv[1])
