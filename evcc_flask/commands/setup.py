"""``evcc-flask setup``: a first configuration in dialogue. It guesses no fuse and writes to no device."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from evcc_flask.clock import SystemClock
from evcc_flask.config.load import load
from evcc_flask.construction import build_house
from evcc_flask.devices.library import find, rows
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.logs.setup import start_logs

from . import search
from .check import Result, check, read_all
from .housefile import Found, Plan

SHOWN = 6
PATIENCE_S = 60.0
"""All templates that a slave might fit are tried for so long together."""
EARLIER = ".before-setup"
SKIP = "skip"


class Setup:
    """One dialogue; ``environ`` is what the devices are built with."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._clock = SystemClock()

    def run(self, file: Path) -> int:
        """Ask, look around, write ``file``, and say what the house reads; 0 when all is well."""
        click.echo("Nothing is written to any device, and every answer can be changed in the file afterwards.\n")
        plan = Plan(
            title=click.prompt("Name of the house", default="Home"),
            fuse_a=click.prompt(
                "Main fuse, A per phase (it stands on it; ask the electrician)", type=click.FloatRange(6, 1000)
            ),
            phases=int(click.prompt("Phases of the house's connection", type=click.Choice(["1", "3"]))),
        )
        for port in self._ports():
            self._line(port, plan)
        self._network(plan)
        if not plan.meters and not plan.chargers:
            click.echo("\nNo device was chosen. The file will hold the house and its fuse; add devices and check it.")
        return self._written(file, plan)

    def _ports(self) -> list[str]:
        found = search.ports()
        click.echo(f"\nSerial ports: {', '.join(found) or 'none found'}")
        other = click.prompt("Another one, or Enter", default="", show_default=False).strip()
        return [*found, *([other] if other else [])]

    def _line(self, port: str, plan: Plan) -> None:
        click.echo(f"\n{port}: listening for {search.LISTEN_S:g} s …")
        slaves: list[search.Slave] = []
        try:
            if count := search.heard(port):
                click.echo(
                    f"{count} bytes were heard before we spoke. Another master uses this line; it is left alone."
                )
                return
            click.echo("It is silent. Asking what answers; reads only …")
            slaves.extend(search.present(port))  # what was found before it fails is kept
        except OSError as error:
            click.echo(f"It cannot be used{' any longer' * bool(slaves)}: {error}")
            if not slaves:
                return
        if not slaves:
            click.echo("Nothing answers. Are A and B exchanged, is the termination set, has the device power?")
        for slave in slaves:
            wire = {
                "modbus": "rs485serial",
                "device": port,
                "baudrate": slave.baudrate,
                "comset": slave.comset,
                "id": slave.id,
            }
            click.echo(
                f"\nSomething answers: id {slave.id} at {slave.baudrate} {slave.comset}. Trying what it may be …"
            )
            self._propose(search.candidates(slave), wire, plan)

    def _network(self, plan: Plan) -> None:
        click.echo(f"\nLooking for devices in the network for {search.LAN_S:g} s …")
        for each in search.neighbours():
            click.echo(f"\n{each.name} at {each.host}")
            kind = rows()[each.template]["kind"]
            self._propose([(kind, each.template)], {"host": each.host}, plan)
        while template := click.prompt(
            "\nAnother device: its template, or Enter", default="", show_default=False
        ).strip():
            kinds = [kind for kind in ("meter", "charger") if _known(kind, template)]
            if not kinds:
                click.echo(f"{template} is not known; 'evcc-flask devices' lists what is.")
                continue
            host = click.prompt("Its address in the network")
            modbus = _modbus(rows()[_known(kinds[0], template)].get("link") or {})
            self._propose([(kind, _known(kind, template)) for kind in kinds], {**modbus, "host": host}, plan)

    def _propose(self, candidates: list[tuple[str, str]], wire: Mapping[str, Any], plan: Plan) -> None:
        """Show what gives values, most of them first; the owner knows what hangs there."""
        tried = self._read(candidates, wire)
        answers = [each for each in tried if each.values]
        answers.sort(key=lambda each: -each.values.count(","))
        if not answers:
            said = next((error for each in tried for error in each.errors), "")
            click.echo(f"It is nothing that we know; 'evcc-flask devices' lists what is. {said}")
            return
        for number, answer in enumerate(answers[:SHOWN], 1):
            click.echo(f"  {number}  {answer.name:<24}{answer.values}")
        names = [answer.name for answer in answers]
        word = click.prompt("Which one is it (number, template, or 'skip')", default=SKIP)
        if word.isdigit() and 1 <= int(word) <= min(SHOWN, len(names)):
            word = names[int(word) - 1]
        if word not in names:
            return
        row = rows()[word]
        if row["kind"] == "charger":
            name = _unused(word, plan)
            plan.chargers.append(Found(name, word, row["title"], "", wire))
            plan.titles[name] = click.prompt("Name of its place", default=f"Carport {len(plan.chargers)}")
            return
        usages = [usage for usage in row.get("usages", ("grid",)) if usage != "grid" or not _has_grid(plan)]
        usage = click.prompt("What does it measure", type=click.Choice(usages))
        name = "grid" if usage == "grid" else _unused(usage, plan)
        plan.meters.append(Found(name, word, row["title"], usage, wire))

    def _read(self, candidates: list[tuple[str, str]], wire: Mapping[str, Any]) -> list[Result]:
        """What each template makes of the device; nothing is written."""
        import yaml

        devices: dict[str, list[dict[str, Any]]] = {"meter": [], "charger": []}
        for kind, template in candidates:
            usages = list(rows()[template].get("usages", ()))
            usage = {"usage": usages[0]} if usages else {}
            devices[kind].append({"name": template, "type": "template", "template": template, **usage, **wire})
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "evcc.yaml"
            file.write_text(yaml.safe_dump({"meters": devices["meter"], "chargers": devices["charger"]}), "utf-8")
            start_logs("fatal", {}, redact=str)
            built = build_house(load(file, self._environ), self._clock)
            try:
                return read_all(built, self._clock, PATIENCE_S)
            finally:
                built.tariffs.close()
                built.field.close()

    def _written(self, file: Path, plan: Plan) -> int:
        text = plan.text(self._clock.now())
        click.echo(f"\n{text}")
        if not click.confirm(f"Write this to {file}?", default=True):
            return 1
        if file.exists():
            earlier = file.with_name(file.name + EARLIER)
            earlier.write_bytes(file.read_bytes())
            earlier.chmod(0o640)
            click.echo(f"The former file is kept as {earlier}.")
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT, 0o640))
        file.write_text(text, "utf-8")
        click.echo("\nWhat the house reads now:")
        return check(file, self._environ, click.echo)


