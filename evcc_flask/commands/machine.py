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
    except (StorageProblem, OSError) as error:
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


@click.command(short_help="Write the house into one file, while it runs.")
@click.argument("target", required=False, type=click.Path(path_type=Path), metavar="[FILE]")
@house_options
def backup(target: Path | None, config: Path | None, database: Path | None) -> None:
    """Write database, evcc.yaml and evcc-flask.yaml into FILE (or a folder), while the house runs."""
    from .backup import Place
    from .backup import backup as back_up

    with _sentences():
        back_up(Place.of(config, _environ(database)), target, click.echo)


@click.command(short_help="Lay a backup back.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@house_options
def restore(file: Path, config: Path | None, database: Path | None) -> None:
    """Lay a backup back. The server must not run; what is replaced is kept beside it as *.before-restore."""
    from .backup import Place
    from .backup import restore as lay_back

    with _sentences():
        lay_back(file, Place.of(config, _environ(database), whatever_lies_there=True), click.echo)


@click.command(short_help="Install another version; back to this one if it does not answer.")
@click.argument("source", type=click.Path(path_type=Path, exists=True, resolve_path=True))
@house_options
def update(source: Path, config: Path | None, database: Path | None) -> None:
    """Install the version in SOURCE, a folder or an archive of the sources, with a backup before.

    Where the new one does not answer within 90 s, this one is started again, with its data as they were.
    """
    from evcc_flask.config.load import load

    from .backup import Place
    from .update import Installation, UpdateFailed, systemctl
    from .update import update as bring_up

    if os.geteuid() != 0:
        raise click.ClickException("an update needs root: sudo evcc-flask update …")
    environ = _environ(database)
    with _sentences():
        try:
            place = Place.of(config, environ)
            bring_up(source, Installation(place, load(config, environ).port, systemctl), click.echo)
        except UpdateFailed as problem:
            raise click.ClickException(str(problem)) from None


@click.command(short_help="A first configuration, in dialogue.")
@house_options
def setup(config: Path | None, database: Path | None) -> None:
    """Ask for what cannot be found out, look for devices, and write a commented evcc.yaml. Sends reads only."""
    from evcc_flask.config.load import find
    from evcc_flask.storage.owner import Owner

    from .backup import Place
    from .setup import Setup

    environ = _environ(database)
    file = (config or find(environ) or Path("evcc.yaml")).absolute()
    with _sentences():
        if process := Owner.holder(Place.of(config, environ).database):
            raise click.ClickException(
                f"evcc-flask runs on this house (process {process}) and keeps its lines to itself. "
                "Stop it first: systemctl stop evcc-flask"
            )
        sys.exit(Setup(environ).run(file))


COMMANDS = (setup, backup, restore, update, lower)
