"""Where messages go: evcc's forms of services, delivered by apprise, or written by a plugin of one's own."""

import csv
import io
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from evcc_flask.bus.needs import ReadError
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.plugins.fields import Flag, Loose, Many, Text, Tree
from evcc_flask.plugins.problems import Problems, load
from evcc_flask.plugins.registry import build_sink
from evcc_flask.plugins.shop import Shop

SHORTEST = 4
"""Shorter parts of an address stand in too many honest texts."""


class Undelivered(Exception):
    """A service did not take a message; the text says why, as far as it told."""


class Service(Protocol):
    """``name`` is for people."""

    name: str

    def send(self, title: str, text: str) -> None:
        """May take as long as a network takes. Raises Undelivered."""
        ...


class Pushover(Loose):
    app = Text(required=True)
    recipients = Many(Text(), required=True)
    devices = Many(Text(), load_default=[])


class Telegram(Loose):
    token = Text(required=True)
    chats = Many(Text(), required=True)


class Address(Loose):
    uri = Text(required=True)


class Ntfy(Loose):
    uri = Text(required=True)
    priority = Text(load_default="")
    tags = Text(load_default="")
    authtoken = Text(load_default="")


class HomeAssistant(Loose):
    uri = Text(required=True)
    token = Text(required=True)
    insecure = Flag(load_default=False)


class Custom(Loose):
    send = Tree(required=True)
    encoding = Text(load_default="")


def service(node: Mapping[str, Any], shop: Shop) -> Service:
    """The service that ``node`` describes. Raises Misconfigured, or a group of them."""
    settings = dict(node)
    kind = str(settings.pop("type", "")).lower()
    if kind == "custom":
        return _custom(load(Custom(), settings), shop)
    if kind not in FORMS:
        known = ", ".join((*FORMS, "custom"))
        raise Misconfigured(f"{kind!r} is no service" if kind else "is missing", ("type",), f"Known: {known}.")
    schema, addresses = FORMS[kind]
    return Apprised(kind, addresses(load(schema(), settings)))


def addressed(url: str) -> Service:
    """A service by an address of apprise. Raises Misconfigured."""
    return Apprised(url.partition(":")[0], [url])


class Apprised:
    """One service, by its addresses."""

    def __init__(self, name: str, urls: list[str]) -> None:
        """Raises Misconfigured."""
        try:
            # Imported on the first use: a house without messages needs none of it.
            import apprise
        except ImportError:
            remedy = "Install it: pip install 'evcc-flask[integrations]'."
            raise Misconfigured("needs the package apprise, which is not installed", ("type",), remedy) from None

        self.name = name
        OVERHEARD.learn(urls)
        self._to = apprise.Apprise(asset=apprise.AppriseAsset(app_id="evcc-flask", app_desc="evcc-flask"))
        for url in urls:
            if not self._to.add(url):
                scheme = url.partition(":")[0]
                raise Misconfigured(
                    f"the address {scheme}://… means no service", ("uri",), "apprise's documentation lists all of them."
                )

    def send(self, title: str, text: str) -> None:
        OVERHEARD.last = ""
        if not self._to.notify(body=text or title, title=title):
            raise Undelivered(OVERHEARD.last or "did not take the message")


class _Overheard(logging.Filter):
    """What apprise says reaches nobody but us, for it holds whole addresses; we tell it without their parts."""

    def __init__(self) -> None:
        super().__init__()
        self._secrets: set[str] = set()
        self.last = ""

    def learn(self, urls: list[str]) -> None:
        """Of addresses, every part may be a secret."""
        for url in map(urlsplit, urls):
            pieces = (
                url.username,
                url.password,
                url.netloc,
                *url.path.split("/"),
                *parse_qs(url.query).get("auth", ()),
            )
            self._secrets |= {text for piece in pieces if piece for text in (piece, unquote(piece))}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.WARNING:
            said = record.getMessage()
            for secret in sorted(self._secrets, key=len, reverse=True):
                said = said.replace(secret, "***") if len(secret) >= SHORTEST else said
            self.last = said.rstrip(".")
        return False


OVERHEARD = _Overheard()
logging.getLogger("apprise").addFilter(OVERHEARD)


class Written:
    """A plugin that is given each message."""

    name = "custom"

    def __init__(self, shop: Shop, node: Mapping[str, Any], encode: Callable[[str, str], str]) -> None:
        self._sink = build_sink(node, "send", shop)
        self._calls = shop.calls()
        self._encode = encode

    def send(self, title: str, text: str) -> None:
        """On the worker of the plugin's link; waits for it, as others do for their network."""
        link = self._sink.link() or self._calls
        try:
            link.do(lambda _: self._sink.write(self._encode(title, text)))
        except ReadError as problem:
            raise Undelivered(str(problem)) from None


def _custom(settings: dict[str, Any], shop: Shop) -> Service:
    encoding = settings["encoding"].lower()
    problems = Problems()
    if encoding not in ENCODINGS:
        known = ", ".join(filter(None, ENCODINGS))
        problems.found.append(Misconfigured(f"{encoding!r} is no encoding", ("encoding",), f"Known: {known}."))
    made = problems.build(lambda: Written(shop, settings["send"], ENCODINGS.get(encoding, _plain)), "send")
    problems.end()
    assert made is not None
    return made


