"""The one timer of a loadpoint: it runs for one thing at a time, and a deficit is counted from its beginning."""

from .memory import Timer, TimerKind

DEFICIT = (TimerKind.DISABLE, TimerKind.SCALE_1P)


def run(timer: Timer | None, kind: TimerKind, now_s: float) -> Timer:
    """Start it, or let it go on. An elapsed timer stays so: what waits for it need not wait."""
    if timer is None:
        return Timer(kind, now_s)
    if timer.kind is TimerKind.ELAPSED or timer.kind is kind:
        return timer
    if timer.kind in DEFICIT and kind in DEFICIT:
        return Timer(kind, timer.since_s)
    return Timer(kind, now_s)


def remaining_s(timer: Timer, delay_s: float, now_s: float) -> float:
    """How long it will still run; 0 when it has ended."""
    if timer.kind is TimerKind.ELAPSED:
        return 0.0
    return max(0.0, delay_s - max(0.0, now_s - timer.since_s))
