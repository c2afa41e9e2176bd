"""Commands for the machine that the house runs on; everything heavy is imported by the one that needs it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from evcc_flask.options import Options

from .options import house_options


@contextmanager
def _sentences() -> Iterator[None]:
    """What a person can mend ends with its sentence instead of a traceback."""
    from evcc_flask.storage.problem import StorageProblem

    try:
        yield
    except (StorageProblem, FileNotFoundError) as error:
        raise click.ClickException(str(error)) from None


def _environ(database: Path | None) -> dict[str, str]:
    return {**os.environ, **Options(database=database).overrides()}


@click.command(hidden=True)
@house_options
def lower(config: Path | None, database: Path | None) -> None:
    """Lower wallboxes that have no fail-safe to their least current; for the time in which no server runs."""
    from .lower import lower as lower_boxes

    with _sentences():
        sys.exit(lower_boxes(config, _environ(database), click.echo))


COMMANDS = (lower,)
