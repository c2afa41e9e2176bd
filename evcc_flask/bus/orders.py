"""What a link's worker is asked for, and what it leaves alone for a while: values only."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from evcc_flask.domain.backoff import Backoff

from .needs import ErrorKind, ReadError, Request

Job = Callable[[Any], None]
PROMPT = frozenset({ErrorKind.VALUE})
"""It answers, though nonsense, and costs nobody a time-out: asked again with the next cycle."""
PRESSING_S = 10.0
"""The longest rest of what the house hangs on."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Why something is left alone, and until when."""

    backoff: Backoff
    error: ReadError

    def again(self) -> ReadError:
        """The error, to be raised once more."""
        return self.error.again()


@dataclass(slots=True, eq=False)
class Timer:
    """A job that comes again; times in house seconds."""

    period_s: float
    job: Job
    next_s: float


@dataclass(slots=True)
class Order:
    """What the next fetch is asked for."""

    needs: dict[Request, float] = field(default_factory=dict)
    fetched: list[Callable[[], None]] = field(default_factory=list)


def rested(before: Rest | None, error: ReadError, now_s: float, *, pressing: bool) -> Rest:
    """After one more failure in a row: a step longer, up to a minute, or less where it is pressing; none if prompt."""
    usual = Backoff()
    longest_s = 0.0 if error.kind in PROMPT else PRESSING_S if pressing else usual.longest_s
    backoff = replace(before.backoff if before else usual, longest_s=longest_s).failed(now_s)
    return Rest(backoff, error.again())
