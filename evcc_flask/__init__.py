"""A controller that charges electric cars with the sun."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # gunicorn's master imports this package, too, and shall stay small
    from pathlib import Path

    from flask import Flask

    from evcc_flask.api.context import Verdict
    from evcc_flask.config.model import Configuration
    from evcc_flask.control.state import SharedState
    from evcc_flask.domain.ports import Clock
    from evcc_flask.realtime.hub import Hub
    from evcc_flask.storage.database import Database


def create_app(
    state: "SharedState",
    database: "Database",
    health: "Callable[[], Verdict]",
    clock: "Clock",
    configuration: "Configuration",
    live: "Hub | None" = None,
    style: "Path | None" = None,
    ingress: str = "",
) -> "Flask":
    """The web app over a running house; it starts nothing. Without ``live`` there is no ``/ws``.

    ``style``: a sheet for the dashboard, after its own. ``ingress``: the address of Home Assistant's gateway.
    """
    from flask import Flask

    from evcc_flask import api, web
    from evcc_flask.api.context import Context
    from evcc_flask.security.visitors import DoorRules

    own = configuration.own
    names = (*own.allowed_hosts, configuration.external_url, configuration.host)
    rules = DoorRules(names, own.allowed_origins, own.trusted_proxies, own.login_for_writes, ingress)
    app = Flask(__name__, static_folder=None)
    api.register(app, Context(state, database, health, clock, own.envelope, rules))
    web.register(app, style)
    if live is not None:
        from evcc_flask.api.door import reads_log
        from evcc_flask.realtime import route

        route.register(app, live, reads_log)
    return app
