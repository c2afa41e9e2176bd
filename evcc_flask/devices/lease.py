"""The dead man's handle: what a keep-alive asks before it speaks."""

from evcc_flask.domain.ports import Clock

LONGEST_S = 60.0
"""A decision older than this keeps nothing alive, whatever the interval."""


class Lease:
    """Alive until the time it was last renewed for; renewed by each decision, by nobody else.

    It counts real seconds, as the timers of the boxes do, however fast the house's clock runs.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until_s: float | None = None

    def renew(self, until_s: float) -> None:
        """``until_s``: house monotonic; more than 60 real seconds from now counts as 60 s."""
        lasts_s = self._clock.real_s(until_s - self._clock.monotonic_s())
        self._until_s = self._clock.wire_s() + min(lasts_s, LONGEST_S)

    def alive(self) -> bool:
        """Whether a decision is young enough to be repeated."""
        return self._until_s is not None and self._clock.wire_s() < self._until_s
