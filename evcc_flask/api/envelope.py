"""How an answer is packed: ``{"result": X}`` as the contract says, bare X as newer clients expect, or both at once."""

from typing import Any

WRAPPED, BARE, BOTH = "wrapped", "bare", "both"


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
