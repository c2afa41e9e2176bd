"""Values made of other values: what rows of the library need between a register and a reading.

None of them does I/O. All needs and times are those of the sources they are made of.
"""

from collections.abc import Collection, Iterable, Mapping
from itertools import chain

from evcc_flask.bus.needs import ErrorKind, Need, ReadError
from evcc_flask.domain.ports import Clock
from evcc_flask.plugins.made import Fixed, Made
from evcc_flask.plugins.ports import Source, Value

ABSENT = (ErrorKind.NOT_AVAILABLE, ErrorKind.REFUSED)
"""What a device answers that does not have a value."""


def fixed(value: Value, clock: Clock) -> Source:
    """A value of the configuration."""
    return Fixed(lambda: value, clock)


def scaled(source: Source, factor: float) -> Source:
    """A number times ``factor``."""
    return Made((source,), lambda: number(source.value()) * factor)


def least(sources: Iterable[Source]) -> Source:
    """The smallest of several limits."""
    parts = tuple(sources)
    return Made(parts, lambda: min(number(part.value()) for part in parts))


def masked(source: Source, bits: int) -> Source:
    """Some bits of a whole number."""
    return Made((source,), lambda: int(number(source.value())) & bits)


def above(source: Source, limit: float) -> Source:
    """True where a number is larger than ``limit``."""
    return Made((source,), lambda: number(source.value()) > limit)


def gated(source: Source, condition: Source) -> Source:
    """A value that the device has only where ``condition`` is true."""

    def value() -> Value:
        if not condition.value():
            raise ReadError(ErrorKind.NOT_AVAILABLE, "the device has no such value")
        return source.value()

    return Made((source, condition), value)


def one_of(source: Source, words: Collection[str]) -> Source:
    """True where a code is one of ``words``."""
    return Made((source,), lambda: spelled(source.value()) in words)


def none_of(source: Source, words: Collection[str]) -> Source:
    """True where a code is none of ``words``."""
    return Made((source,), lambda: spelled(source.value()) not in words)


def mapped(source: Source, words: Mapping[str, str]) -> Source:
    """A code of the device as the field's word: ``{"5": "B"}``; an unknown code is a value error."""

    def value() -> Value:
        code = spelled(source.value())
        if code in words:
            return words[code]
        raise ReadError(ErrorKind.VALUE, f"{code!r} is none of the states that this device knows")

    return Made((source,), value)


def cases(questions: Iterable[tuple[str, Source]], otherwise: str) -> Source:
    """The word of the first question that is answered with yes, else ``otherwise``."""
    asked = tuple(questions)
    return Made(
        tuple(source for _, source in asked),
        lambda: next((word for word, source in asked if source.value()), otherwise),
    )


class Sum:
    """Several counts that are one quantity: two strings, import minus export. One that is not there counts 0."""

    def __init__(self, parts: Iterable[Source]) -> None:
        self._parts = tuple(parts)

    def needs(self) -> Iterable[Need]:
        return chain.from_iterable(part.needs() for part in self._parts)

    def at_s(self) -> float | None:
        return min((time for part in self._parts if (time := part.at_s()) is not None), default=None)

    def value(self) -> Value:
        found: list[float] = []
        missing: ReadError | None = None
        for part in self._parts:
            try:
                found.append(number(part.value()))
            except ReadError as error:
                if error.kind not in ABSENT:
                    raise
                missing = error
        if missing is not None and not found:
            raise missing
        return sum(found)


class FirstOf:
    """The first that the device has; the others are asked for only until one has answered."""

    def __init__(self, parts: Iterable[Source]) -> None:
        self._parts = tuple(parts)

    def needs(self) -> Iterable[Need]:
        for part in self._parts:
            yield from part.needs()
            if part is self._chosen():
                return

    def at_s(self) -> float | None:
        return self._chosen().at_s()

    def value(self) -> Value:
        return self._chosen().value()

    def _chosen(self) -> Source:
        """The first that has a value or may yet get one; the last where none has."""
        for part in self._parts[:-1]:
            try:
                part.value()
            except ReadError as error:
                if error.kind in ABSENT:
                    continue
            return part
        return self._parts[-1]


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
