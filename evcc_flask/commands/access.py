"""``evcc-flask password`` and ``evcc-flask apikey``: who may come in, decided at the machine itself.

They work beside a running server, which follows within two seconds.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from evcc_flask.clock import SystemClock
from evcc_flask.config.load import load
from evcc_flask.security import apikeys, passwords
from evcc_flask.security.apikeys import BadName, Right
from evcc_flask.security.ledger import API_KEYS, KEY, PASSWORD, SESSIONS, Ledger
from evcc_flask.security.passwords import BadPassword
from evcc_flask.storage.database import Database
from evcc_flask.storage.place import house_file, usual_file

from .table import columns

Changed = TypeVar("Changed")


class Refused(Exception):
    """Nothing was changed; the text says why."""


class Access:
    """The rows of the house's database that decide who may come in."""

    def __init__(self, ledger: Ledger, path: Path, clock: SystemClock) -> None:
        self.path = path
        self._ledger = ledger
        self._clock = clock

    def set_password(self, password: str) -> None:
        """All sessions end. Raises Refused."""
        try:
            kept = passwords.kept(passwords.checked(password))
        except BadPassword as problem:
            raise Refused(str(problem)) from None
        self._write({PASSWORD: kept, SESSIONS: {}})

    def reset_password(self) -> None:
        """None is set any more; the page asks for a first one. All sessions end. Raises Refused."""
        self._write({PASSWORD: None, KEY: None, SESSIONS: {}})

    def add_key(self, name: str, *, reading: bool) -> str:
        """The new key; it is told this once. Raises Refused."""
        right = Right.READ if reading else Right.FULL
        key, rows = _or_refused(lambda: apikeys.added(self._keys(), name, right, self._clock.now()))
        self._write({API_KEYS: rows})
        return key

    def revoke_key(self, name: str) -> None:
        """Raises Refused."""
        rows = _or_refused(lambda: apikeys.revoked(self._keys(), name))
        self._write({API_KEYS: rows})

    def key_table(self) -> str:
        """All keys, without what they are made of."""
        rows = apikeys.listed(self._keys())
        return columns(("NAME", "MAY", "SINCE"), rows) if rows else "There are no API keys."

    def _keys(self) -> object:
        return self._ledger.rows().get(API_KEYS)

    def _write(self, values: Mapping[str, object]) -> None:
        error = self._ledger.write(values)
        if error is not None:
            raise Refused(
                f"{self.path}: cannot be written ({error}). Is the disk full, or does another program hold it?"
            )


@contextmanager
def access(
    config: Path | None, database: Path | None, environ: Mapping[str, str], *, begins: bool = False
) -> Iterator[Access]:
    """The house's own rows, found as ``run`` finds them. Raises Refused, StorageProblem, FileNotFoundError.

    ``begins``: where there is no file yet, one is made, as the first ``run`` would; but not where ``database`` names
    it, which then is mistyped.
    """
    path, _ = house_file(database or usual_file(load(config, environ).database))
    if not path.exists() and (database or not begins):
        raise Refused(f"{path} is not there. Name the house's file with --database, or start the server once.")
    clock = SystemClock()
    opened = Database.open(path, clock, mend=False)
    try:
        yield Access(Ledger(opened, clock), path, clock)
    finally:
        opened.close()


def _or_refused(change: Callable[[], Changed]) -> Changed:
    try:
        return change()
    except BadName as problem:
        raise Refused(str(problem)) from None
