"""What a link's worker is asked for, and what it leaves alone for a while: values only."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from evcc_flask.domain.backoff import Backoff

from .needs import ReadError, Request

Job = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Rest:
    """Why something is left alone, and until when."""

    backoff: Backoff
    error: ReadError

    def again(self) -> ReadError:
        """The error, to be raised once more."""
        return fresh(self.error)


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


def fresh(error: ReadError) -> ReadError:
    """The same without its traceback: what is kept must not keep frames, nor gather more with each raise."""
    return ReadError(error.kind, str(error))
