"""Options that several commands take, the same for each."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]


def config_option(command: Command) -> Command:
    """``-c FILE``, the same for every command."""
    return click.option(
        "-c",
        "--config",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The evcc.yaml. Else evcc.yaml in the home folder, here, in /etc, in /etc/evcc-flask; none is fine, too.",
    )(command)


def house_options(command: Command) -> Command:
    """``-c`` and ``--database``, which find the house's file as ``run`` does."""
    path = click.Path(path_type=Path)
    database = click.option("--database", type=path, metavar="FILE", help="SQLite file; overrules the config.")
    return config_option(database(command))
