"""The command line: ``evcc-flask run | check | devices | database | password | apikey | demo``.

Without a subcommand it acts like ``run``, and it takes evcc's own flags, so that a script that starts evcc starts us.
Everything heavy is imported by the command that needs it.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evcc_flask.commands.machine import COMMANDS
from evcc_flask.commands.options import Command, config_option, house_options
from evcc_flask.options import DEFAULT_PORT, Options
from evcc_flask.version import VERSION

if TYPE_CHECKING:
    from evcc_flask.commands.access import Access

REFUSED = {
    ("-i", "--interval"): "the interval is set in evcc.yaml ('interval: 10s') or by EVCC_INTERVAL=10s.",
    ("--ignore-db",): "settings always come from the database; name another one with --database.",
    ("--template",): "write a device with 'type: custom' into evcc.yaml to try it out.",
    ("--template-type",): "write a device with 'type: custom' into evcc.yaml to try it out.",
}
"""Flags of evcc that make no sense here, and what to do instead."""
PASSED_OVER = ("--mcp", "--metrics", "--profile")
"""Switches of evcc for extras that are not there; starting without them does no harm."""


class DefaultsToRun(click.Group):
    """``evcc-flask -c evcc.yaml`` means ``evcc-flask run -c evcc.yaml``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        about = {"-h", "--help", "-v", "--version"}
        if not args or (args[0].startswith("-") and not about & set(args)):
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        named = [command.name or "" for command in COMMANDS if not command.hidden]
        return ["run", "check", "devices", *named, "database", "password", "apikey", "demo"]


@click.group(cls=DefaultsToRun, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, "-v", "--version", prog_name="evcc-flask")
def main() -> None:
    """Charges electric cars with the sun.

    Reads an evcc.yaml, drives wallboxes, meters and home batteries, and serves evcc's API and a page on port 7070.
    Without a command it acts like 'run'; evcc's own flags are taken.
    """


def port_option(command: Command) -> Command:
    """``--port N``, else evcc's variable."""
    return click.option(
        "--port",
        type=click.IntRange(1, 65535),
        metavar="N",
        envvar="EVCC_NETWORK_PORT",
        help=f"Port of the web side; overrules the config ({DEFAULT_PORT}).",
    )(command)


