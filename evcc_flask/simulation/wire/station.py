"""What stands at the end of a wire: a slave with registers, and the fault that a test gives it."""

from collections.abc import Sequence
from enum import Enum

ILLEGAL_FUNCTION = 1
ILLEGAL_ADDRESS = 2
ILLEGAL_VALUE = 3
DEVICE_FAILURE = 4

COILS, DISCRETES, HOLDINGS, INPUTS = 1, 2, 3, 4
"""Tables by the function code that reads them."""


class Fault(Enum):
    """How a device misbehaves, until it is set back to NONE.

    SILENT: takes requests and answers none. HANG: answers only once the fault is gone; on a serial line it stops in the
    middle of its answer. WRONG_CRC: a broken check sum; by TCP a foreign transaction, by HTTP half a JSON. WRONG_UNIT:
    answers in another unit's name. GARBAGE: noise before the answer; by HTTP a page instead of JSON. RESET: the peer
    ends the connection at each request; on a serial line as SILENT. REFUSE_WRITE: reads work, writes are refused.
    SERVER_ERROR: exception 4 to everything; by HTTP status 500.
    """

    NONE = "none"
    SILENT = "silent"
    HANG = "hang"
    WRONG_CRC = "wrong_crc"
    WRONG_UNIT = "wrong_unit"
    GARBAGE = "garbage"
    RESET = "reset"
    REFUSE_WRITE = "refuse_write"
    SERVER_ERROR = "server_error"


class Refused(Exception):
    """The slave answers with a Modbus exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code


class Slave:
    """Registers of one unit. A subclass overrides what its device can; the rest is refused as a real one does.

    ``functions``: codes that it knows. ``asleep``: it answers nothing.
    """

    functions: frozenset[int] = frozenset({3, 4})
    asleep: bool = False

    def read(self, table: int, address: int, count: int) -> Sequence[int]:
        """Words (or bits as 0 and 1) from a 0-based address. Raises Refused."""
        raise Refused(ILLEGAL_ADDRESS)

    def write(self, address: int, words: Sequence[int]) -> None:
        """Holding registers. Raises Refused."""
        raise Refused(ILLEGAL_ADDRESS)

    def write_bits(self, address: int, bits: Sequence[int]) -> None:
        """Coils. Raises Refused."""
        raise Refused(ILLEGAL_ADDRESS)

    def tick(self) -> None:
        """Time has passed: act on what has run out (a fail-safe timer)."""


class Memory(Slave):
    """Plain registers by table and address, as a captured image has them; what is not there is refused."""

    functions = frozenset({1, 2, 3, 4, 5, 6, 15, 16})

    def __init__(self, **tables: dict[int, int]) -> None:
        names = {"coils": COILS, "discretes": DISCRETES, "holdings": HOLDINGS, "inputs": INPUTS}
        self.tables: dict[int, dict[int, int]] = {number: tables.pop(name, {}) for name, number in names.items()}
        if tables:
            raise TypeError(f"no such table: {', '.join(tables)}")
        self.writes: list[tuple[int, tuple[int, ...]]] = []

    def read(self, table: int, address: int, count: int) -> Sequence[int]:
        try:
            return [self.tables[table][address + place] for place in range(count)]
        except KeyError:
            raise Refused(ILLEGAL_ADDRESS) from None

    def write(self, address: int, words: Sequence[int]) -> None:
        self.writes.append((address, tuple(words)))
        self.tables[HOLDINGS].update({address + place: word for place, word in enumerate(words)})

    def write_bits(self, address: int, bits: Sequence[int]) -> None:
        self.writes.append((address, tuple(bits)))
        self.tables[COILS].update({address + place: bit for place, bit in enumerate(bits)})


class Station:
    """A slave at its place on the wire. ``fault`` may be set from any thread; ``requests`` counts what it heard."""

    def __init__(self, slave: Slave) -> None:
        self.slave = slave
        self.fault = Fault.NONE
        self.requests = 0
