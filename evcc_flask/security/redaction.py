"""Takes secrets out of whatever leaves the program: log lines, states, error texts, dumps of a configuration.

Three nets, one mechanism: values below a telling key, telling patterns inside a text (a password in an address, an
Authorization header, ``token=…``), and the very secrets of this house, learned from its configuration.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

MASK = "***"
SHORTEST = 6
"""Shorter secrets are hidden by key and pattern only: "1234" stands in too many honest texts."""

_ENDINGS = (
    r"password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|client[_-]?key|credential|"
    r"authorization|session[_-]?id"
)
"""Telling at the end of any key: sponsortoken, clientSecret."""
_WHOLE = r"pin|puk|pw|pwd|cookie|signature"
"""Telling as a word of its own only: no spin."""
_KEY = re.compile(rf"(?:{_ENDINGS})s?$|(?:^|[_.\-\s])(?:{_WHOLE})$|^private$", re.IGNORECASE)
_USERINFO = re.compile(r"(?<=://)[^/\s@\"'<>]+(?=@)")
_HEADER = re.compile(
    r"\b((?:Proxy-)?Authorization['\"]?\s*[:=]\s*['\"]?)(?:(Basic|Bearer|Digest|Token)\s+)?[^\s,'\"}]+", re.I
)
_SCHEME = re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9+/._~=-]{8,}", re.IGNORECASE)
_NAME = rf"(?<![A-Za-z])(?:(?:[A-Za-z]+[_-]?)??(?:{_ENDINGS})s?|{_WHOLE})[\"']?"
_QUOTED = r"\"[^\"]*\"|'[^']*'"
_BARE = r"[^\s&,;\"'}\])]+"
_PAIR = re.compile(
    # After "key: " a bare word counts only where nothing but an end follows; else it is a sentence about the key.
    rf"(?P<head>{_NAME}(?:\s*=\s*|:))(?P<value>{_QUOTED}|{_BARE})"
    rf"|(?P<key>{_NAME}\s*:\s+)(?P<yaml>{_QUOTED}|{_BARE}(?=\s*(?:$|[,;}}\])])))",
    re.IGNORECASE | re.MULTILINE,
)
_SEGMENT = re.compile(r"(?<=/)[A-Za-z0-9_-]{16,}(?=[/?#]|$)")
"""A part of a path as long as a key of Hue's or deCONZ' is one if it has letters and digits."""
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[A-Za-z]")
_COOKIE = re.compile(r"\b((?:Set-)?Cookie['\"]?\s*:\s*)[^\r\n]+", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?|\bevcc_[A-Za-z0-9_-]{43}")
"""Sessions and API keys, evcc's and ours."""


class Redactor:
    """Knows the secrets of this process. Safe from any thread: what it knows is replaced whole, never changed."""

    def __init__(self) -> None:
        self._known: re.Pattern[str] | None = None
        self._secrets: frozenset[str] = frozenset()
        # Most texts of a state are those of the state before.
        self._cleaned = lru_cache(maxsize=1024)(self.text)

    def learn(self, tree: Any) -> None:
        """Take the values below telling keys, and passwords inside addresses, as secrets to look for from now on."""
        found = {secret for secret in _secrets(tree) if len(secret) >= SHORTEST}
        self._secrets |= found | {quote(secret, safe="") for secret in found}
        longest_first = sorted(self._secrets, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        self._cleaned.cache_clear()

    def text(self, text: str) -> str:
        """``text`` without secrets."""
        known = self._known
        if known is not None:
            text = known.sub(MASK, text)
        if "://" in text:
            text = _USERINFO.sub(MASK, text)
        text = _HEADER.sub(rf"\1{MASK}", text)
        text = _COOKIE.sub(rf"\1{MASK}", text)
        text = _SCHEME.sub(rf"\1 {MASK}", text)
        text = _JWT.sub(MASK, text)
        return _PAIR.sub(_masked, text)

    def structure(self, value: Any, key: str = "") -> Any:
        """The same maps and lists with secrets masked; a secret that is empty stays visible as such."""
        if isinstance(value, Mapping):
            return {name: self.structure(item, str(name)) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.structure(item, key) for item in value]
        if telling(key) and value not in (None, "", False, True):
            return MASK
        return self._cleaned(value) if isinstance(value, str) else value


@lru_cache(maxsize=1024)
def telling(key: str) -> bool:
    """Whether what stands below this key is a secret."""
    return bool(_KEY.search(key))


REDACTOR = Redactor()
"""The one of this process; the wiring teaches it the configuration."""


def _masked(match: re.Match[str]) -> str:
    value = match["value"] or match["yaml"]
    fence = value[0] if value[0] in "\"'" else ""
    return f"{match['head'] or match['key']}{fence}{MASK}{fence}"


def _secrets(value: Any, key: str = "") -> set[str]:
    if isinstance(value, Mapping):
        return {secret for name, item in value.items() for secret in _secrets(item, str(name))}
    if isinstance(value, (list, tuple)):
        return {secret for item in value for secret in _secrets(item, key)}
    if value is None or isinstance(value, bool):
        return set()
    if telling(key):
        return {str(value)}
    return _told(value) if isinstance(value, str) else set()


def _told(text: str) -> set[str]:
    """What gives itself away inside an address, a body or a script: it must not leave without its name, either."""
    found = {(match["value"] or match["yaml"]).strip("\"'") for match in _PAIR.finditer(text)}
    if "://" in text:
        found |= {info.partition(":")[2] for info in _USERINFO.findall(text)}
        found |= {word for word in _SEGMENT.findall(text) if _DIGIT.search(word) and _LETTER.search(word)}
    return {each for each in found if not each.startswith("${")}
