"""``evcc-flask update``: another version is installed, started and asked; where it does not answer, the former is back.

What an installation is and how it is laid out is deploy/install.sh's matter: the one of the new version is run.
"""

import http.client
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evcc_flask.clock import SystemClock
from evcc_flask.storage.setback import Setback, forget, note

from .backup import Place, backup, restore

PATIENCE_S = 90.0
"""A new version gets so long to answer; a slow Raspberry Pi starts in 10 s, and may have a database to change."""
KEPT = 2
"""Versions and backups that stay."""

Say = Callable[[str], None]


class UpdateFailed(Exception):
    """The sentence why; the former version runs again."""


@dataclass(frozen=True, slots=True)
class Installation:
    """An installed house. ``control``: runs ``systemctl`` with words; ``port``: where the server answers."""

    place: Place
    port: int
    control: Callable[..., bool]
    opt: Path = Path("/opt/evcc-flask")
    units: Path = Path("/etc/systemd/system")
    patience_s: float = PATIENCE_S

    @property
    def backups(self) -> Path:
        return self.place.database.with_name("backups")

    def version(self) -> str:
        """Where the link to the version in use points to. Raises UpdateFailed where nothing is installed."""
        try:
            return str((self.opt / "venv").readlink())
        except OSError:
            raise UpdateFailed(f"{self.opt}/venv is not there: run deploy/install.sh of the new version") from None

    def health(self) -> int | None:
        """The status of ``/api/health``: 200 where charging is under control; None: no answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/api/health")
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def answers(self, *, well: bool) -> bool:
        """Wait for an answer; ``well``: for one that says that charging is under control."""
        clock = SystemClock()
        until_s = clock.wire_s() + self.patience_s
        while clock.wire_s() < until_s:
            status = self.health()
            if status == 200 or (status is not None and not well):
                return True
            threading.Event().wait(0.5)
        return False


def update(source: Path, installation: Installation, say: Say) -> None:
    """Install what lies in ``source``, a folder or an archive of the sources. Raises UpdateFailed, StorageProblem."""
    former, well = installation.version(), installation.health() == 200
    installation.backups.mkdir(mode=0o700, exist_ok=True)
    kept = backup(installation.place, installation.backups, say)
    forget(installation.place.database)  # the new version starts with a clean page; going back notes it anew
    with _unpacked(source) as folder, tempfile.TemporaryDirectory() as units:
        for unit in installation.units.glob("evcc-flask*.service"):
            shutil.copy2(unit, units)
        problem = _installed(folder, installation, former, well=well)
        if problem:
            say(f"{problem}; going back")
            _back(former, kept, Path(units), installation, say, problem)
            raise UpdateFailed(f"{problem}. The former version ({Path(former).name}) is installed again.")
    _tidy(installation, former)
    say(f"{Path(installation.version()).name} answers; {Path(former).name} stays beside it.")


def _installed(folder: Path, installation: Installation, former: str, *, well: bool) -> str:
    """Why the new version is not at work, or ''."""
    script = folder / "deploy" / "install.sh"
    if not script.is_file():
        return f"{script} is not there: name a folder or an archive with the sources"
    if subprocess.run(["bash", script]).returncode != 0:
        # The installer starts what it has put in place, and fails where that does not start.
        return "the installation failed" if installation.version() == former else "the new version did not start"
    if not installation.answers(well=well):
        return f"the new version did not answer within {installation.patience_s:g} s"
    return ""


def _back(former: str, kept: Path, units: Path, installation: Installation, say: Say, problem: str) -> None:
    installation.control("stop", "evcc-flask")
    link = installation.opt / "venv.new"
    link.unlink(missing_ok=True)
    link.symlink_to(former)
    link.replace(installation.opt / "venv")
    for unit in units.iterdir():
        shutil.copy2(unit, installation.units)
    restore(kept, installation.place, lambda _: None)
    at = SystemClock().now().isoformat(timespec="seconds")
    note(installation.place.database, Setback(at, problem, Path(former).name))
    installation.control("daemon-reload")
    installation.control("start", "evcc-flask")
    if not installation.answers(well=False):
        say("The former version does not answer either; look at journalctl -u evcc-flask.")


def _tidy(installation: Installation, former: str) -> None:
    """Of the versions this one and the former stay, of the backups the newest ones."""
    inside = {Path(former).name, Path(installation.version()).name}
    for folder in (installation.opt / "versions").iterdir():
        if folder.name not in inside:
            shutil.rmtree(folder)
    for file in sorted(installation.backups.glob("evcc-flask-*.tar.gz"))[:-KEPT]:
        file.unlink()


@contextmanager
def _unpacked(source: Path) -> Iterator[Path]:
    """The folder with the sources."""
    if source.is_dir():
        yield source
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            shutil.unpack_archive(source, folder)
        except (OSError, ValueError, EOFError, shutil.ReadError) as error:
            raise UpdateFailed(f"{source} cannot be unpacked: {error}") from None
        inside = list(Path(folder).iterdir())
        yield inside[0] if len(inside) == 1 else Path(folder)


def systemctl(*words: str) -> bool:
    """Whether systemd did it; where another one is in charge, nothing is done."""
    if not Path("/run/systemd/system").is_dir():
        return False
    return subprocess.run(["systemctl", *words]).returncode == 0
