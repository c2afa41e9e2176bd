"""Who is the owner: password, sessions, API keys, and the brake, over the rows of the database."""

import secrets
import threading
from dataclasses import dataclass
from enum import Enum
from typing import Any

from . import apikeys, passwords, tokens
from .apikeys import Right
from .brake import Brake, Clock
from .ledger import API_KEYS, KEY, PASSWORD, SESSIONS, Keeper, Ledger

MOST_SESSIONS = 200
"""Beyond, the oldest one ends."""


class Mode(Enum):
    """ENABLED as usual; DISABLED: everybody may do everything; LOCKED: a demo, in which nobody logs in."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    LOCKED = "locked"


class WrongPassword(Exception):
    """Also where none is set."""


@dataclass(frozen=True, slots=True)
class Visit:
    """An opened session: ``text`` for the cookie, ``expires`` in seconds since 1970."""

    text: str
    expires: int


class Gate:
    """Safe from any thread; what it grants survives a restart."""

    def __init__(self, keeper: Keeper, clock: Clock, mode: Mode = Mode.ENABLED) -> None:
        self.mode = mode
        self._clock = clock
        self._ledger = Ledger(keeper, clock)
        # Held while rows are read, changed and written.
        self._changing = threading.Lock()
        self._brake = Brake(self._ledger.rows(), clock, self._ledger.write)

    @property
    def password_set(self) -> bool:
        return self._password(self._ledger.rows()) is not None

    def login(self, password: str, address: str) -> Visit:
        """Open a session. Raises WrongPassword, Braked."""
        stored = self._password(self._ledger.fresh())
        if stored is None:
            raise WrongPassword
        self._check(stored, password, address)
        anew = {PASSWORD: passwords.kept(password)} if passwords.is_from_evcc(stored) else {}
        with self._changing:
            rows = self._ledger.fresh()
            if self._password(rows) != stored:
                raise WrongPassword
            expires = int(self._clock.now().timestamp()) + tokens.LASTS_S
            number = secrets.token_urlsafe(16)
            open_ones = {**_sessions(rows), number: expires}
            for oldest in list(open_ones)[:-MOST_SESSIONS]:
                del open_ones[oldest]
            key = _key(rows) or secrets.token_hex(32)
            self._ledger.write({**anew, KEY: key, SESSIONS: open_ones})
        return Visit(tokens.signed(key, tokens.Token(number, expires)), expires)

    def logout(self, text: str | None) -> None:
        """End this session; what is none is passed over."""
        with self._changing:
            rows = self._ledger.fresh()
            token = self._token(rows, text)
            if token is not None:
                self._ledger.write({SESSIONS: {each: end for each, end in _sessions(rows).items() if each != token}})

    def change(self, current: Any, new: str, address: str, text: str | None) -> bool:
        """Set the password; all sessions but that of ``text`` end. True when it is the first one.

        Raises WrongPassword, Braked.
        """
        stored = self._password(self._ledger.fresh())
        if stored is not None:
            self._check(stored, passwords.checked(current), address)
        fresh = passwords.kept(new)
        with self._changing:
            rows = self._ledger.fresh()
            if self._password(rows) != stored:
                raise WrongPassword
            mine = self._token(rows, text)
            left = {each: end for each, end in _sessions(rows).items() if each == mine}
            self._ledger.write({PASSWORD: fresh, SESSIONS: left})
        return stored is None

    def right(self, cookie: str | None, bearer: str | None) -> Right:
        """What a visitor may do. ``bearer``: the word of the Authorization header, a session or an API key."""
        key = self.key(bearer)
        if key is not None:
            return key[1]
        if self.mode is Mode.DISABLED:
            return Right.FULL
        rows = self._ledger.rows()
        return Right.FULL if self._token(rows, cookie) or self._token(rows, bearer) else Right.NONE

    def key(self, bearer: str | None) -> tuple[str, Right] | None:
        """Name and right of an API key; None for any other word."""
        if not bearer or not bearer.startswith(apikeys.PREFIX):
            return None
        return apikeys.holder(self._ledger.rows().get(API_KEYS), bearer)

    def api_keys(self) -> list[tuple[str, str, str]]:
        """Name, right and time of making of each API key, by name."""
        return apikeys.listed(self._ledger.fresh().get(API_KEYS))

    def add_key(self, name: str, right: Right) -> str:
        """A new API key, told this once. Raises BadName."""
        with self._changing:
            rows = self._ledger.fresh()
            key, keys = apikeys.added(rows.get(API_KEYS), name, right, self._clock.now())
            self._ledger.write({API_KEYS: keys})
        return key

    def revoke_key(self, name: str) -> None:
        """From now on it opens nothing. Raises BadName."""
        with self._changing:
            self._ledger.write({API_KEYS: apikeys.revoked(self._ledger.fresh().get(API_KEYS), name)})

    def _check(self, stored: str, password: str, address: str) -> None:
        if not self._brake.checked(address, lambda: passwords.matches(stored, password)):
            raise WrongPassword

    def _token(self, rows: Any, text: str | None) -> str | None:
        """The number of the open session that ``text`` proves."""
        key = _key(rows)
        token = tokens.read(key, text) if key and text else None
        if token is None or token.expires <= self._clock.now().timestamp():
            return None
        return token.number if token.number in _sessions(rows) else None

    @staticmethod
    def _password(rows: Any) -> str | None:
        stored = rows.get(PASSWORD)
        return stored if isinstance(stored, str) and stored else None


def _key(rows: Any) -> str | None:
    key = rows.get(KEY)
    return key if isinstance(key, str) and len(key) >= 32 else None


def _sessions(rows: Any) -> dict[str, int]:
    stored = rows.get(SESSIONS)
    return stored if isinstance(stored, dict) else {}
