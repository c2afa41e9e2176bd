"""``/api/state`` straight from gunicorn, one value of it by a jq filter, and nginx serving the state's bytes as a file.

One after the other, in three rounds. The last line of a round asks for filters that nobody asked before, so that each
is compiled and run by a worker of the pool.

Needs wrk and nginx (Debian packages). Usage: python benchmarks/serving.py [seconds a round, 10]
"""

import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from server import demo

CONNECTIONS = 16
FILTER = "/api/state?jq=.loadpoints%5B0%5D.chargePower"
NEW_FILTERS = """
local number = 0
request = function()
    number = number + 1
    return wrk.format("GET", path .. "%20%23" .. round .. "." .. start .. "." .. number)
end
"""
"""For wrk: each request has a comment of its own."""


def main() -> None:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    for program in ("wrk", "nginx"):
        if not shutil.which(program):
            sys.exit(f"needs {program}: apt-get install {program}")
    with demo() as running, tempfile.TemporaryDirectory() as folder:
        body = _settled(f"{running.url}/api/state")
        print(f"state: {len(body)} bytes")
        nginx, url = _nginx(Path(folder), body)
        try:
            for _ in range(3):
                ours, ours_p99 = _load(f"{running.url}/api/state", seconds)
                theirs, _ = _load(url, seconds)
                print(f"gunicorn {ours:7.0f}/s p99 {ours_p99}   nginx {theirs:7.0f}/s   {100 * ours / theirs:.2f} %")
                same, same_p99 = _load(f"{running.url}{FILTER}", seconds)
                print(f"same jq  {same:7.0f}/s p99 {same_p99}   {100 * same / theirs:.2f} %")
                new, new_p99 = _load(f"{running.url}{FILTER}", seconds, _script(Path(folder)))
                print(f"new jq   {new:7.0f}/s p99 {new_p99}   {100 * new / theirs:.2f} %", flush=True)
        finally:
            nginx.terminate()
            nginx.wait(5)


def _settled(url: str) -> bytes:
    """The state once the forecast is in it, which is the greater part: its size has been the same for 5 s."""
    body = b""
    for _ in range(12):
        before, body = len(body), urllib.request.urlopen(url).read()
        if before and abs(len(body) - before) < 0.01 * before:
            break
        time.sleep(5)
    return body


def _nginx(folder: Path, body: bytes) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder.chmod(0o755)
    (folder / "state").write_bytes(body)
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes auto; pid {folder}/pid; error_log {folder}/error.log;\n"
        "events { worker_connections 256; }\n"
        f"http {{ access_log off; default_type application/json; keepalive_requests 1000000;\n"
        f"server {{ listen 127.0.0.1:{port}; root {folder}; }} }}\n"
    )
    process = subprocess.Popen(["nginx", "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    return process, f"http://127.0.0.1:{port}/state"


def _script(folder: Path) -> str:
    script = folder / "new.lua"
    setup = "local threads = 0\nsetup = function(thread) thread:set('start', threads); threads = threads + 1 end\n"
    script.write_text(f"{setup}local path = '{FILTER}'\nlocal round = {time.time():.0f}\n{NEW_FILTERS}")
    return str(script)


def _load(url: str, seconds: int, script: str | None = None) -> tuple[float, str]:
    command = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", *(["-s", script] if script else []), url]
    report = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", report)
    p99 = re.search(r"99%\s+(\S+)", report)
    if rate is None or p99 is None or "Non-2xx" in report:
        sys.exit(f"wrk says:\n{report}")
    return float(rate[1]), p99[1]


main()
