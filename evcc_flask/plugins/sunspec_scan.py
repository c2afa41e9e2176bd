"""Which SunSpec models a slave has, and where: looked up once, by a Procedure on the slave's link."""

from dataclasses import dataclass, field
from math import inf

from evcc_flask.bus.needs import ErrorKind, ModbusWire, ReadError, Table
from evcc_flask.domain.ports import Clock

BASES = (40000, 50000, 0)
MARKER = (0x5375, 0x6E53)
"""``SunS``"""
COMMON = 1
LAST = 0xFFFF
MOST_MODELS = 100
MOST_REGISTERS = 125
KEPT_S = 3600.0
"""House seconds until the layout is looked up anew: it changes with firmware and settings."""


@dataclass(frozen=True, slots=True)
class Place:
    """A model in a slave: ``address`` of its id, ``length`` registers from there on, ``device``: the subdevice, from 0.

    ``words``: its registers as they were when it was found, so that the first cycle has values; () where not read.
    """

    model: int
    address: int
    length: int
    device: int
    words: tuple[int, ...] = ()


@dataclass(eq=False)
class Scan:
    """A Procedure, one object per slave. ``wanted``: the models whose registers are read at once."""

    name: str
    unit: int
    clock: Clock
    wanted: set[int] = field(default_factory=set)
    _places: tuple[Place, ...] = ()
    _until_s: float = -inf

    def run(self, wire: ModbusWire) -> tuple[Place, ...]:
        """The models in their order; from memory while it is young. Raises ReadError."""
        if self.clock.monotonic_s() >= self._until_s:
            self._places = self._found(wire, self._base(wire))
            self._until_s = self.clock.monotonic_s() + KEPT_S
        return self._places

    def __str__(self) -> str:
        return f"SunSpec models of id {self.unit}"

    def _base(self, wire: ModbusWire) -> int:
        for base in BASES:
            try:
                if wire.read(self.unit, Table.HOLDING, base, 2) == MARKER:
                    return base + 2
            except ReadError as error:
                if error.kind is not ErrorKind.REFUSED:
                    raise
        raise ReadError(
            ErrorKind.VALUE,
            f"{self.name}, id {self.unit}: no SunSpec marker at 40000, 50000 or 0. Is SunSpec enabled, the id right?",
        )

    def _found(self, wire: ModbusWire, address: int) -> tuple[Place, ...]:
        places: list[Place] = []
        device = -1
        while len(places) < MOST_MODELS and address < 0xFFFE:
            model, length = wire.read(self.unit, Table.HOLDING, address, 2)
            if model == LAST:
                break
            device += model == COMMON
            words = self._words(wire, address, length + 2) if model in self.wanted else ()
            places.append(Place(model, address, length + 2, max(device, 0), words))
            address += length + 2
        return tuple(places)

    def _words(self, wire: ModbusWire, address: int, length: int) -> tuple[int, ...]:
        words: tuple[int, ...] = ()
        try:
            while len(words) < length:
                count = min(MOST_REGISTERS, length - len(words))
                words += wire.read(self.unit, Table.HOLDING, address + len(words), count)
        except ReadError as error:
            if error.kind is not ErrorKind.REFUSED:
                raise
            # A slave that refuses the whole is asked for parts by the block planner later.
            return ()
        return words
