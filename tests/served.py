"""A real gunicorn with our configuration, as a process of its own, over the house of ``api/served_house.py``."""

import http.client
import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

TOP = Path(__file__).parents[1]


class Served:
    """gunicorn with our configuration over a house without devices."""

    def __init__(self, folder, *options, **environ):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder = folder
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "-c", str(TOP / "gunicorn.conf.py"), *options),
                *("--pythonpath", str(TOP / "tests" / "api"), "served_house:application"),
            ],
            cwd=folder,
            env={**os.environ, "EVCC_FLASK_PORT": str(self.port), "HOUSE": str(folder), "HOME": str(folder), **environ},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def ready(self):
        """gunicorn listens before the worker is there, so the answer is what counts; until then nobody is refused."""
        while True:
            try:
                connection = self.connection()
                connection.request("GET", "/api/health")
                assert connection.getresponse().read() == b"OK\n"
                return self
            except ConnectionRefusedError:
                assert self.process.poll() is None, self.process.stderr.read()
                select.select([], [], [], 0.05)
            finally:
                connection.close()

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def workers(self):
        return children(self.process.pid)

    def get(self, path):
        """Status, body and seconds."""
        start = time.monotonic()
        connection = self.connection()
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body, time.monotonic() - start

    def ended(self, within_s):
        self.process.wait(within_s)
        return self.process.stderr.read()

    def kill(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stderr.close()


def children(pid):
    return [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]


@contextmanager
def serving(folder):
    """``start(*options, **environment)`` starts one; all end with the block."""
    there = []

    def start(*options, **environ):
        there.append(Served(folder, *options, **environ))
        return there[-1]

    try:
        yield start
    finally:
        for served in there:
            served.kill()
