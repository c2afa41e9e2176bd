"""Which password is allowed, how it is kept, and whether a word is the one: scrypt, and bcrypt taken over from evcc."""

import threading
from typing import Any

import bcrypt
from werkzeug.security import check_password_hash, generate_password_hash

LONGEST = 72
"""Bytes of UTF-8. bcrypt hears no more, so a longer one could be shortened without anybody noticing."""
METHOD = "scrypt"
"""werkzeug's name for it; its figures are werkzeug's, too."""
_FROM_EVCC = ("$2a$", "$2b$", "$2y$")
# One check takes 32 MiB and a good part of a second on a small machine: never two at once.
_one_at_a_time = threading.Lock()


class BadPassword(ValueError):
    """No password at all; the text says why."""


def checked(password: Any) -> str:
    """``password`` as it is. Raises BadPassword where it is no text, empty or too long."""
    if not isinstance(password, str):
        raise BadPassword("password must be a text")
    if not password:
        raise BadPassword("password cannot be empty")
    try:
        length = len(password.encode())
    except UnicodeEncodeError:
        raise BadPassword("password must be a text of whole characters") from None
    if length > LONGEST:
        raise BadPassword(f"password is too long: {length} bytes, at most {LONGEST}")
    return password


def kept(password: str) -> str:
    """What is stored instead of the password."""
    with _one_at_a_time:
        return generate_password_hash(password, METHOD)


def matches(stored: str, password: str) -> bool:
    """Whether ``stored`` was made of ``password``; as slow for a wrong one as for the right one."""
    with _one_at_a_time:
        if not is_from_evcc(stored):
            return check_password_hash(stored, password)
        try:
            return bcrypt.checkpw(password.encode(), stored.encode())
        except ValueError:  # no hash after all, or a zero byte in the password
            return False


def is_from_evcc(stored: str) -> bool:
    """Whether evcc made this hash; it is made anew when the password is next seen."""
    return stored.startswith(_FROM_EVCC)
