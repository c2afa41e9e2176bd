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

TELLING = 4
"""So many characters of the beginning of a secret are hidden where a text was cut."""
CUT = "…"

_ENDINGS = (
    r"password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|client[_-]?key|credential|"
    r"authorization|session[_-]?id"
)
"""Telling at the end of any key: sponsortoken, clientSecret."""
_WHOLE = r"pin|puk|pw|pwd|cookie|signature"
"""Telling as a word of its own only: no spin."""
_KEY = re.compile(rf"(?:{_ENDINGS})s?$|(?:^|[_.\-\s])(?:{_WHOLE})$|^private$", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<=://)[^\s\"'<>]*[^\s\"'<>.,:;!?)\]}]")
_USERINFO = re.compile(r"^[^/?#]+(?=@)")
_AFTER = re.compile(
    rf"(?<=[/?&;])(?:[A-Za-z_-]*(?:{_ENDINGS}|key)s?|{_WHOLE}|pass|user|username)[/=]([^/?#&;=]+)", re.IGNORECASE
)
"""In an address what follows such a word: a part of the path, or a value of the query."""
_PART = re.compile(r"(?<=[/=])([A-Za-z0-9_~+-]{8,})(?=[/?#&;]|$)")
_WORD = r"(?:[A-Za-z]+\d{0,2}|\d+)"
_PLAIN = re.compile(rf"{_WORD}(?:[_~+-]+{_WORD})*[_~+-]*", re.ASCII)
"""Words, a number behind them or not (inverter1, EVSE1_Power), numbers and dates: names of things, and no keys."""
_SERVICE = re.compile(r"\b(?!https?:|wss?:|tcp:|tls:|ssl:|mqtts?:)[a-z][a-z0-9+.-]*://([^\s\"'<>]+)", re.IGNORECASE)
"""An address of a service that takes messages: the key may be any part of it."""
_LONG = 16
"""Characters of what is a key however plain it looks, where a telling word stands before it."""
_HELD = re.compile(r"^(?:uri|url|host|broker|.*[a-z](?:Uri|Url))$", re.IGNORECASE)
"""Keys of addresses that need no ``://``."""
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
_COOKIE = re.compile(r"(?<![\w/.-])((?:Set-)?Cookie['\"]?\s*:\s*)[^\r\n]+", re.IGNORECASE)
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
            if CUT in text:
                *cut, end = text.split(CUT)
                text = CUT.join((*map(self._without_beginning, cut), end))
        if "://" in text:
            text = _ADDRESS.sub(_masked_address, text)
        text = _HEADER.sub(rf"\1{MASK}", text)
        text = _COOKIE.sub(rf"\1{MASK}", text)
        text = _SCHEME.sub(rf"\1 {MASK}", text)
        text = _JWT.sub(MASK, text)
        return _PAIR.sub(_masked, text)

    def _without_beginning(self, text: str) -> str:
        """What somebody else said is often cut, in the middle of a secret, too."""
        said = text.rstrip("'\"")
        lengths = (n for secret in self._secrets for n in range(TELLING, len(secret)) if said.endswith(secret[:n]))
        length = max(lengths, default=0)
        return said[:-length] + MASK + text[len(said) :] if length else text

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


def _masked_address(match: re.Match[str]) -> str:
    address = _USERINFO.sub(MASK, match[0])
    for secret in sorted(_of_address(address), key=len, reverse=True):
        address = re.sub(rf"(?<=[/=]){re.escape(secret)}(?=[/?#&;]|$)", MASK, address)
    return address


def _of_address(address: str) -> set[str]:
    """What looks like a key in the path and the query of an address without its scheme, and what is said to be one."""
    looks = {part for part in _PART.findall(address) if not _PLAIN.fullmatch(part)}
    return (looks | set(_AFTER.findall(address))) - {MASK}


def _secrets(value: Any, key: str = "") -> set[str]:
    if isinstance(value, Mapping):
        return {secret for name, item in value.items() for secret in _secrets(item, str(name))}
    if isinstance(value, (list, tuple)):
        return {secret for item in value for secret in _secrets(item, key)}
    if value is None or isinstance(value, bool):
        return set()
    if telling(key):
        return {str(value)}
    return _told(value, key) if isinstance(value, str) else set()


def _told(text: str, key: str) -> set[str]:
    """What gives itself away inside an address, a body or a script: it must not leave without its name, either."""
    found = {(match["value"] or match["yaml"]).strip("\"'") for match in _PAIR.finditer(text)}
    addresses = _ADDRESS.findall(text) or ([text] if _HELD.match(key) else [])
    for address in addresses:
        user, at, _ = address.partition("/")[0].rpartition("@")
        found |= {user.partition(":")[2] or user} if at else set()
        found |= {word for word in _of_address(address) if len(word) >= _LONG or not _PLAIN.fullmatch(word)}
    for address in _SERVICE.findall(text):
        parts = (part for part in re.split(r"[/:@?#&=]", address) if len(part) >= 8)
        found |= {part for part in parts if not _PLAIN.fullmatch(part.replace(".", "_"))}
    return {each for each in found if not each.startswith("${")}
