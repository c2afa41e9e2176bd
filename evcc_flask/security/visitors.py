"""Where a request comes from: by which name we were called, from whose page, through which proxy.

A web page that the owner visits can make his browser call us. The browser then names the page (``Origin``), unless the
page's own name was made to point here (DNS rebinding): hence the look at ``Host``.
"""

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.0/8", "::1/128")
SUFFIXES = (".local", ".lan", ".home.arpa", ".internal", ".fritz.box", ".localhost")
"""Names that no stranger can register."""

_HOST = re.compile(r"(?:\[([0-9a-f:.]+(?:%[\w.~-]+)?)\]|([\w.-]+))(?::(\d{1,5}))?", re.IGNORECASE | re.ASCII)
_PORTS = {"http": "80", "https": "443"}


@dataclass(frozen=True, slots=True)
class DoorRules:
    """What the owner has written down. ``hosts``: further names of ours, ``*.example.org`` or ``*``; ``origins``: pages
    that may call us; ``proxies``: networks whose X-Forwarded headers are believed; ``writes``: only after a login;
    ``ingress``: the address of Home Assistant's gateway, '' where there is none."""

    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    proxies: tuple[str, ...] = LOOPBACK
    writes: bool = False
    ingress: str = ""


class Names:
    """The names under which we may be called."""

    def __init__(self, listed: tuple[str, ...]) -> None:
        names = {name.lower().rstrip(".") for name in map(_name_of, listed) if name}
        self._any = "*" in names
        self._exact = frozenset(names)
        self._below = tuple(name[1:] for name in names if name.startswith("*."))
        # A house is called by two or three names; the state is fetched thousands of times.
        self.known = lru_cache(maxsize=64)(self._known)

    def _known(self, header: str) -> bool:
        """Whether ``header``, a Host header, names us."""
        parsed = host_of(header)
        if parsed is None:
            return False
        name = parsed[0]
        return (
            self._any
            or "." not in name
            or name in self._exact
            or name.endswith((*SUFFIXES, *self._below))
            or _is_address(name)
        )


class Pages:
    """The web pages that may call us from a browser."""

    def __init__(self, listed: tuple[str, ...]) -> None:
        self._listed = frozenset(spelled(origin) for origin in listed)

    def listed(self, origin: str) -> bool:
        return "*" in self._listed or spelled(origin) in self._listed

    def foreign(self, origin: str | None, host: str, site: str | None = None) -> bool:
        """Whether a browser says that the page is neither ours nor listed. ``site``: Sec-Fetch-Site."""
        if site in ("same-origin", "none"):
            return False
        if origin is None:
            # Without an origin a browser leaves us only what it did not think worth one.
            return site is not None
        return not (_is_ours(origin, host) or self.listed(origin))

    def embedding(self) -> str:
        """Who may show us in a frame, as a policy's frame-ancestors."""
        return " ".join(("'self'", *sorted(self._listed)))


class Proxies:
    """Whose word on the true address counts."""

    def __init__(self, networks: tuple[str, ...]) -> None:
        self._networks = [ipaddress.ip_network(network, strict=False) for network in networks]
        self.trusted = lru_cache(maxsize=64)(self._trusted)

    def _trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
            parsed = parsed.ipv4_mapped
        return any(parsed in network for network in self._networks)


def host_of(header: str) -> tuple[str, str] | None:
    """Name (lower case, without brackets or a last dot) and port ('' where none) of a Host header, or None."""
    match = _HOST.fullmatch(header)
    if match is None:
        return None
    return (match[1] or match[2]).lower().rstrip("."), match[3] or ""


def spelled(origin: str) -> str:
    """As a browser writes it: lower case, no slash at the end, no usual port."""
    text = origin.lower().rstrip("/")
    scheme, _, rest = text.partition("://")
    return text.removesuffix(f":{_PORTS[scheme]}") if rest and scheme in _PORTS else text


def _is_ours(origin: str, host: str) -> bool:
    scheme, _, rest = origin.lower().partition("://")
    theirs, ours = host_of(rest), host_of(host)
    if theirs is None or ours is None or scheme not in _PORTS:
        return False
    return theirs[0] == ours[0] and (theirs[1] or _PORTS[scheme]) == (ours[1] or _PORTS[scheme])


def _name_of(listed: str) -> str:
    """A listed name may be written as an address of a page."""
    return (urlsplit(listed).hostname or "") if "://" in listed else listed


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True
