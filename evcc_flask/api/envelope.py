"""How an answer is packed: ``{"result": X}`` as the contract says, bare X as newer clients expect, or both at once."""

from collections.abc import Iterable
from typing import Any

WRAPPED, BARE, BOTH = "wrapped", "bare", "both"
ENVELOPE = "evcc-flask.envelope"
"""Key in a request's environment: the packing that its path asks for."""
MOUNT = "/bare"
"""Below it is the same API once more, never packed, for clients that know the path only."""


def packed(answer: dict[str, Any], envelope: str) -> Any:
    """``answer``: ``{"result": X}``. Both: an object's keys stand beside ``result``; lists and scalars stay wrapped."""
    result = answer["result"]
    if envelope == BARE:
        return result
    if envelope == BOTH and isinstance(result, dict):
        return {**result, **answer}
    return answer


def packed_bytes(wrapped: bytes, bare: bytes, envelope: str) -> bytes:
    """The same for an object that is serialised already."""
    if envelope == BARE:
        return bare + b"\n"
    if envelope == BOTH and len(bare) > 2:
        return b'{"result":' + bare + b"," + bare[1:] + b"\n"
    return wrapped


class BareMount:
    """WSGI: ``/bare/api/…`` is ``/api/…`` without envelope, whatever is configured."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if path.startswith(f"{MOUNT}/api/"):
            environ[ENVELOPE] = BARE
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + MOUNT
            environ["PATH_INFO"] = path.removeprefix(MOUNT)
        answer: Iterable[bytes] = self._app(environ, start_response)
        return answer
