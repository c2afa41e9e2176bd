"""Starts the server: this process becomes gunicorn, so that a supervisor's signals reach it directly."""

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from evcc_flask.config.load import find, load
from evcc_flask.layout import project_file
from evcc_flask.options import Options
from evcc_flask.port import is_free
from evcc_flask.storage.place import written_house


class PortInUse(Exception):
    """Somebody else listens where we should."""


def server_command() -> list[str]:
    """The words that start gunicorn with our settings, which name wsgi.py, from any working directory."""
    # -P: a file of the working directory must not stand in for a module of ours.
    return [sys.executable, "-P", "-m", "gunicorn", "--config", str(project_file("gunicorn.conf.py"))]


def completed(options: Options, environ: Mapping[str, str]) -> Options:
    """Every path absolute, and the port that counts: the option, EVCC_NETWORK_PORT, the file, or 7070."""
    config = options.config or find(environ)
    configuration = load(config, {**environ, **options.overrides()})
    if config is None and (config := written_house(configuration.database)):
        configuration = load(config, {**environ, **options.overrides()})
    return replace(
        options,
        config=_absolute(config),
        database=_absolute(options.database),
        custom_css=_absolute(options.custom_css),
        port=configuration.port,
    )


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
