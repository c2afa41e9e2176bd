"""A house that needs no devices, served by a real gunicorn; its end leaves a mark in the folder ``HOUSE``."""

import importlib.util
import os
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

from evcc_flask import worker
from evcc_flask.clock import SystemClock
from evcc_flask.control.statefile import StateFile
from evcc_flask.logs.setup import RING, start_logs
from evcc_flask.realtime.hub import Hub

_spec = importlib.util.spec_from_file_location("house", Path(__file__).with_name("conftest.py"))
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)

start_logs("info", {}, redact=str)
worker.ARRIVAL_S = float(os.environ.get("ARRIVAL_S", worker.ARRIVAL_S))
_folder = Path(os.environ["HOUSE"])
_house = _module.House(_folder / "evcc.db", auth_disabled=bool(os.environ.get("OPEN_TO_ALL")))


_live = Hub(_house.state, SystemClock())
_live.start()
RING.follow(_live.say)
_left = None
if "RUNTIME_DIRECTORY" in os.environ:
    _left = StateFile(Path(os.environ["RUNTIME_DIRECTORY"]), lambda published: published.body)
    _house.state.subscribe(_left.write)
    _left.write(_house.state.published)


def _stop():
    _live.stop()
    if _left is not None:
        _left.end()
    threading.Event().wait(float(os.environ.get("STOPPING_TAKES_S", "0")))
    _house.database.close()
    (_folder / "ended").write_text(str(os.getpid()))


sys.modules["evcc_flask.wiring"] = SimpleNamespace(stop=_stop)
application = _house.app(live=_live)