def _known(kind: str, template: str) -> str:
    try:
        return find(kind, template)[0]
    except Misconfigured:
        return ""


def _modbus(links: Mapping[str, Any]) -> dict[str, Any]:
    """How a device of Modbus is reached in the network; nothing for another one."""
    if not {"tcp", "rtu"} & links.keys():
        return {}
    usual = {"port": 502, "id": 1, **(links.get("rtu") or {}), **(links.get("tcp") or {})}
    way = "tcpip"
    if "tcp" not in links:
        click.echo("It speaks on a line: a gateway reaches it, by Modbus TCP (tcpip) or as it is (rs485tcpip).")
        way = click.prompt("What does the gateway speak", type=click.Choice(["tcpip", "rs485tcpip"]), default=way)
    port = click.prompt("Its port", type=click.IntRange(1, 65535), default=usual["port"])
    return {"modbus": way, "port": port, "id": click.prompt("Its id", type=click.IntRange(0, 255), default=usual["id"])}


def _has_grid(plan: Plan) -> bool:
    return any(meter.usage == "grid" for meter in plan.meters)


def _unused(word: str, plan: Plan) -> str:
    taken = {device.name for device in (*plan.meters, *plan.chargers)}
    names = (word, *(f"{word}{number}" for number in range(2, 100)))
    return next(name for name in names if name not in taken)
