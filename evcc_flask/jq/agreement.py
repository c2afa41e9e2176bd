"""What those who ask and those who answer agree on, without jq itself: who only asks does not pay for it."""

import struct

REQUEST = struct.Struct(">II")
"""Before each request: bytes of the filter, bytes of the state (0: the same as before); both follow."""
ANSWER = struct.Struct(">??I")
"""Before each answer: whether it is a result or the reason why there is none, whether it is the last, its bytes."""
READY = b"ready"

MEMORY = 128 << 20
"""Bytes of address space, the interpreter's own 20 MB among them."""
PROCESSOR_S = 0.25
WALL_S = 1.0


class FilterError(ValueError):
    """The filter cannot be compiled, or failed on its input; the text is jq's own, for people."""
