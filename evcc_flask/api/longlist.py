"""Long answers in pieces: a hundred thousand sessions need no more memory than a few hundred."""

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from flask import Response

from evcc_flask.storage import streams

from .errors import error
from .fast import JSON

PIECE = 200
"""Lines, or entries of a list, that go out together. A shorter answer is sent whole, with its length."""

REMEMBERED = 20
"""Short answers; months, mostly."""


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


class Short:
    """Short answers that were made before, as long as nothing was written since (``mark``)."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[int, bytes]] = {}

    def answer(self, what: Hashable, mark: int, make: Callable[[], Response]) -> Response:
        """What ``make`` would give; ``mark`` was read before."""
        known = self._kept.get(what)
        if known is not None and known[0] == mark:
            return Response(known[1], content_type=JSON)
        response = make()
        if response.status_code == 200 and not response.is_streamed:
            if len(self._kept) >= REMEMBERED:
                self._kept.clear()
            self._kept[what] = mark, response.get_data()
        return response


def _pieces(lines: Iterable[bytes]) -> Iterator[bytes]:
    rest = iter(lines)
    while piece := b"".join(islice(rest, PIECE)):
        yield piece
