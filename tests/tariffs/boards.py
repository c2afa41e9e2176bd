"""What a board of tariffs is tried with: a clock that the test moves, and sources that say what they are told to."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from evcc_flask.bus.needs import ErrorKind, Link, ReadError
from evcc_flask.clock import SystemClock
from evcc_flask.domain.rates import SLOT, Rate, TariffKind
from evcc_flask.tariffs.feed import Told

START = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Moved:
    """A clock that only the test moves; waiting takes no house time."""

    def __init__(self):
        self.s = 1000.0

    def monotonic_s(self):
        return self.s

    def wire_s(self):
        return SystemClock().wire_s()

    def now(self):
        return START + timedelta(seconds=self.s - 1000.0)

    def trusted(self):
        return True

    def real_s(self, house_s):
        return 0.01


@dataclass
class Source:
    """Gives ``answers`` one after the other, the last one for ever."""

    link: Link | None
    answers: list = field(default_factory=list)
    kind: TariffKind = TariffKind.FORECAST
    refresh_s: float = 3600.0
    calls_a_day: int = 0
    keeps_s: float = 0.0
    name: str = "spot"
    calls: list = field(default_factory=list)
    asked: threading.Condition = field(default_factory=threading.Condition)

    def rests(self, now):
        return False

    def fetch(self, wire, now):
        with self.asked:
            self.calls.append(now)
            self.asked.notify_all()
        answer = self.answers[min(len(self.calls), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        found = answer(now) if callable(answer) else answer
        return found if isinstance(found, Told) else Told(found)

    def called(self, times):
        with self.asked:
            return self.asked.wait_for(lambda: len(self.calls) >= times, 10)


def rates(start=START, count=8, value=0.2):
    return [Rate(start + n * SLOT, start + (n + 1) * SLOT, value) for n in range(count)]


def gone(kind=ErrorKind.CONNECTION):
    return ReadError(kind, "https://spot.example: the name does not resolve")


def eventually(condition, timeout_s=10.0):
    """Whether ``condition`` becomes true; looked at often, because nobody tells."""
    pause, until_s = threading.Event(), SystemClock().wire_s() + timeout_s
    while SystemClock().wire_s() < until_s:
        if condition():
            return True
        pause.wait(0.01)
    return False
