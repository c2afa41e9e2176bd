"""A worker for what has no wire of ours: the HTTP calls, scripts and JavaScript of one device."""

from collections.abc import Iterator
from typing import Any

from .link import WorkLink
from .needs import ErrorKind, ReadError, Registers, Request


class CallLink(WorkLink):
    """Implements Link; jobs and procedures are given None as wire."""

    def _fetch(self, due: list[Request]) -> Iterator[None]:
        for request in due:
            self._carry_out(request)
            yield

    def _run(self, request: Any) -> Any:
        if isinstance(request, Registers):
            raise ReadError(ErrorKind.VALUE, f"{self.name} has no registers")
        began_s = self._clock.wire_s()
        try:
            return request.run(None)
        except ReadError as error:
            self.counted.error(error.kind)
            raise
        finally:
            self.counted.transaction(began_s, self._clock.wire_s())
