"""Starts the server: this process becomes gunicorn, so that a supervisor's signals reach it directly."""

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from evcc_flask.config.load import find, load
from evcc_flask.layout import server_command
from evcc_flask.options import Options
from evcc_flask.port import is_free
from evcc_flask.storage.evccs import port_of
from evcc_flask.storage.place import house_file, usual_file, written_house
from evcc_flask.storage.problem import StorageProblem


class PortInUse(Exception):
    """Somebody else listens where we should."""


def completed(options: Options, environ: Mapping[str, str]) -> Options:
    """Every path absolute, and the port that counts: the option, EVCC_NETWORK_PORT, the file, or 7070."""
    config = options.config or find(environ)
    configuration = load(config, {**environ, **options.overrides()})
    if config is None and (config := written_house(configuration.database)):
        configuration = load(config, {**environ, **options.overrides()})
    port = configuration.port
    if config is None and options.port is None and not environ.get("EVCC_NETWORK_PORT"):
        port = _port_so_far(configuration.database) or port
    return replace(
        options,
        config=_absolute(config),
        database=_absolute(options.database),
        custom_css=_absolute(options.custom_css),
        port=port,
    )


def _port_so_far(database: str | None) -> int | None:
    """At the first start on evcc's own database: the port that its web page was given."""
    named = usual_file(database)
    try:
        _, foreign = house_file(named)
        return port_of(named) if foreign else None
    except StorageProblem:  # the server itself will say so
        return None


def run(options: Options, environ: Mapping[str, str]) -> NoReturn:
    """Become the server. Raises FileNotFoundError where the installation lacks its own files, PortInUse."""
    command = server_command()
    whole = completed(options, environ)
    if whole.port is not None and not is_free(whole.port):
        raise PortInUse(f"port {whole.port} is in use; end what uses it, or choose another one with --port")
    variables = {**environ, **whole.environment()}
    sys.stdout.flush()
    os.execve(command[0], command, variables)


def _absolute(path: Path | None) -> Path | None:
    return path.expanduser().absolute() if path else None
