"""Starts the house in a container of Home Assistant's Supervisor: its options, its broker and its backups become ours.

Run by the Python of the environment in which evcc-flask is installed. ``run.py backup`` makes the copy that goes into
Home Assistant's own backup.
"""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from evcc_flask.config.load import load

SUPERVISOR = "http://supervisor"
EVCCS = ("evcc.db", "evcc.yaml")
FIRST = """\
# The house. docs/configuration.rst explains each part; a file of evcc works as it is.
#
# site:
#   title: Home
#   meters:
#     grid: grid
# meters:
#   - {name: grid, type: template, template: shelly-3em, usage: grid, host: 192.168.1.20}
# chargers:
#   - {name: box, type: template, template: go-e, host: 192.168.1.21}
# loadpoints:
#   - {title: Carport, charger: box}
"""

Say = Callable[[str], None]


class Addon:
    """``top``: the folder below which the Supervisor has mounted /data and /config; / but for tests."""

    def __init__(self, environ: Mapping[str, str], top: Path = Path("/"), say: Say = print) -> None:
        self._environ = dict(environ)
        self._top = top
        self._say = say
        self.data = top / "data"
        self.database = self.data / "evcc-flask.db"
        self.copy = self.data / "house.tar.gz"
        self.options = json.loads((self.data / "options.json").read_text("utf-8"))
        self.config = self._at(self.options["config_file"])

    def prepare(self) -> tuple[list[str], dict[str, str]]:
        """The command that runs the house, and its environment; before it, what a first start needs is done."""
        if not self.database.exists() and self.copy.exists():
            self._evcc_flask("restore", self.copy, "-c", self.config, "--database", self.database)
        if not self.config.exists():
            self.config.parent.mkdir(parents=True, exist_ok=True)
            self.config.write_text(FIRST, "utf-8")
            self._say(f"wrote {self.config}: describe the house in it, then start the add-on again")
        self._move_in()
        command = ["evcc-flask", "run", "-c", str(self.config), "--database", str(self.database)]
        command += ["--port", "7070", "--log", self.options.get("log") or "info"]
        return command, {**self._environ, **self._broker()}

    def backup(self) -> int:
        """Replace the copy of the house by one of now."""
        fresh = self.copy.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        done = self._evcc_flask("backup", fresh, "-c", self.config, "--database", self.database)
        if done == 0:
            fresh.replace(self.copy)
        return done

    def _move_in(self) -> None:
        """Take over evcc's database, once, where the owner has named it; offer it where it lies about."""
        mark, named = self.data / "moved-in", self.options.get("evcc_database")
        if not named:
            if not mark.exists():
                self._offer()
            return
        if mark.exists() and mark.read_text("utf-8") == named:
            return
        if self.config.read_text("utf-8") == FIRST:
            self.config.unlink()  # evcc's own web page may have configured the house
        target = self.config if not self.config.exists() else self.config.with_name("evcc-imported.yaml")
        if self._evcc_flask("database", "import", self._at(named), "--database", self.database, "-c", target) == 0:
            mark.write_text(named, "utf-8")
        if not self.config.exists():
            self.config.write_text(FIRST, "utf-8")

    def _offer(self) -> None:
        for file in self._evccs():
            inside = f"/{file.relative_to(self._top)}"
            if file.suffix == ".db":
                self._say(f"evcc's database is there. To move in, set the option evcc_database to {inside}")
            elif self.config.read_text("utf-8") == FIRST:
                self._say(f"evcc's configuration is there. To use it, copy {inside} to {self.config}")

    def _evccs(self) -> Iterator[Path]:
        """Files of evcc's add-on. Ours lie in a folder that ends differently."""
        folders = sorted(self._top.glob("addon_configs/*_evcc"))
        return (
            file for folder in (*folders, self._top / "config") for name in EVCCS if self._there(file := folder / name)
        )

    def _there(self, file: Path) -> bool:
        return file.is_file() and file != self.config

    def _broker(self) -> dict[str, str]:
        """The Supervisor's broker, where the file names none, as variables that overrule the file."""
        mqtt = load(self.config, self._environ).kept.get("mqtt")
        if mqtt and mqtt.get("broker"):
            return {}
        found = self._asked("/services/mqtt")
        if not {"host", "port"} <= set(found):
            return {}
        scheme = "tls" if found.get("ssl") else "mqtt"
        self._say(f"uses Home Assistant's broker {found['host']}:{found['port']}")
        told = {"BROKER": f"{scheme}://{found['host']}:{found['port']}"}
        told |= {"USER": found.get("username"), "PASSWORD": found.get("password")}
        return {f"EVCC_MQTT_{name}": value for name, value in told.items() if value}

    def _asked(self, path: str) -> dict[str, str]:
        """What the Supervisor says; nothing, where it offers no such service."""
        token = self._environ.get("SUPERVISOR_TOKEN")
        if not token:
            return {}
        address = self._environ.get("SUPERVISOR_API", SUPERVISOR) + path
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.loads(answer.read()).get("data") or {}
        except (OSError, ValueError):
            return {}

    def _evcc_flask(self, *words: object) -> int:
        return subprocess.run(["evcc-flask", *map(str, words)], env=self._environ).returncode

    def _at(self, path: str) -> Path:
        return self._top / path.lstrip("/")


def main() -> None:
    addon = Addon(os.environ, say=lambda sentence: print(sentence, flush=True))
    if sys.argv[1:] == ["backup"]:
        sys.exit(addon.backup())
    command, environ = addon.prepare()
    os.execvpe(command[0], command, environ)


if __name__ == "__main__":
    main()
