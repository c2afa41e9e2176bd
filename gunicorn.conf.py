"""How gunicorn runs us: one process that owns the wallboxes, many threads for those who look on.

Runs in gunicorn's master, which imports nothing of ours but the options: the house lives in the worker.
"""

import logging
import mmap
import os
import signal
import socket
import sys
import threading
from pathlib import Path

from evcc_flask.options import DEFAULT_PORT, Options

ONE = "evcc-flask runs in one worker process, because two controllers would fight over the wallboxes."

# Dual stack where the system has it, as evcc listens.
bind = [f"{'[::]' if socket.has_dualstack_ipv6() else '0.0.0.0'}:{Options.from_environment().port or DEFAULT_PORT}"]
# systemd makes this folder in RAM: a socket for nginx, and the published state.
_run = os.environ.get("RUNTIME_DIRECTORY")
if _run:
    bind.append(f"unix:{_run}/web.sock")
# The house says when it is under control; gunicorn would say so when it has hardly begun.
if "NOTIFY_SOCKET" in os.environ:
    os.environ["EVCC_FLASK_NOTIFY"] = os.environ.pop("NOTIFY_SOCKET")
workers = 1
# gthread with an end to every wait for a client.
worker_class = "evcc_flask.worker.PunctualWorker"
# A thread is held while a request arrives (10 s at most), waits for the disk or is answered; live connections hold
# none. So 200 are what nobody uses up by accident: a hundred slow clients leave a hundred threads to all others. A
# thread is made when it is first needed; what it costs stands in docs/performance.rst.
threads = 200
# With 300 live connections, the devices and the database this is less than 1024 files: pyserial's select takes no more.
worker_connections = 500
# A jq filter travels in this line; gunicorn takes no longer one without taking any.
limit_request_line = 8190
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

LAST_WORDS_S = 0.3
"""Open requests get so long after the house has been left in order; an answer takes milliseconds."""
HOUSE_S = 3.9
"""The house takes at most so long to be left in order."""

ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGABRT)

BOOT_ERROR = 3
"""Exit code of a worker that said why it cannot start; wsgi.py has it, too."""
START_AGAIN = 1
"""Exit code after a shutdown that somebody asked for through the API: a supervisor starts us again."""

# Shared with the worker, which is forked later.
_asked_to_end = mmap.mmap(-1, 1)

# What a signal's handler touches must bear that it interrupts itself: a pipe and a bare lock do. An Event or the start
# of a thread, which hold a lock inside, do not.
_leaving = threading.Lock()
_at_home = threading.Lock()
_at_home.acquire()
_door = None


def on_starting(server):
    """Refuse what would start two controllers, or start one in the master."""
    _forget_state()
    server.log.error_log.addFilter(_is_news)
    if server.cfg.workers != 1:
        raise SystemExit(f"{ONE} Leave out --workers ({server.cfg.workers}); --threads may be raised.")
    if server.cfg.worker_class_str != worker_class or server.cfg.threads < 2:
        raise SystemExit("evcc-flask brings a worker class of its own. Leave out --worker-class and --threads.")
    if server.cfg.preload_app:
        raise SystemExit("The controller must start after gunicorn's fork. Leave out --preload.")


def _is_news(record):
    """A start that failed has ended with a sentence to act upon; gunicorn would add three lines that say no more."""
    if record.args and record.args[-1] == BOOT_ERROR:
        logging.getLogger(record.name).setLevel(logging.CRITICAL)
        return False
    return True


def on_reload(server):
    """SIGHUP: the old worker leaves the house before the new one enters; clients wait at the door meanwhile."""
    server.kill_workers(signal.SIGTERM)
    for _ in range(int(20 * (graceful_timeout + 1))):
        server.reap_workers()
        if not server.WORKERS:
            return
        threading.Event().wait(0.05)
    server.kill_workers(signal.SIGKILL)


def child_exit(server, worker):
    """However a worker ended: what it left for nginx grows old from now on."""
    _forget_state()


def nworkers_changed(server, new_value, old_value):
    """SIGTTIN asks for one more worker."""
    if new_value > 1:
        server.log.warning(ONE)
        server.num_workers = 1


def post_worker_init(worker):
    """Say where we listen; from now on a signal that ends the worker leaves the house in order, beside gunicorn."""
    global _door
    ordered, _door = os.pipe()
    threading.Thread(target=_leave_all, args=(ordered,), name="leaving", daemon=True).start()
    for number in ENDINGS:
        signal.signal(number, _leaving_first(signal.getsignal(number)))
        signal.siginterrupt(number, False)
    worker.wsgi.extensions["evcc-flask-end"] = lambda: _ask_to_end(worker.ppid)
    worker.wsgi.extensions["evcc-flask-reload"] = lambda: os.kill(worker.ppid, signal.SIGHUP)
    for listener in worker.sockets:
        logging.getLogger("main").info("listening at %s", listener)


def _leaving_first(handler):
    """Ours comes first: gunicorn's may wait for ever for a lock that the interrupted code holds."""

    def handle(number, frame):
        for each in ENDINGS:  # one is enough: a second one would cut the farewell short, wherever it strikes
            signal.signal(each, signal.SIG_IGN)
        os.write(_door, b".")
        handler(number, frame)

    return handle


def worker_exit(server, worker):
    """Whatever ended the worker. The master calls this, too, for a worker that is gone already."""
    if worker.pid != os.getpid():
        return
    if _leaving.acquire(blocking=False):
        _leave_house()
    _wait_until_left()
    ending = sys.exc_info()[1]
    if isinstance(ending, SystemExit) and not ending.code:
        # To take Python apart takes a busy processor a second, and nothing is left in it.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def on_exit(server):
    """The master's last word."""
    if _asked_to_end[0]:
        raise SystemExit(START_AGAIN)


def _forget_state():
    for name in ("state.json", "state.json.gz"):
        if _run:
            Path(_run, name).unlink(missing_ok=True)


def _ask_to_end(master):
    _asked_to_end[0] = 1
    os.kill(master, signal.SIGTERM)


def _wait_until_left():
    if _at_home.acquire(timeout=HOUSE_S):
        _at_home.release()


def _leave_house():
    wiring = sys.modules.get("evcc_flask.wiring")  # not there: nothing was started
    try:
        if wiring is not None:
            wiring.stop()
    finally:
        _at_home.release()


def _leave_all(ordered):
    """Batteries and boxes first, then this process, even if a connection stays open."""
    os.read(ordered, 1)
    if not _leaving.acquire(blocking=False):
        return
    _leave_house()
    threading.Event().wait(LAST_WORDS_S)
    os._exit(0)
