"""A clock and a link that a test moves by hand: nothing happens between two lines of a test."""

from collections.abc import Callable
from typing import Any

from evcc_flask.bus.needs import Answer, ReadError


class HandClock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.s = 1000.0

    def monotonic_s(self) -> float:
        return self.s

    wire_s = monotonic_s

    def real_s(self, house_s: float) -> float:
        return house_s


class HandLink:
    """A link whose worker is the test: jobs wait until it runs them."""

    name = "hand"

    def __init__(self) -> None:
        self.answers: dict[Any, Answer] = {}
        self.jobs: list[tuple[Callable[[Any], None], Callable[[ReadError | None], None] | None]] = []
        self.ticking: list[tuple[float, Callable[[Any], None]]] = []
        self.forgotten: list[int | None] = []

    def latest(self, request: Any) -> Answer:
        return self.answers.get(request, Answer())

    def submit(self, job: Callable[[Any], None], done: Callable[[ReadError | None], None] | None = None) -> None:
        self.jobs.append((job, done))

    def do(self, job: Callable[[Any], None]) -> None:
        job(None)

    def every(self, period_s: float, job: Callable[[Any], None]) -> Callable[[], None]:
        self.ticking.append((period_s, job))
        return lambda: None

    def forget(self, unit: int | None = None) -> None:
        self.forgotten.append(unit)

    def work(self) -> None:
        """Run everything that waits."""
        while self.jobs:
            job, done = self.jobs.pop(0)
            error = None
            try:
                job(None)
            except ReadError as raised:
                error = raised
            if done is not None:
                done(error)

    def tick(self, wire: Any = None) -> None:
        """The time of every timed job has come."""
        for _, job in self.ticking:
            job(wire)