def _plain(title: str, text: str) -> str:
    return text


def _separated(by: str) -> Callable[[str, str], str]:
    def encode(title: str, text: str) -> str:
        line = io.StringIO()
        csv.writer(line, delimiter=by, lineterminator="").writerow((title, text))
        return line.getvalue()

    return encode


ENCODINGS: Mapping[str, Callable[[str, str], str]] = {
    "": _plain,
    "json": lambda title, text: json.dumps({"title": title, "msg": text}, ensure_ascii=False),
    "csv": _separated(","),
    "tsv": _separated("\t"),
    "title": lambda title, text: title,
}


def _pushover(given: dict[str, Any]) -> list[str]:
    devices = "/".join(_part(each) for each in given["devices"])
    return [f"pover://{_part(user)}@{_part(given['app'])}/{devices}" for user in given["recipients"]]


def _telegram(given: dict[str, Any]) -> list[str]:
    return [f"tgram://{given['token']}/{'/'.join(_part(chat) for chat in given['chats'])}/"]


def _ntfy(given: dict[str, Any]) -> list[str]:
    """``https://ntfy.sh/topic,other``, with user and password where the server wants them."""
    url = urlsplit(given["uri"] if "://" in given["uri"] else f"https://{given['uri']}")
    secure = url.scheme in ("https", "ntfys") or (url.scheme == "ntfy" and url.netloc.endswith("ntfy.sh"))
    # Releases of apprise differ in the name.
    more = {"priority": given["priority"], "tags": given["tags"], "xtags": given["tags"]}
    more = {key: value for key, value in more.items() if value}
    where, token = url.netloc, given["authtoken"]
    if token:
        where, more = f"{_part(token)}@{url.netloc.rpartition('@')[2]}", more | {"auth": "token"}
    topics = "/".join(_part(topic) for topic in url.path.strip("/").split(",") if topic)
    if not topics:
        raise Misconfigured("names no topic", ("uri",), "Write it like https://ntfy.sh/my-topic.")
    return [f"{'ntfys' if secure else 'ntfy'}://{where}/{topics}?{urlencode({'mode': 'private', **more})}"]


def _home_assistant(given: dict[str, Any]) -> list[str]:
    url = urlsplit(given["uri"] if "://" in given["uri"] else f"http://{given['uri']}")
    port = url.port or (443 if url.scheme == "https" else 8123)
    scheme, verify = ("hassios" if url.scheme == "https" else "hassio"), "no" if given["insecure"] else "yes"
    return [f"{scheme}://{url.hostname}:{port}/{_part(given['token'])}?verify={verify}"]


def _address(given: dict[str, Any]) -> list[str]:
    """An address of evcc's own way of sending, as apprise spells it; one of apprise's is taken as it is."""
    url = urlsplit(given["uri"])
    query = {key.lower(): ",".join(found) for key, found in parse_qs(url.query).items()}
    user, password, host = url.username or "", url.password or "", url.hostname or ""
    match url.scheme:
        case "smtp":
            return [_mail(url.port or 25, host, unquote(user), unquote(password), query)]
        case "telegram":
            chats = query.get("chats") or query.get("channels", "")
            return [f"tgram://{user}{':' + password if password else ''}/{'/'.join(map(_part, chats.split(',')))}/"]
        case "pushover":
            users, token = host, password or user
            return [f"pover://{users}@{token}/{query.get('devices', '').replace(',', '/')}"]
        case "discord" if url.username:
            return [f"discord://{host}/{user}"]
        case "gotify" if query.get("disabletls", "").lower() != "yes":
            return [f"gotifys://{url.netloc}{url.path}"]
        case "ntfy" if not query:
            return _ntfy({"uri": given["uri"], "priority": "", "tags": "", "authtoken": ""})
    return [given["uri"]]


def _mail(port: int, host: str, user: str, password: str, query: Mapping[str, str]) -> str:
    sender = query.get("fromaddress") or query.get("from") or user
    to = query.get("toaddresses") or query.get("to") or sender
    encryption = query.get("encryption", "auto").lower()
    plain = encryption == "none" or (encryption == "auto" and query.get("usestarttls", "").lower() in ("no", "false"))
    mode = "insecure" if plain else "ssl" if encryption == "implicittls" or port == 465 else "starttls"
    more = {"from": sender, "to": to, "smtp": host, "mode": mode, "format": "text"}
    if query.get("fromname"):
        more["name"] = query["fromname"]
    login = f"{_part(user)}:{_part(password)}@" if user else ""
    return f"{'mailto' if plain else 'mailtos'}://{login}{host}:{port}?{urlencode(more)}"


def _part(text: str) -> str:
    return quote(text, safe="")


FORMS: Mapping[str, tuple[type[Loose], Callable[[dict[str, Any]], list[str]]]] = {
    "pushover": (Pushover, _pushover),
    "telegram": (Telegram, _telegram),
    "email": (Address, _address),
    "shout": (Address, _address),
    "ntfy": (Ntfy, _ntfy),
    "homeassistant": (HomeAssistant, _home_assistant),
}
"""evcc's kinds, their settings, and the addresses that apprise knows them by."""
