"""A worker for what has no wire of ours: the HTTP calls, scripts and JavaScript of one device."""

from collections.abc import Iterator
from typing import Any

from evcc_flask.domain.ports import Clock

from .link import SILENT, WorkLink
from .needs import ErrorKind, ReadError, Registers, Request
from .orders import Job


class CallLink(WorkLink):
    """Implements Link; jobs and procedures are given a :class:`.needs.Traffic` as wire."""

    def __init__(self, name: str, clock: Clock) -> None:
        super().__init__(name, clock)
        self._wire = self.counted
        self._misread: dict[Request, tuple[float | None, str]] = {}

    def misread(self, request: Request, error: ReadError) -> None:
        """An answer came and means nothing (a web page for JSON). Counted once per answer. From any thread."""
        at_s = self.latest(request).at_s
        if error.kind in SILENT or self._misread.get(request, (None, ""))[0] == at_s:
            return
        self._misread[request] = (at_s, str(error))
        self.counted.error(error.kind)

    def report(self) -> dict[str, object]:
        """As every link's; the endpoint that answers nonsense is up, and ``error`` tells what is wrong with it."""
        told = super().report()
        if told["error"] is None:
            nonsense = (text for request, (at_s, text) in list(self._misread.items()) if self._is_last(request, at_s))
            told["error"] = next(nonsense, None)
        return told

    def _is_last(self, request: Request, at_s: float | None) -> bool:
        return self.latest(request).at_s == at_s

    def _fetch(self, due: list[Request]) -> Iterator[None]:
        for request in due:
            self._carry_out(request)
            yield

    def _outcome(self, job: Job) -> ReadError | None:
        sent, began_s = self.counted.sent, self._clock.wire_s()
        error = super()._outcome(job)
        if self.counted.sent > sent:  # else it was an affair of another link
            self.counted.transaction(began_s, self._clock.wire_s())
        return error

    def _run(self, request: Any) -> Any:
        if isinstance(request, Registers):
            raise ReadError(ErrorKind.VALUE, f"{self.name} has no registers")
        began_s = self._clock.wire_s()
        try:
            return request.run(self._wire)
        except ReadError as error:
            self.counted.error(error.kind)
            raise
        finally:
            self.counted.transaction(began_s, self._clock.wire_s())
