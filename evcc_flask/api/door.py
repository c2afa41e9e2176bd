"""What stands before every handler: names, sizes, foreign pages, and who may do what. docs/security.rst tells why."""

import io
import json
import logging
import re
from collections.abc import Iterable
from typing import Any

from flask import Flask, Response, current_app, request
from gunicorn.http.errors import ChunkMissingTerminator, NoMoreData
from werkzeug.middleware.proxy_fix import ProxyFix

from evcc_flask.security.apikeys import PREFIX, Right
from evcc_flask.security.gate import Gate, Mode
from evcc_flask.security.visitors import DoorRules, Names, Pages, Proxies

from .context import Context
from .errors import error
from .fast import HARDENED, JSON, StartResponse, Wsgi

LARGEST_BODY = 1 << 20
"""Bytes; no operation takes as much."""
GATE = "evcc-flask-gate"
COOKIE = "auth"
BELOW = "evcc-flask.below"
"""Key in a request's environment: the path of a proxy below which the browser sees us."""

OWNERS = {
    *("get_system_logs", "get_log_areas", "reload_system", "shutdown_system"),
    *("get_api_keys", "add_api_key", "revoke_api_key"),
}
"""Handlers of operations that only the owner may use, as in evcc."""
FOR_ALL = {"login", "logout", "change_password"}
"""Writes that need no login even where all others do."""

UNFRAMED = [(name, f"{value}; frame-ancestors 'none'" if "src" in value else value) for name, value in HARDENED]
"""What is refused at the door is shown in nobody's frame."""
READS = ("GET", "HEAD", "OPTIONS")
LOCKED = "Forbidden in demo mode"

log = logging.getLogger("auth")


def register(app: Flask, context: Context) -> None:
    """Before and after each request, and the gate that ``gate()`` finds."""
    facts = context.state.view.facts
    mode = Mode.LOCKED if facts.demo else Mode.DISABLED if facts.auth_disabled else Mode.ENABLED
    if mode is Mode.DISABLED:
        log.warning("AUTH IS DISABLED: everybody in the network may read the log, change everything and end the server")
    app.extensions[GATE] = Gate(context.database, context.clock, mode)
    manners = _Manners(context.rules)
    app.before_request(manners.admit)
    app.after_request(manners.mark)
    behind: Any = Forwarded(app.wsgi_app, context.rules.proxies, context.rules.ingress)
    app.wsgi_app = behind  # type: ignore[method-assign]


def gate() -> Gate:
    """The gate of the running app."""
    found: Gate = current_app.extensions[GATE]
    return found


def bearer() -> str | None:
    """The word of an Authorization header with the scheme Bearer."""
    scheme, _, word = request.headers.get("Authorization", "").partition(" ")
    return word.strip() if scheme.lower() == "bearer" else None


def cookie() -> str | None:
    """The visitor's session. Another program of this machine may have a cookie of that name: one that opens counts."""
    words = request.cookies.getlist(COOKIE)
    opening = (word for word in words if gate().right(word, None) > Right.NONE)
    return next(opening, words[0] if words else None)


def cookie_path() -> str:
    """Which requests of the browser the session is for: below Home Assistant's name live other programs, too."""
    below = request.environ.get(BELOW, "").rstrip("/")
    return below if re.fullmatch(r"(/[\w.~-]+)+", below, re.ASCII) else "/"


def reads_log() -> bool:
    """Whether the visitor may hear warnings as they come: as with evcc anybody, until there is a password."""
    keeper = gate()
    return not keeper.password_set or keeper.right(cookie(), bearer()) >= Right.READ


def text(status: int, sentence: str) -> Response:
    """A refusal as evcc words it: plain."""
    return Response(sentence, status, content_type="text/plain; charset=utf-8")


class Door:
    """WSGI, the outermost: refuses strange names and large bodies before anything is read or parsed.

    A body is read here, whole, within the time that the server gives it to arrive.
    """

    def __init__(self, app: Wsgi, rules: DoorRules) -> None:
        self._app = app
        self._known = Names(rules.hosts).known
        self._ingress = rules.ingress

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST")
        if host and not self._known(host) and not by_ingress(environ, self._ingress):
            sentence = (
                f"{host[:100]} is not known as a name of this server. If it is one, list it in evcc-flask.yaml under "
                "api.hosts, or set network.externalUrl in evcc.yaml."
            )
            return _refused(environ, start_response, "421 Misdirected Request", sentence)
        length = environ.get("CONTENT_LENGTH") or "0"
        expected = int(length[:20]) if length.isdigit() else 0
        chunked = environ.pop("HTTP_TRANSFER_ENCODING", None) is not None
        if (chunked or expected) and expected <= LARGEST_BODY:
            taken = _taken(environ["wsgi.input"], LARGEST_BODY + 1 if chunked else expected)
            if taken is None or len(taken) < expected:
                return _refused(environ, start_response, "408 Request Timeout", "the body did not arrive as announced")
            environ["wsgi.input"], expected = io.BytesIO(taken), len(taken)
            environ["CONTENT_LENGTH"] = str(expected)
        if expected > LARGEST_BODY:
            sentence = f"the body is larger than {LARGEST_BODY} bytes"
            return _refused(environ, start_response, "413 Request Entity Too Large", sentence)
        return self._app(environ, start_response)


def plain(address: str) -> str:
    """``::ffff:127.0.0.1`` is 127.0.0.1 on a socket that hears both."""
    return address[7:] if address.lower().startswith("::ffff:") and "." in address else address


def by_ingress(environ: dict[str, Any], ingress: str) -> bool:
    """Whether Home Assistant's gateway calls: it has let in nobody but who is logged in there, by whatever name."""
    return bool(ingress) and plain(environ.get("REMOTE_ADDR") or "") == ingress


