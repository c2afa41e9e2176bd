"""Modbus exception answers as errors of ours, the same for every framing."""

from .needs import ErrorKind, ReadError

_MEANING = {
    1: (ErrorKind.REFUSED, "does not know this function"),
    2: (ErrorKind.REFUSED, "has no such address"),
    3: (ErrorKind.REFUSED, "does not take this value or length"),
    4: (ErrorKind.REFUSED, "reports a device failure"),
    5: (ErrorKind.MUST_RETRY, "needs more time"),
    6: (ErrorKind.MUST_RETRY, "is busy"),
    7: (ErrorKind.REFUSED, "refuses"),
    8: (ErrorKind.REFUSED, "reports a memory error"),
    10: (ErrorKind.TIMEOUT, "is not reached: the gateway has no path to it"),
    11: (ErrorKind.TIMEOUT, "does not answer its gateway"),
}
"""Codes of the Modbus Application Protocol Specification V1.1b3, section 7."""


class Refusal(ReadError):
    """A slave's own word. ``code``: its exception code."""

    code = 0


def refusal(place: str, code: int) -> Refusal:
    """The error for exception ``code``; ``place`` names the slave and what was asked."""
    kind, words = _MEANING.get(code, (ErrorKind.REFUSED, "refuses"))
    error = Refusal(kind, f"{place}: the device {words} (exception {code})")
    error.code = code
    return error
