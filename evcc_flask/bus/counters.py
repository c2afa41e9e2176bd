"""What a link has done and how well: shown by ``check``, in the state under ``links``, and in the benchmark."""

from collections import Counter, deque
from threading import Lock

from .needs import ErrorKind

WINDOW_S = 60.0
"""Busy share and latency speak of the last minute."""


class Counters:
    """Written by the link's worker, read by anyone. Times are wire seconds."""

    def __init__(self, now_s: float) -> None:
        self._lock = Lock()
        self._since_s = now_s
        self._recent: deque[tuple[float, float]] = deque()
        self.transactions = 0
        self.sent = 0
        self.received = 0
        self.errors: Counter[ErrorKind] = Counter()

    def transaction(self, began_s: float, ended_s: float) -> None:
        """One request and its answer, or the wait for it."""
        with self._lock:
            self.transactions += 1
            self._recent.append((ended_s, ended_s - began_s))
            self._drop(ended_s)

    def traffic(self, sent: int = 0, received: int = 0) -> None:
        """Bytes on the wire, frames and all."""
        with self._lock:
            self.sent += sent
            self.received += received

    def error(self, kind: ErrorKind) -> None:
        """One failed transaction."""
        with self._lock:
            self.errors[kind] += 1

    def report(self, now_s: float) -> dict[str, object]:
        """Ready to publish: totals since the start, ``busyShare`` (0 to 1) and latencies (ms) of the last minute."""
        with self._lock:
            self._drop(now_s)
            took = [took_s for _, took_s in self._recent]
            window_s = max(min(WINDOW_S, now_s - self._since_s), 1e-3)
            return {
                "transactions": self.transactions,
                "bytesSent": self.sent,
                "bytesReceived": self.received,
                "errors": {kind.value: count for kind, count in sorted(self.errors.items(), key=lambda e: e[0].value)},
                "busyShare": round(min(1.0, sum(took) / window_s), 4),
                "latencyMs": round(1000 * sum(took) / len(took), 1) if took else None,
                "latencyMaxMs": round(1000 * max(took), 1) if took else None,
            }

    def _drop(self, now_s: float) -> None:
        while self._recent and self._recent[0][0] < now_s - WINDOW_S:
            self._recent.popleft()
