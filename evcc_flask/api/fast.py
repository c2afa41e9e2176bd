"""``GET /api/state`` at the speed of its bytes: they were made once per change, so Flask has nothing to add to them.

A thin layer in front of Flask answers the plain request, and the filter that was asked before; anything else goes on
to the app, whose own handler for the state uses the same answers.
"""

import gzip
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

from evcc_flask.control.state import Published, SharedState
from evcc_flask.jq.lookup import looked_up
from evcc_flask.jq.pool import Pool

from .envelope import ENVELOPE, WRAPPED, packed_bytes

Headers = list[tuple[str, str]]
Answer = tuple[str, Headers, bytes]
StartResponse = Callable[[str, Headers], Any]
Wsgi = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

JSON = "application/json; charset=UTF-8"
HARDENED: Headers = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'"),
]
"""What every answer tells a browser, unless it says something of its own."""
_FILTERED: Headers = [("Vary", "Origin"), ("Cache-Control", "no-cache"), *HARDENED]


class Prepared:
    """The possible answers for one published state; the compressed one is made when somebody takes it."""

    def __init__(self, published: Published, envelope: str) -> None:
        self.published = published
        self._wrapped = envelope == WRAPPED
        self._body = published.body if self._wrapped else packed_bytes(published.body, published.bare, envelope)
        # Weak, because both encodings share it.
        self._shared = [
            ("ETag", f"W/{published.etag}"),
            ("Vary", "Accept-Encoding, Origin"),
            ("Cache-Control", "no-cache"),
            *HARDENED,
        ]
        self.plain: Answer = self._answer(self._body)
        self.unchanged: Answer = ("304 Not Modified", self._shared, b"")

    @cached_property
    def gzipped(self) -> Answer:
        body = self.published.gzipped if self._wrapped else gzip.compress(self._body, 1, mtime=0)
        return self._answer(body, ("Content-Encoding", "gzip"))

    def _answer(self, body: bytes, *headers: tuple[str, str]) -> Answer:
        length = ("Content-Length", str(len(body)))
        return ("200 OK", [("Content-Type", JSON), length, *headers, *self._shared], body)


class StateBytes:
    """The answers for the state that is published now."""

    def __init__(self, state: SharedState, envelope: str, filters: Pool) -> None:
        self._state = state
        self._envelope = envelope
        self._filters = filters
        self._prepared: dict[str, Prepared] = {}

    def answer(self, environ: dict[str, Any]) -> Answer:
        """Status, headers and body by what the client accepts and has already."""
        envelope, published = environ.get(ENVELOPE, self._envelope), self._state.published
        prepared = self._prepared.get(envelope)
        if prepared is None or prepared.published is not published:
            # Two threads may do this at once; both come to the same.
            prepared = self._prepared[envelope] = Prepared(published, envelope)
        known = environ.get("HTTP_IF_NONE_MATCH")
        if known and (published.etag in known or known == "*"):
            return prepared.unchanged
        if _takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
            return prepared.gzipped
        return prepared.plain

    def known(self, query: str) -> Answer | None:
        """The answer to a query whose filter names a place, or was asked before of the state that is published now."""
        # Other characters would have to be decoded as Flask does.
        text = parse_qs(query).get("jq", [""])[0].strip() if query.isascii() else ""
        published = self._state.published
        body = (looked_up(text, published.state) or self._filters.known(text, published.etag)) if text else None
        if body is None:
            return None
        length = ("Content-Length", str(len(body) + 1))
        return ("200 OK", [("Content-Type", JSON), length, *_FILTERED], body + b"\n")


class FastState:
    """WSGI: the state by itself, everything else by ``app``."""

    def __init__(self, app: Wsgi, answers: StateBytes) -> None:
        self._app = app
        self._answers = answers

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/api/state" or environ["REQUEST_METHOD"] != "GET":
            return self._app(environ, start_response)
        # A body is not read, and a page elsewhere may have to be refused.
        if environ.get("CONTENT_LENGTH", "0") not in ("", "0") or "HTTP_ORIGIN" in environ:
            return self._app(environ, start_response)
        query = environ.get("QUERY_STRING")
        answer = self._answers.known(query) if query else self._answers.answer(environ)
        if answer is None:
            return self._app(environ, start_response)
        status, headers, body = answer
        start_response(status, headers)
        return (body,)


def _takes_gzip(accepted: str) -> bool:
    for part in accepted.split(","):
        coding, _, quality = part.partition(";")
        if coding.strip() == "gzip":
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
