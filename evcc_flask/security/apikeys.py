"""Keys for scripts and widgets: shown once, kept as a digest, by name, for reading or for everything.

They are long and random, so that a plain digest hides them and guessing is no danger.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum
from typing import Any

PREFIX = "evcc_"
_NAME = re.compile(r"[\w.\- ]{1,40}")


class Right(IntEnum):
    """What somebody may do where not everybody may."""

    NONE = 0
    READ = 1
    FULL = 2


class BadName(ValueError):
    """The text says why."""


def added(rows: Any, name: str, right: Right, now: datetime) -> tuple[str, dict[str, Any]]:
    """A new key, and the rows with its digest. Raises BadName."""
    keys = _entries(rows)
    if not _NAME.fullmatch(name):
        raise BadName(f"{name!r} is no name for a key. Take up to 40 letters, digits, dots and dashes.")
    if name in keys:
        raise BadName(f"there is a key {name!r} already. Revoke it first, or take another name.")
    key = PREFIX + secrets.token_urlsafe(32)
    entry = {"hash": _digest(key), "right": right.name.lower(), "created": now.isoformat(timespec="seconds")}
    return key, {**keys, name: entry}


def revoked(rows: Any, name: str) -> dict[str, Any]:
    """The rows without that key. Raises BadName where there is none."""
    keys = _entries(rows)
    if name not in keys:
        known = ", ".join(sorted(keys)) or "none"
        raise BadName(f"there is no key {name!r}. Known are: {known}.")
    return {each: entry for each, entry in keys.items() if each != name}


def listed(rows: Any) -> list[tuple[str, str, str]]:
    """Name, right and time of making, by name."""
    return [
        (name, str(entry.get("right")), str(entry.get("created", ""))) for name, entry in sorted(_entries(rows).items())
    ]


def holder(rows: Any, key: str) -> tuple[str, Right] | None:
    """Whose key this is and what it allows; None for one that we do not know."""
    digest = _digest(key)
    found = None
    for name, entry in _entries(rows).items():
        if hmac.compare_digest(str(entry.get("hash")), digest):
            found = name, Right.FULL if entry.get("right") == "full" else Right.READ
    return found


def _entries(rows: Any) -> Mapping[str, dict[str, Any]]:
    if not isinstance(rows, dict):
        return {}
    return {name: entry for name, entry in rows.items() if isinstance(entry, dict)}


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()
