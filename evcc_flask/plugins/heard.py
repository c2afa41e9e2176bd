"""A value that others push to us: the last message, decoded, as long as it is young enough."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from evcc_flask.bus.needs import ErrorKind, Need, ReadError
from evcc_flask.domain.ports import Clock

from .ports import Value


@dataclass(frozen=True)
class Heard:
    """``what`` names it for people; ``longest_s``: house seconds after which it lapses, 0: never."""

    need: Need
    decode: Callable[[Any], Value]
    what: str
    longest_s: float
    clock: Clock

    def needs(self) -> Iterable[Need]:
        return (self.need,)

    def at_s(self) -> float | None:
        return self.need.link.latest(self.need.request).at_s

    def value(self) -> Value:
        answer = self.need.link.latest(self.need.request)
        if answer.error is not None:
            raise answer.error.again()
        if answer.at_s is None:
            raise ReadError(ErrorKind.UNHEARD, f"{self.what}: nothing was heard yet. Is the address right?")
        silent_s = self.clock.monotonic_s() - answer.at_s
        if 0 < self.longest_s < silent_s:
            raise ReadError(
                ErrorKind.TIMEOUT,
                f"{self.what}: last heard {silent_s:.0f} s ago, {self.longest_s:g} s are allowed",
            )
        return self.decode(answer.value)