def refusing(command: Command) -> Command:
    """Answer evcc's other flags with a sentence instead of 'no such option'."""

    def refuse(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
        if value is not None:
            names = tuple(parameter.opts)
            raise click.UsageError(f"{names[-1]} is not taken: {REFUSED[names]}", ctx)

    for names in REFUSED:
        command = click.option(*names, hidden=True, expose_value=False, callback=refuse)(command)
    for name in PASSED_OVER:
        command = click.option(name, is_flag=True, hidden=True, expose_value=False)(command)
    return command


@main.command(short_help="Run a house, in the foreground.")
@config_option
@click.option("--database", type=click.Path(path_type=Path), metavar="FILE", help="SQLite file; overrules the config.")
@click.option("-l", "--log", metavar="LEVELS", help="Log levels, like 'info' or 'info,site:debug,lp-1:trace'.")
@port_option
@click.option("--observe", is_flag=True, help="Read, decide and explain, but write nothing to any device.")
@click.option("--disable-auth", is_flag=True, help="Ask for no password anywhere. Only for a network you trust.")
@click.option("--demo", is_flag=True, help="Run the demo house instead of yours.")
@click.option("--custom-css", type=click.Path(path_type=Path), metavar="FILE", help="A style sheet for the page.")
@refusing
def run(
    config: Path | None,
    database: Path | None,
    log: str | None,
    port: int | None,
    observe: bool,
    disable_auth: bool,
    demo: bool,
    custom_css: Path | None,
) -> None:
    """Run a house, in the foreground; SIGTERM or Ctrl-C ends it in order.

    Plain values of the config can be overruled by the environment, as with evcc: EVCC_NETWORK_PORT,
    EVCC_DATABASE_DSN, EVCC_LOG, EVCC_INTERVAL, EVCC_SITE_TITLE and so on. A file evcc-flask.yaml beside the
    config holds what evcc does not know (phase order, observe …).
    """
    _check_log(log)
    if demo:
        _demo(port or DEFAULT_PORT, 1.0, database, locked=True)
        return
    from evcc_flask.commands.run import PortInUse
    from evcc_flask.commands.run import run as run_server

    options = Options(
        config=config,
        database=database,
        log=log,
        disable_auth=disable_auth,
        custom_css=custom_css,
        observe=observe,
        port=port,
    )
    try:
        run_server(options, os.environ)
    except (FileNotFoundError, PortInUse) as error:
        raise click.ClickException(str(error)) from None


@main.command(short_help="Validate the config, read each device once.")
@config_option
@click.option("--offline", is_flag=True, help="Validate only: no device is asked.")
def check(config: Path | None, offline: bool) -> None:
    """Validate the config and read each device once; writes nothing.

    Prints what each device says, with units, its link, what a cycle costs in milliseconds, and what a wallbox
    does when it hears nothing. Ends with exit code 1 when something is wrong, and says what and where.
    """
    from evcc_flask.commands.check import check as check_house
    from evcc_flask.commands.check import check_offline

    sys.exit((check_offline if offline else check_house)(config, os.environ, click.echo))


@main.command(short_help="List the known devices, or tell all about one.")
@click.argument("name", required=False)
def devices(name: str | None) -> None:
    """List the known devices; with a NAME, all about one of them: parameters, fail-safe, proof."""
    from evcc_flask.commands.devices import describe, overview

    try:
        click.echo(describe(name) if name else overview())
    except LookupError as error:
        raise click.ClickException(str(error.args[0])) from None


@contextmanager
def _access(config: Path | None, database: Path | None, *, begins: bool = False) -> Iterator["Access"]:
    from evcc_flask.commands.access import Refused, access
    from evcc_flask.storage.problem import StorageProblem

    try:
        with access(config, database, os.environ, begins=begins) as found:
            yield found
    except (Refused, StorageProblem, FileNotFoundError) as error:
        raise click.ClickException(str(error)) from None


@main.group(short_help="Move in from evcc.")
def database() -> None:
    """The database of the house: settings, sessions, the journal of changes."""


@database.command("import", short_help="Take over sessions, settings and devices from evcc's own database.")
@click.argument("evccs", metavar="EVCC_DB", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--database", "ours", type=click.Path(path_type=Path), metavar="FILE", help="Ours; else one beside evcc's."
)
@click.option(
    "-c",
    "--config",
    "target",
    type=click.Path(path_type=Path),
    metavar="FILE",
    default=Path("evcc.yaml"),
    show_default=True,
    help="Where the house is written to that evcc's web page had configured.",
)
def import_evcc(evccs: Path, ours: Path | None, target: Path) -> None:
    """Take over sessions, settings and the password from EVCC_DB, evcc's own database, which is only read.

    What evcc's web page configured is written as a commented evcc.yaml. What cannot be taken over is listed. What was
    set here already stays, and nothing is doubled when it is done again.
    """
    from evcc_flask.commands.database import import_evcc as move_in

    sys.exit(move_in(evccs, ours, target, click.echo))


@main.group(short_help="Set or reset the owner's password.")
def password() -> None:
    """Set or reset the owner's password; a running server follows within two seconds."""


@password.command("set")
@house_options
def set_password(config: Path | None, database: Path | None) -> None:
    """Ask for a new password, or read it as one line from a pipe. All sessions end."""
    if sys.stdin.isatty():
        word = click.prompt("New password", hide_input=True, confirmation_prompt=True)
    else:
        word = sys.stdin.readline().rstrip("\r\n")
    with _access(config, database, begins=True) as house:
        house.set_password(word)
        click.echo(f"The password is set in {house.path}. All sessions have ended.")


@password.command("reset")
@house_options
def reset_password(config: Path | None, database: Path | None) -> None:
    """Forget the password. All sessions end, and whoever opens the page next may set a new one."""
    with _access(config, database) as house:
        house.reset_password()
        click.echo(f"No password is set in {house.path} any more. Set a new one soon: the first to open the page can.")


@main.group(short_help="Keys for scripts and widgets.")
def apikey() -> None:
    """Keys for scripts and widgets, sent as 'Authorization: Bearer evcc_…'; a running server follows within 2 s."""


@apikey.command("add")
@click.argument("name")
@click.option("--read-only", is_flag=True, help="The key may read everything and change nothing.")
@house_options
def add_key(name: str, read_only: bool, config: Path | None, database: Path | None) -> None:
    """Make a key and print it, this once."""
    with _access(config, database, begins=True) as house:
        click.echo(house.add_key(name, reading=read_only))


@apikey.command("list")
@house_options
def list_keys(config: Path | None, database: Path | None) -> None:
    """List names, rights and ages; the keys themselves are not kept."""
    with _access(config, database) as house:
        click.echo(house.key_table())


@apikey.command("revoke")
@click.argument("name")
@house_options
def revoke_key(name: str, config: Path | None, database: Path | None) -> None:
    """End a key."""
    with _access(config, database) as house:
        house.revoke_key(name)
        click.echo(f"The key {name!r} opens nothing any more.")


@main.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), default=DEFAULT_PORT, show_default=True, help="Port of the page."
)
@click.option("--speed", type=float, default=1.0, show_default=True, help="60: a day passes in 24 minutes.")
def demo(port: int | None, speed: float) -> None:
    """Run the demo house: simulated sun, meters, battery, wallboxes and cars behind real wires.

    It is always the same sunny June morning. Its evcc.yaml lies in .demo/ and may be changed.
    """
    _demo(port or DEFAULT_PORT, speed, None, locked=False)


for each in COMMANDS:
    main.add_command(each)


def _demo(port: int, speed: float, database: Path | None, *, locked: bool) -> None:
    from evcc_flask.simulation.demo import main as run_demo

    sys.exit(run_demo(port=port, speed=speed, database=database, locked=locked))


def _check_log(text: str | None) -> None:
    if text is None:
        return
    from evcc_flask.config.sections import parse_log

    try:
        parse_log(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--log") from None


if __name__ == "__main__":
    main()
