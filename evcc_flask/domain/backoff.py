"""When to try again what failed: pure, so that bus, tariffs and control share one idea of patience."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Backoff:
    """After the n-th failure in a row wait n × ``step_s``, at most ``longest_s``. Times: seconds of any one clock."""

    step_s: float = 2.0
    longest_s: float = 60.0
    failures: int = 0
    until_s: float = float("-inf")

    def failed(self, now_s: float) -> "Backoff":
        """One more failure in a row."""
        failures = self.failures + 1
        return replace(self, failures=failures, until_s=now_s + min(failures * self.step_s, self.longest_s))

    def rests(self, now_s: float) -> bool:
        """Whether it is too early to try again."""
        return now_s < self.until_s
