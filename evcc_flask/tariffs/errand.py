"""A link on which nothing is fetched unless it is asked for, and once.

The links of devices try again by themselves what failed; a provider of prices counts calls, and bars who asks too
often. So a tariff's plugins are given this link in place of their worker's own.
"""

from collections.abc import Hashable, Iterable
from threading import Event
from typing import Any, cast

from evcc_flask.bus.link import WorkLink
from evcc_flask.bus.needs import Answer, ErrorKind, Link, Need, ReadError, Request
from evcc_flask.domain.ports import Clock
from evcc_flask.plugins.shop import Links

OTHERS_S = 15.0
"""Real seconds that a fetch waits for links that are not its own."""


class Errand:
    """A Link over ``link``; what :meth:`run` fetched is the latest answer."""

    def __init__(self, link: Link, clock: Clock) -> None:
        self.link = link
        self._clock = clock
        self._answers: dict[Hashable, Answer] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.link, name)

    def latest(self, request: Hashable) -> Answer:
        """See Link."""
        return self._answers.get(request, Answer())

    def run(self, needs: Iterable[Need], wire: Any) -> None:
        """Fetch them all, on this link's worker; those of other links on theirs. Raises ReadError."""
        others: dict[WorkLink, dict[Request, float]] = {}
        for need in needs:
            if need.link is cast(Link, self):
                self._carry_out(need.request, wire)
            elif isinstance(need.link, WorkLink):
                others.setdefault(need.link, {})[need.request] = need.max_age_s
        for link, wanted in others.items():
            ended = Event()
            link.fetch(wanted, ended.set)
            ended.wait(OTHERS_S)

    def _carry_out(self, request: Any, wire: Any) -> None:
        try:
            value = request.run(wire)
        except ReadError as error:
            self._answers[request] = Answer(error=error)
            raise
        except AttributeError as error:
            raise ReadError(ErrorKind.VALUE, f"{self.name} has no registers") from error
        self._answers[request] = Answer(value, self._clock.monotonic_s())


class ErrandLinks:
    """The links of a house, in which the worker called ``errand.name`` is the errand."""

    def __init__(self, links: Links, errand: Errand) -> None:
        self._links = links
        self._errand = errand

    def calls(self, name: str) -> Link:
        return cast(Link, self._errand) if name == self._errand.name else self._links.calls(name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._links, name)
