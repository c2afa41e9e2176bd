"""How gunicorn runs us: one process that owns the wallboxes, many threads for those who look on.

Runs in gunicorn's master, which imports nothing of ours but the options: the house lives in the worker.
"""

import os
import socket
import sys
import threading
from pathlib import Path

from evcc_flask.options import DEFAULT_PORT, Options

ONE = "evcc-flask runs in one worker process, because two controllers would fight over the wallboxes."

# Dual stack where the system has it, as evcc listens.
bind = f"{'[::]' if socket.has_dualstack_ipv6() else '0.0.0.0'}:{Options.from_environment().port or DEFAULT_PORT}"
workers = 1
worker_class = "gthread"
# A thread is held by every open live connection and by every request that waits for the disk; it costs little while
# it sleeps, and is made only when it is needed.
threads = 64
# Longer than the 60 s for which nginx keeps its connections: the side that closes first should be nginx.
keepalive = 65
# SIGTERM ends all within 5 s, an open connection or a hung device notwithstanding.
graceful_timeout = 5
timeout = 30
# The heartbeat is a file: on RAM it wears out no flash and never waits for a disk.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
# A remote control for the arbiter, with an event loop of its own; nobody here needs it.
control_socket_disable = True
# Later than an environment's WEB_CONCURRENCY, and before the fork: see on_starting.
preload_app = False
accesslog = None
loglevel = "warning"
proc_name = "evcc-flask"
wsgi_app = "wsgi:application"
# Where wsgi.py lies; the working directory stays the caller's.
pythonpath = str(Path(__file__).resolve().parent)

LAST_WORDS_S = 1.0
"""Open requests get so long after the house has been left in order."""
HOUSE_S = 3.9
"""The house takes at most so long to be left in order."""

_left = threading.Event()
_leaving = threading.Lock()


def on_starting(server):
    """Refuse what would start two controllers, or start one in the master."""
    if server.cfg.workers != 1:
        raise SystemExit(f"{ONE} Leave out --workers ({server.cfg.workers}); --threads may be raised.")
    if server.cfg.worker_class_str not in ("gthread", "sync") or server.cfg.threads < 2:
        raise SystemExit("evcc-flask needs gunicorn's gthread worker. Leave out --worker-class and --threads.")
    if server.cfg.preload_app:
        raise SystemExit("The controller must start after gunicorn's fork. Leave out --preload.")


def nworkers_changed(server, new_value, old_value):
    """SIGTTIN asks for one more worker."""
    if new_value > 1:
        server.log.warning(ONE)
        server.num_workers = 1


def post_worker_init(worker):
    """Say where we listen; SIGTERM leaves the house in order at once, while gunicorn lets requests end."""
    import logging
    import signal

    end = worker.handle_exit

    def handle_exit(number, frame):
        end(number, frame)
        _leave(worker)

    for listener in worker.sockets:
        logging.getLogger("main").info("listening at %s", listener)
    signal.signal(signal.SIGTERM, handle_exit)
    signal.siginterrupt(signal.SIGTERM, False)


def worker_int(worker):
    """SIGINT and SIGQUIT."""
    _leave(worker)
    _left.wait(HOUSE_S)


def worker_abort(worker):
    """The worker hung and is about to be killed."""
    _leave(worker)
    _left.wait(HOUSE_S)


def worker_exit(server, worker):
    """Whatever ended the worker. The master calls this, too, for a worker that is gone already."""
    if worker.pid != os.getpid():
        return
    if _leaving.acquire(blocking=False):
        _leave_house()
    _left.wait(HOUSE_S)


def _leave(worker):
    """Once, beside the signal: batteries and boxes first, then this process, even if a connection stays open."""
    if _leaving.acquire(blocking=False):
        threading.Thread(target=_leave_all, name="leaving", daemon=True).start()


def _leave_house():
    wiring = sys.modules.get("evcc_flask.wiring")  # not there: nothing was started
    try:
        if wiring is not None:
            wiring.stop()
    finally:
        _left.set()


def _leave_all():
    _leave_house()
    threading.Event().wait(LAST_WORDS_S)
    os._exit(0)
