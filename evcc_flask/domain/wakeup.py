"""A car that was offered current and does not charge may be asleep: it is woken six times, then left in peace."""

from .commands import WakeUp
from .decision import Event
from .figures import WAKE_S, WAKE_TRIES
from .memory import Wake
from .point import Point
from .reasons import Code, because
from .rules import limit_soc
from .words import Feature


def follow(p: Point) -> tuple[Wake | None, WakeUp | None]:
    """The tries so far, and the one that is due. Odd tries ask the box, even ones the car, where both can."""
    full = p.soc_percent is not None and p.soc_percent >= limit_soc(p)
    if not p.known_on or not p.fresh or not p.connected or p.charging or full:
        return None, None
    wake = p.memory.wake or Wake(p.now_s)
    if p.box.phases_s is not None and p.box.phases_s > wake.since_s:
        # Many a car falls asleep over a switch of phases: it is a new beginning.
        wake = Wake(p.box.phases_s)
    if Feature.INTEGRATED_DEVICE in p.features:
        return wake, None
    next_s = wake.since_s + (wake.tries + 1) * WAKE_S
    if wake.tries >= WAKE_TRIES:
        p.note(because(Code.WAITS_FOR_CAR, waited_s=round(p.since(wake.since_s))))
        return wake, None
    if p.now_s < next_s:
        p.note(because(Code.WAITS_FOR_CAR, waited_s=round(p.since(wake.since_s)), tries=wake.tries))
        return wake, None
    wake = Wake(wake.since_s, wake.tries + 1)
    if wake.tries == WAKE_TRIES:
        p.events.append(Event.ASLEEP)
    by_box, by_car = p.charger.traits.can_wake, _car_wakes(p)
    if not by_box and not by_car:
        p.note(because(Code.WAITS_FOR_CAR, waited_s=round(p.since(wake.since_s))))
        return wake, None
    odd = wake.tries % 2 == 1
    if not odd and not (by_box and by_car):
        return wake, None
    p.note(because(Code.WAKES_CAR, tries=wake.tries))
    return wake, WakeUp(p.index, by_vehicle=not (odd and by_box))


def _car_wakes(p: Point) -> bool:
    asleep_for_ever = {Feature.WAKEUP_DISABLED, Feature.OFFLINE}
    return p.vehicle is not None and not asleep_for_ever & p.vehicle.features
