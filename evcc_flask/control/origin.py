"""Who is asking: known where a request or a message comes in, needed where a setting is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from evcc_flask.domain.changes import Origin, Who

_NOBODY = Origin(Who.PROGRAM)
_ASKING: ContextVar[Origin] = ContextVar("origin", default=_NOBODY)


def asking() -> Origin:
    """The origin of what this thread is doing now."""
    return _ASKING.get()


def ask_as(origin: Origin) -> None:
    """From now on this thread acts for ``origin``."""
    _ASKING.set(origin)


@contextmanager
def asked_by(origin: Origin) -> Iterator[None]:
    """The same, within a block."""
    token = _ASKING.set(origin)
    try:
        yield
    finally:
        _ASKING.reset(token)
