"""The demo's folder: an evcc.yaml that its reader may change, and what must be fresh or gone around it."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from evcc_flask.port import is_free

WRITTEN = "written.json"
"""What we wrote last: the check sum of evcc.yaml, and the ports that it names."""


INVERTER_PORT, GOE_PORT, MARKET_PORT = 7071, 7072, 7073
"""Where the house's servers listen, unless somebody else does."""


class DemoRefused(Exception):
    """The demo cannot start; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the inverter (Modbus TCP), the go-e and the exchange (HTTP) listen, on 127.0.0.1."""

    inverter: int = INVERTER_PORT
    goe: int = GOE_PORT
    market: int = MARKET_PORT


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """Paths inside ``path``, which is absolute."""

    path: Path

    @property
    def config(self) -> Path:
        return self.path / "evcc.yaml"

    @property
    def line(self) -> Path:
        return self.path / "rs485"

    @property
    def database(self) -> Path:
        return self.path / "evcc-flask.db"

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else demonstrates here meanwhile. Leaves no file. Raises DemoRefused."""
        self.path.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_RDONLY)
        try:
            self._lock(handle)
            yield
        finally:
            os.close(handle)

    def prepare(self, port: int, title: str) -> Ports:
        """Write evcc.yaml, unless its reader did; returns the ports of the house's servers. Raises DemoRefused."""
        written, last = self._last()
        if self.config.exists() and _sum(self.config.read_bytes()) != written:
            return self._kept(last)
        ports = Ports(_free(INVERTER_PORT), _free(GOE_PORT), _free(MARKET_PORT))
        template = Template((files(__package__) / "demo.yaml").read_text("utf-8"))
        text = template.substitute(asdict(ports), port=port, title=title, line=self.line).encode()
        self.config.write_bytes(text)
        (self.path / WRITTEN).write_text(json.dumps({"sum": _sum(text), **asdict(ports)}), "utf-8")
        return ports

    def forget(self) -> None:
        """Remove the database of the last demo, with what belongs to it."""
        for leftover in self.path.glob(f"{self.database.name}*"):
            leftover.unlink(missing_ok=True)

    def unlock(self) -> None:
        """Remove the locks of processes that have ended."""
        for lock in self.path.glob("*.lock"):
            lock.unlink(missing_ok=True)

    def _lock(self, handle: int) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoRefused(f"another demo runs in {self.path}; end it first") from None

    def _kept(self, ports: Ports) -> Ports:
        for port in (ports.inverter, ports.goe, ports.market):
            if _free(port) != port:
                raise DemoRefused(
                    f"port {port}, which your {self.config} names, is in use; end what uses it, or delete that file"
                )
        return ports

    def _last(self) -> tuple[str, Ports]:
        """Check sum and ports of what was written last; no sum where nothing was."""
        try:
            written = json.loads((self.path / WRITTEN).read_text("utf-8"))
            ports = (int(written[name]) for name in ("inverter", "goe", "market"))
            return str(written["sum"]), Ports(*ports)
        except (OSError, ValueError, KeyError, TypeError):
            return "", Ports()


def demo_folder(wanted: Path | None) -> tuple[DemoFolder, bool]:
    """The folder to use, and whether it is to vanish afterwards: ``.demo`` here, or a passing one where none can be."""
    place = (wanted or Path.cwd() / ".demo").absolute()
    if wanted or os.access(place if place.exists() else place.parent, os.W_OK):
        return DemoFolder(place), False
    return DemoFolder(Path(tempfile.mkdtemp(prefix="evcc-flask-demo-"))), True


def remove(folder: DemoFolder) -> None:
    """Take a passing folder away."""
    shutil.rmtree(folder.path, ignore_errors=True)


def _free(wanted: int) -> int:
    if is_free(wanted, "127.0.0.1"):
        return wanted
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _sum(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
