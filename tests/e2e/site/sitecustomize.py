"""Troubles of the operating system, for the server process that a test starts: Python imports this file by its name.

``E2E_DEAF_RESOLVER``: seconds that the resolver takes to find nothing for names under ``.invalid``.
``E2E_WALL_CLOCK``: a file with the seconds by which the wall clock is wrong; the monotonic one is never touched.
"""

import os
import socket
import threading
from datetime import timedelta
from pathlib import Path

if takes_s := os.environ.get("E2E_DEAF_RESOLVER"):
    asked = socket.getaddrinfo

    def getaddrinfo(host, *words, **more):
        if str(host).endswith(".invalid"):
            threading.Event().wait(float(takes_s))
            raise socket.gaierror(socket.EAI_AGAIN, "temporary failure in name resolution")
        return asked(host, *words, **more)

    socket.getaddrinfo = getaddrinfo

if wrong_by := os.environ.get("E2E_WALL_CLOCK"):
    from evcc_flask.clock import SystemClock

    right = SystemClock.now

    def now(self):
        return right(self) + timedelta(seconds=float(Path(wrong_by).read_text() or 0))

    SystemClock.now = now
