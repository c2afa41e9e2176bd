"""Values made of other values: what rows of the library need between a register and a reading.

None of them does I/O. All needs and times are those of the sources they are made of.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from evcc_flask.bus.needs import ErrorKind, Need, ReadError
from evcc_flask.domain.ports import Clock
from evcc_flask.plugins.ports import Source, Value


class _Made:
    """A value made of ``parts``: as old as the oldest of them."""

    parts: tuple[Source, ...]

    def needs(self) -> Iterable[Need]:
        return chain.from_iterable(part.needs() for part in self.parts)

    def at_s(self) -> float | None:
        times = [part.at_s() for part in self.parts]
        known = [time for time in times if time is not None]
        return min(known) if len(known) == len(times) and known else None


class Fixed:
    """A value from the configuration. It needs nothing and is never out of date."""

    def __init__(self, value: Value, clock: Clock) -> None:
        self._value = value
        self._clock = clock

    def needs(self) -> Iterable[Need]:
        return ()

    def at_s(self) -> float | None:
        return self._clock.monotonic_s()

    def value(self) -> Value:
        return self._value


class Scaled(_Made):
    """A number times ``factor``; missing stays missing."""

    def __init__(self, source: Source, factor: float) -> None:
        self.parts = (source,)
        self._factor = factor

    def value(self) -> Value:
        return number(self.parts[0].value()) * self._factor


class Sum(_Made):
    """Several counts that are one quantity: two strings, import minus export. A string that is not there counts 0."""

    def __init__(self, parts: Iterable[Source]) -> None:
        self.parts = tuple(parts)

    def value(self) -> Value:
        found: list[float] = []
        missing: ReadError | None = None
        for part in self.parts:
            try:
                found.append(number(part.value()))
            except ReadError as error:
                if error.kind is not ErrorKind.NOT_AVAILABLE:
                    raise
                missing = error
        if missing is not None and not found:
            raise missing
        return sum(found)

    def at_s(self) -> float | None:
        return min((time for part in self.parts if (time := part.at_s()) is not None), default=None)


class Least(_Made):
    """The smallest of several limits."""

    def __init__(self, parts: Iterable[Source]) -> None:
        self.parts = tuple(parts)

    def value(self) -> Value:
        return min(number(part.value()) for part in self.parts)


class FirstOf(_Made):
    """The first that the device has; one that it does not have answers NOT_AVAILABLE or REFUSED."""

    def __init__(self, parts: Iterable[Source]) -> None:
        self.parts = tuple(parts)

    def needs(self) -> Iterable[Need]:
        chosen = self._chosen()
        return chain.from_iterable(part.needs() for part in (self.parts if chosen is None else (chosen,)))

    def at_s(self) -> float | None:
        chosen = self._chosen()
        return None if chosen is None else chosen.at_s()

    def value(self) -> Value:
        chosen = self._chosen()
        return (chosen or self.parts[-1]).value()

    def _chosen(self) -> Source | None:
        for part in self.parts:
            try:
                part.value()
            except ReadError as error:
                if error.kind in (ErrorKind.NOT_AVAILABLE, ErrorKind.REFUSED):
                    continue
                return None
            return part
        return None


class Masked(_Made):
    """Some bits of a whole number."""

    def __init__(self, source: Source, bits: int) -> None:
        self.parts = (source,)
        self._bits = bits

    def value(self) -> Value:
        return int(number(self.parts[0].value())) & self._bits


@dataclass(frozen=True, slots=True)
class Test:
    """Whether a value is (or is not) one of ``words``; numbers and their spelling are the same word."""

    words: frozenset[str]
    wanted: bool = True

    def passes(self, value: Value) -> bool:
        return (spelled(value) in self.words) is self.wanted


class Tested(_Made):
    """True or False: a value put to a test."""

    def __init__(self, source: Source, test: Test) -> None:
        self.parts = (source,)
        self._test = test

    def value(self) -> Value:
        return self._test.passes(self.parts[0].value())


class Above(_Made):
    """True where a number is larger than ``limit``."""

    def __init__(self, source: Source, limit: float) -> None:
        self.parts = (source,)
        self._limit = limit

    def value(self) -> Value:
        return number(self.parts[0].value()) > self._limit


class Mapped(_Made):
    """A code of the device as the field's word: ``{5: "B"}``; an unknown code is a value error."""

    def __init__(self, source: Source, words: Mapping[str, str]) -> None:
        self.parts = (source,)
        self._words = words

    def value(self) -> Value:
        code = spelled(self.parts[0].value())
        if code in self._words:
            return self._words[code]
        raise ReadError(ErrorKind.VALUE, f"{code!r} is none of the states that this device knows")


class Cases(_Made):
    """The word of the first question that is answered with yes, else ``otherwise``."""

    def __init__(self, cases: Iterable[tuple[str, Source]], otherwise: str) -> None:
        self._cases = tuple(cases)
        self._otherwise = otherwise
        self.parts = tuple(source for _, source in self._cases)

    def value(self) -> Value:
        return next((word for word, source in self._cases if source.value()), self._otherwise)


def number(value: Value) -> float:
    """A value as a float. Raises ReadError for what is none."""
    if isinstance(value, bool) or value is None or isinstance(value, bytes):
        raise ReadError(ErrorKind.VALUE, f"{value!r} is no number")
    try:
        return float(value)
    except ValueError:
        raise ReadError(ErrorKind.VALUE, f"{value!r} is no number") from None


def spelled(value: Value) -> str:
    """A code as a row writes it: 3, 3.0 and "3" are one word; true and false are 1 and 0."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    word = (value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)).strip("\0 ")
    return {"true": "1", "false": "0"}.get(word, word)
