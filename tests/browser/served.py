"""A real server for a browser to look at, and what may be asked of it beside the browser."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request

PATIENCE_S = 60.0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served:
    """``evcc-flask`` with ``words`` in a folder; ends with :meth:`stop`, and may be started again on the same port."""

    def __init__(self, folder, *words):
        self.folder, self.words, self.port = folder, words, free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self._process = None

    def start(self):
        """Returns after the first decision."""
        command = [
            sys.executable,
            "-c",
            "from evcc_flask.cli import main; main()",
            *self.words,
            "--port",
            str(self.port),
        ]
        with (self.folder / "log").open("ab") as log:
            environ = {**os.environ, "HOME": str(self.folder)}
            self._process = subprocess.Popen(command, cwd=self.folder, env=environ, stdout=log, stderr=log)
        self.until(lambda state: state["cycle"], PATIENCE_S)
        return self

    def stop(self):
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}api/{path}", data, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            said = answer.read()
        told = json.loads(said) if said else None
        return told["result"] if isinstance(told, dict) and "result" in told else told

    def state(self):
        return self.ask("GET", "state")

    def loadpoint(self, number):
        return self.state()["loadpoints"][number - 1]

    def until(self, condition, within_s=15.0):
        """Look at the state until ``condition`` holds; returns that state."""
        give_up_s, pause, state = time.monotonic() + within_s, threading.Event(), None
        while time.monotonic() < give_up_s:
            assert self._process.poll() is None, (self.folder / "log").read_text()[-3000:]
            try:
                state = self.state()
                if condition(state):
                    return state
            except OSError:
                pass  # not there yet
            pause.wait(0.1)
        raise AssertionError(f"not in {within_s} s: {state}")