def _taken(body: Any, most: int) -> bytes | None:
    """What came of the body; None where a chunked one broke off."""
    try:
        return bytes(body.read(most))
    except NoMoreData:
        return None
    except ChunkMissingTerminator as error:
        if error.term:
            raise  # the server answers what is malformed
        return None


class Forwarded:
    """WSGI: the true address and scheme, where a proxy that is trusted tells them; behind an ingress the path, too."""

    def __init__(self, app: Wsgi, proxies: tuple[str, ...], ingress: str = "") -> None:
        self._app = app
        self._ingress = ingress
        # Behind Home Assistant itself and its Supervisor, each of which adds an address.
        self._inside = ProxyFix(app, x_for=2, x_proto=1, x_host=0)  # type: ignore[arg-type]
        # Not the host: a page that rebinds its name could name any in a header of its own.
        self._corrected = ProxyFix(app, x_for=1, x_proto=1, x_host=0)  # type: ignore[arg-type]
        self._trusted = Proxies(proxies).trusted

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if by_ingress(environ, self._ingress):
            environ[BELOW] = environ.get("HTTP_X_INGRESS_PATH", "")
            return self._inside(environ, start_response)  # type: ignore[arg-type]
        forwarded = "HTTP_X_FORWARDED_FOR" in environ or "HTTP_X_FORWARDED_PROTO" in environ
        # Who has no address came through our own socket in the file system, as a proxy on this machine does.
        peer = plain(environ.get("REMOTE_ADDR") or "127.0.0.1")
        if environ.get("REMOTE_ADDR"):
            environ["REMOTE_ADDR"] = peer
        if forwarded and self._trusted(peer):
            told = environ.get("HTTP_X_FORWARDED_FOR", "")
            environ["HTTP_X_FORWARDED_FOR"] = ",".join(plain(address.strip()) for address in told.split(","))
            return self._corrected(environ, start_response)  # type: ignore[arg-type]
        return self._app(environ, start_response)


class _Manners:
    """What a request must bring along, and what each answer says to the browser."""

    def __init__(self, rules: DoorRules) -> None:
        self._pages = Pages(rules.origins)
        self._writes = rules.writes
        self._frames = f"frame-ancestors {self._pages.embedding()}"

    def admit(self) -> Response | None:
        """None, or why not."""
        if request.method == "OPTIONS":
            return self._asked_before()
        if request.method not in READS:
            return self._foreign_write() or self._without_right()
        origin = request.headers.get("Origin")
        if origin is not None and self._foreign() and gate().password_set:
            return error(403, _not_listed(origin))
        return self._without_right()

    def mark(self, response: Response) -> Response:
        """Headers for browsers."""
        headers = response.headers
        for name, value in HARDENED:
            headers.setdefault(name, value)
        policy = headers["Content-Security-Policy"]
        if "frame-ancestors" not in policy:
            headers["Content-Security-Policy"] = f"{policy}; {self._frames}"
        if "Origin" in request.headers:
            self._share(response)
        return response

    def _share(self, response: Response) -> None:
        """Which pages may read the answer: as evcc all, until there is a password; then the listed ones."""
        origin = request.headers["Origin"]
        response.vary.add("Origin")
        if self._pages.listed(origin):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Credentials"] = "true"
        elif request.method in READS and response.status_code != 403 and not gate().password_set:
            response.headers["Access-Control-Allow-Origin"] = "*"

    def _asked_before(self) -> Response | None:
        """A browser asks what a page of another origin may send."""
        origin, method = request.headers.get("Origin"), request.headers.get("Access-Control-Request-Method")
        if origin is None or method is None:
            return None
        listed = self._pages.listed(origin)
        if not listed and (method not in READS or gate().password_set):
            return error(403, _not_listed(origin))
        response = Response(status=204)
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, PATCH, DELETE" if listed else "GET"
        response.headers["Access-Control-Allow-Headers"] = "Content-Type, Authorization" if listed else "Content-Type"
        return response

    def _foreign(self) -> bool:
        headers = request.headers
        return self._pages.foreign(headers.get("Origin"), headers.get("Host", ""), headers.get("Sec-Fetch-Site"))

    def _foreign_write(self) -> Response | None:
        if not self._foreign():
            return None
        return error(403, _not_listed(request.headers.get("Origin", "another page")))

    def _without_right(self) -> Response | None:
        name = (request.endpoint or "").rpartition(".")[2]
        writes, owners = request.method not in READS, name in OWNERS
        word = bearer()
        key = gate().key(word)
        if writes and key and key[1] is Right.READ:
            return error(403, f"the API key {key[0]!r} may only read; 'evcc-flask apikey add' makes one for everything")
        # Who shows a key wants it to count: one that was revoked is no visitor without a key.
        revoked = writes and key is None and (word or "").startswith(PREFIX) and gate().mode is Mode.ENABLED
        if not owners and not (writes and (self._writes or revoked) and name not in FOR_ALL):
            return None
        if gate().mode is Mode.LOCKED:
            return text(403, LOCKED)
        needed = Right.FULL if writes else Right.READ
        return None if gate().right(cookie(), word) >= needed else text(401, "Unauthorized")


def _refused(environ: dict[str, Any], start_response: StartResponse, status: str, sentence: str) -> Iterable[bytes]:
    body = json.dumps({"error": sentence}).encode() + b"\n"
    start_response(status, [("Content-Type", JSON), ("Content-Length", str(len(body))), *UNFRAMED])
    return () if environ["REQUEST_METHOD"] == "HEAD" else (body,)


def _not_listed(origin: str) -> str:
    return f"{origin[:100]} may not do this from a browser. If it shall, list it in evcc-flask.yaml under api.origins."
