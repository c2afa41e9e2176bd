"""A counter that stands still while kilowatts flow is not believed: power times time counts until it moves again.

Otherwise no energy limit would ever be reached, and no plan done. A counter of coarse steps is none that stands still.
"""

from .figures import COARSEST_KWH, STILL_KWH, STILL_S, STILL_STEPS
from .memory import OpenSession, Still
from .point import Point
from .reasons import Code, because


def settled(p: Point, session: OpenSession, counted_kwh: float, step_s: float) -> tuple[float, Still, float]:
    """kWh to book where the counter went on by ``counted_kwh``, and what is remembered: ``still`` and ``ahead_kwh``.

    A counter that moves again is owed what was booked without it: one that caught up counts nothing twice.
    """
    before = session.still or Still(p.now_s, session.ahead_kwh)
    if counted_kwh > 0:
        step_kwh = max(before.step_kwh, min(counted_kwh, before.kwh, COARSEST_KWH))
        return max(0.0, counted_kwh - session.ahead_kwh), Still(p.now_s, step_kwh=step_kwh), 0.0
    measured_w = p.power_w if p.charging and p.power is not None else 0.0
    kwh = before.kwh + measured_w * step_s / 3.6e6
    still = Still(before.since_s, kwh, before.step_kwh)
    fair = kwh > max(STILL_KWH, STILL_STEPS * before.step_kwh) and p.since(before.since_s) > STILL_S
    if not session.ahead_kwh and not fair:
        return 0.0, still, 0.0
    if p.charging:
        p.note(because(Code.COUNTER_STANDS_STILL, charged_kwh=round(kwh, 1)))
    return kwh - session.ahead_kwh, still, kwh
