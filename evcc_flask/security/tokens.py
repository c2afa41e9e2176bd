"""What a browser shows at its next visit: the number of a session and its end, signed."""

import hashlib
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer

LASTS_S = 90 * 24 * 3600
SALT = "evcc-flask session"


@dataclass(frozen=True, slots=True)
class Token:
    """``expires``: seconds since 1970."""

    number: str
    expires: int


def signed(key: str, token: Token) -> str:
    return str(_serializer(key).dumps({"sub": "admin", "id": token.number, "exp": token.expires}))


def read(key: str, text: str) -> Token | None:
    """None for what we did not sign, and for what has no end."""
    try:
        claims = _serializer(key).loads(text)
    except BadData:
        return None
    if not isinstance(claims, dict):
        return None
    number, expires = claims.get("id"), claims.get("exp")
    if not isinstance(number, str) or type(expires) is not int:
        return None
    return Token(number, expires)


def _serializer(key: str) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt=SALT, signer_kwargs={"digest_method": hashlib.sha256})
