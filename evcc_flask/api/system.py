"""Operations of the tag system."""

import os
import signal
from datetime import datetime

from flask import Response, current_app

from evcc_flask.logs.setup import LEVELS, RING

from .blueprint import Blueprint
from .context import now, state
from .errors import error
from .schemas.log import LinesResult, LogQuery
from .schemas.results import BooleanResult

blp = Blueprint("system", __name__, url_prefix="/api")

END = "evcc-flask-end"
"""Extension of the app: ends the whole server in order, with an exit code that asks a supervisor to start it again."""
RELOAD = "evcc-flask-reload"
"""Extension of the app: the worker leaves the house and a new one enters it, with the configuration as it is then."""
MISTAKES = "evcc-flask-mistakes"
"""Extension of the app: what is wrong in the configuration's files now, or ''."""


@blp.get("/settings/telemetry")
@blp.response(200, BooleanResult)
def get_telemetry_status():
    """Whether somebody asked for telemetry. Nothing is sent to anyone either way."""
    return state().settings.telemetry


@blp.post("/settings/telemetry/<flag:enable>")
@blp.response(200, BooleanResult)
def set_telemetry_status(enable):
    """Keep the wish. Nothing is sent to anyone either way."""
    return state().change_site(telemetry=enable).telemetry


@blp.get("/system/log")
@blp.arguments(LogQuery, location="query")
@blp.response(200, LinesResult)
@blp.alt_response(200, schema={"type": "string", "format": "binary"}, content_type="text/plain", success=True)
def get_system_logs(query):
    """The last lines of the log, oldest first, as JSON or as a file to download."""
    lines = [f"{line}\n" for line in RING.lines(query["level"], query["areas"], query.get("count"))]
    if "format" not in query:
        return lines
    response = Response("".join(lines), content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{_filename(now(), query["level"])}"'
    return response


@blp.get("/system/log/areas")
@blp.response(200, LinesResult)
def get_log_areas():
    """The areas that have spoken, sorted."""
    return RING.areas()


@blp.post("/system/shutdown")
@blp.response(204)
def shutdown_system():
    """End in order: batteries back to normal, everything written. A supervisor starts the server again."""
    current_app.extensions.get(END, _terminate)()
    return Response(status=204)


@blp.post("/system/reload")
@blp.response(204)
def reload_system():
    """Read the configuration anew; charging goes on meanwhile. 400 names the mistakes, and all goes on as it was."""
    reload, mistakes = current_app.extensions.get(RELOAD), current_app.extensions.get(MISTAKES)
    if reload is None or mistakes is None:
        return error(503, "this server does not know how to reload; restart it")
    if wrong := mistakes():
        return error(400, wrong)
    reload()
    return Response(status=204)


def _terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def _filename(at: datetime, level: int) -> str:
    word = next(word for word, number in LEVELS.items() if number == level)
    return f"evcc-{at:%Y%m%d-%H%M%S}-{word}.log"
