"""Long answers in pieces: a hundred thousand sessions need no more memory than a few hundred."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from flask import Response

from evcc_flask.storage import streams

from .errors import error

PIECE = 200
"""Lines, or entries of a list, that go out together. A shorter answer is sent whole, with its length."""


def listing(entries: Iterable[Mapping[str, Any]], *, bare: bool) -> Iterator[bytes]:
    """A JSON list, entry by entry, in the envelope or without."""
    before = b"[" if bare else b'{"result":['
    for entry in entries:
        yield before + json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode()
        before = b","
    yield (before if before != b"," else b"") + (b"]\n" if bare else b"]}\n")


def sent(lines: Iterable[bytes], content_type: str) -> Response:
    """The answer that consists of ``lines``; 503 while many long ones are on their way."""
    pieces = _pieces(lines)
    first = next(pieces, b"")
    second = next(pieces, None)
    if second is None:
        return Response(first, content_type=content_type)
    if not streams.admitted():
        refusal = error(503, "many long lists are being read; ask again in a moment")
        refusal.headers["Retry-After"] = "2"
        return refusal
    response = Response(chain((first, second), pieces), content_type=content_type)
    response.call_on_close(streams.ended)
    return response


def _pieces(lines: Iterable[bytes]) -> Iterator[bytes]:
    rest = iter(lines)
    while piece := b"".join(islice(rest, PIECE)):
        yield piece
