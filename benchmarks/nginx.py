"""``/api/state`` behind nginx with our site, against nginx's own static file with the same bytes, and gunicorn alone.

Needs nginx and wrk. Usage: .venv/bin/python benchmarks/nginx.py
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path

TOP = Path(__file__).parents[1]
HOUSE = """
interval: 5s
site: {title: Home, meters: {grid: grid, pv: [pv]}}
meters:
  - {name: grid, type: template, template: demo-meter, usage: grid, power: 1234}
  - {name: pv, type: template, template: demo-meter, usage: pv, power: 4000}
chargers:
  - {name: box, type: template, template: demo-charger, status: C, power: 3000, enabled: true}
loadpoints:
  - {title: Carport, charger: box}
"""
ROUNDS, SECONDS, CONNECTIONS = 3, 8, 16


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def site(folder: Path, state: int, static: int) -> Path:
    (folder / "snippets").mkdir()
    for name, there in (("nginx.conf", "site.conf"), ("nginx-locations.conf", "snippets/evcc-flask.conf")):
        text = (TOP / "deploy" / name).read_text().replace("/run/evcc-flask", str(folder / "run"))
        text = text.replace("listen 80;", f"listen 127.0.0.1:{state};").replace("listen [::]:80;", "")
        (folder / there).write_text(text)
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; user root; worker_processes auto; events {{}}\n"
        f"http {{ access_log off; include {folder}/site.conf; server {{ listen 127.0.0.1:{static}; "
        f"root {folder}/static; default_type application/json; }} }}\n"
    )
    return folder / "nginx.conf"


def body(url: str) -> bytes:
    for _ in range(200):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bytes(answer.read())
        except OSError:
            threading.Event().wait(0.1)
    sys.exit(f"no answer from {url}")


def rate(url: str) -> float:
    words = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{SECONDS}s", url]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said:
        sys.exit(said)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])  # type: ignore[index]


def main() -> None:
    folder = Path(tempfile.mkdtemp(dir="/dev/shm"))
    folder.chmod(0o755)
    for name in ("run", "static", "home"):
        (folder / name).mkdir()
    (folder / "evcc.yaml").write_text(HOUSE)
    port, state, static = free_port(), free_port(), free_port()
    environ = {**os.environ, "RUNTIME_DIRECTORY": str(folder / "run"), "HOME": str(folder / "home")}
    options = ["-c", folder / "evcc.yaml", "--database", folder / "house.db", "--port", str(port)]
    server = subprocess.Popen([sys.executable, "-m", "evcc_flask.cli", "run", *options], env=environ, cwd=folder)
    nginx = subprocess.Popen(["nginx", "-c", site(folder, state, static), "-e", folder / "error.log"])
    try:
        body(f"http://127.0.0.1:{port}/api/health")
        (folder / "static" / "state.json").write_bytes(body(f"http://127.0.0.1:{state}/api/state"))
        for _ in range(ROUNDS):
            file = rate(f"http://127.0.0.1:{static}/state.json")
            ours = rate(f"http://127.0.0.1:{state}/api/state")
            alone = rate(f"http://127.0.0.1:{port}/api/state")
            percent = 100 * ours / file
            print(f"static {file:.0f}/s, behind nginx {ours:.0f}/s ({percent:.0f} %), gunicorn alone {alone:.0f}/s")
    finally:
        nginx.send_signal(signal.SIGTERM)
        server.terminate()
        nginx.wait()
        server.wait()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
