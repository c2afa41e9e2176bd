"""Run as root on a machine on which deploy/install.sh was run: starts what systemd would start, and drives it.

Stands alone, on Debian's python3. Prints one line of JSON: what it saw, and what it measured.
"""

import fcntl
import json
import os
import pwd
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

UNIT = Path("/etc/systemd/system/evcc-flask.service").read_text()
NOTIFY = "/run/evcc-notify"
HOUSE = """
interval: 1s
site: {title: Installed, meters: {grid: grid}}
meters:
  - {name: grid, type: template, template: demo-meter, usage: grid, power: -5000}
chargers:
  - {name: box, type: template, template: demo-charger, status: C, power: 3000, enabled: true}
loadpoints:
  - {title: Carport, charger: box, mode: pv}
"""


def lo_up():
    """In a network of its own nothing is up at first."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))


def words(key):
    return [line.split("=", 1)[1].split() for line in UNIT.splitlines() if line.startswith(f"{key}=")]


def ask(path, method="GET", port=80, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, dict(answer.headers), answer.read().decode(errors="replace")
    except urllib.error.HTTPError as refused:
        return refused.code, dict(refused.headers), refused.read().decode()


def processes(pid):
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in processes(int(child)))]


def pss_mb(pid):
    """Of a process and all below it."""
    lines = [line for each in processes(pid) for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()]
    return round(sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024)


def main():
    lo_up()
    user = pwd.getpwnam("evcc-flask")
    run = Path("/run/evcc-flask")
    run.mkdir(parents=True, exist_ok=True)
    os.chown(run, user.pw_uid, user.pw_gid)
    Path("/etc/evcc-flask/evcc.yaml").write_text(HOUSE)
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    Path(NOTIFY).unlink(missing_ok=True)
    heard.bind(NOTIFY)
    Path(NOTIFY).chmod(0o666)
    heard.settimeout(120)
    subprocess.run(["nginx"], check=True)
    environ = {"PATH": os.environ["PATH"], "HOME": user.pw_dir, "LANG": "C.UTF-8"}
    environ |= {"NOTIFY_SOCKET": NOTIFY, "RUNTIME_DIRECTORY": str(run), "STATE_DIRECTORY": user.pw_dir}
    groups = os.getgrouplist("evcc-flask", user.pw_gid)
    began = time.monotonic()
    service = subprocess.Popen(
        words("ExecStart")[0],
        cwd="/",
        env=environ,
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=groups,
        umask=0o027,
    )
    ready = heard.recv(200).decode().split("\n")[0]
    seen = {"ready": ready, "first_cycle_s": round(time.monotonic() - began, 1)}
    status, headers, body = ask("/api/state")
    state = json.loads(body)["result"]
    seen |= {"title": state["siteTitle"], "status": status, "by_nginx": not headers.get("ETag", "W/").startswith("W/")}
    seen["filter"] = ask("/api/state?jq=.siteTitle%7C.")[2].strip()
    seen["written"] = ask("/api/loadpoints/1/mode/now", "POST")[2].strip()
    seen["read"] = json.loads(ask("/evcc/api/state")[2])["result"]["loadpoints"][0]["mode"]
    page = ask("/")
    found = re.search(r"assets/([\w.-]+\.js)", page[2])
    asset = found[1] if found else sys.exit(f"the page is not there: {page}")
    status, headers, _ = ask(f"/assets/{asset}", **{"Accept-Encoding": "gzip"})
    seen["asset"] = [status, headers.get("Content-Encoding"), headers.get("Cache-Control")]
    seen["strange_name"] = ask("/api/state", Host="evil.example")[0]
    seen["plain"] = ask("/api/health", port=7070)[0]
    subprocess.run(words("ExecReload")[0], check=True, stdout=subprocess.DEVNULL)
    os.kill(service.pid, signal.SIGHUP)
    while not heard.recv(200).startswith(b"READY=1"):
        pass
    seen["after_reload"] = json.loads(ask("/api/state")[2])["result"]["loadpoints"][0]["mode"]
    seen["memory_mb"] = pss_mb(service.pid)
    subprocess.run(["/usr/local/bin/evcc-flask", "backup", "/root/house.tar.gz"], check=True, stdout=subprocess.DEVNULL)
    seen["backup"] = Path("/root/house.tar.gz").stat().st_size > 500
    service.terminate()
    seen["ended"] = service.wait(10)
    seen["state_left"] = [str(path) for path in run.glob("state*")]
    seen["owners"] = sorted({path.owner() for path in Path("/var/lib/evcc-flask").iterdir()})
    pid = Path("/run/nginx.pid")
    os.kill(int(pid.read_text()), signal.SIGTERM)
    while pid.exists():
        threading.Event().wait(0.05)
    used = subprocess.run(["du", "-sm", "/opt/evcc-flask"], capture_output=True, text=True, check=True).stdout
    seen["installed_mb"] = int(used.split()[0])
    print(json.dumps(seen))


if __name__ == "__main__":
    sys.exit(main())
