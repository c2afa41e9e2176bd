"""Which cars' accounts are asked now: never more often than was configured, and rarely where one does not answer.

How often an account may be asked at most while its car charges (its cache, 15 minutes) is kept by its driver.
"""

from collections.abc import Mapping, Sequence

from .backoff import Backoff
from .decision import Ask, Event
from .figures import ASK_AGAIN_S, ASK_GAP_S, LONGEST_ASK_AGAIN_S
from .identify import candidates, detectable, looks
from .memory import Asked
from .point import Point
from .readings import CarReading
from .settings import Settings
from .vehicles import PollMode
from .words import Contact

PATIENCE = Backoff(ASK_AGAIN_S, LONGEST_ASK_AGAIN_S)


def follow(
    points: Sequence[Point],
    cars: Mapping[str, CarReading],
    settings: Settings,
    before: Mapping[str, Asked],
    now_s: float,
) -> tuple[tuple[Ask, ...], dict[str, Asked]]:
    """The accounts to ask in this cycle, and what is to be remembered of it."""
    asks: dict[str, Ask] = {}
    kept = {name: each for name, each in before.items() if name in cars}

    def ask(name: str, plugged_s: float, *, anew: bool) -> None:
        said, asked = cars[name], before.get(name)
        fine = said.contact is Contact.UP
        if asked is not None and (anew or not fine) and not _patient_enough(asked, plugged_s, now_s):
            return
        if _just_asked(said, now_s) and not anew:
            return
        patience = asked.patience if asked is not None and not fine else PATIENCE
        asks[name] = Ask(name, anew=anew or (name in asks and asks[name].anew))
        kept[name] = Asked(now_s, patience.failed(now_s))

    for p in points:
        name = p.settings.vehicle
        if name is not None and name in cars:
            wanted = _wanted(p, cars[name], before.get(name), now_s)
            if wanted is not None:
                ask(name, _connected_s(p), anew=wanted)
        for each in candidates(p, points, settings) if looks(p) else ():
            if each in cars and cars[each].contact is not Contact.NONE and detectable(settings.vehicles[each]):
                ask(each, _connected_s(p), anew=True)
    return tuple(asks.values()), kept


def _just_asked(said: CarReading, now_s: float) -> bool:
    """Asked, and not answered yet, or answered a moment ago."""
    asked_s = said.asked_at_s
    if asked_s is None:
        return False
    answered = said.at_s is not None and said.at_s >= asked_s
    return now_s - asked_s < (ASK_GAP_S if answered else ASK_AGAIN_S)


def _patient_enough(asked: Asked, plugged_s: float, now_s: float) -> bool:
    """A plug-in is worth a question of its own, but not each plug-in of a loose cable."""
    return not asked.patience.rests(now_s) or (asked.at_s < plugged_s <= now_s and now_s - asked.at_s >= ASK_AGAIN_S)


def _wanted(p: Point, said: CarReading, asked: Asked | None, now_s: float) -> bool | None:
    """True: to be asked anew; False: as far as its cache allows; None: left in peace."""
    if said.contact is Contact.NONE:
        return None
    if p.connected and p.car.anchor is None and (said.at_s is None or said.at_s < _connected_s(p)):
        return True
    if p.charging or (p.connected and said.at_s is not None and said.at_s < (p.car.switched_s or said.at_s)):
        return False
    mode = p.settings.poll
    if mode is PollMode.CHARGING or (mode is PollMode.CONNECTED and not p.connected):
        return None
    times = (said.at_s, said.asked_at_s, asked.at_s if asked is not None else None)
    last_s = max((each for each in times if each is not None), default=None)
    return False if last_s is None or now_s - last_s >= p.settings.poll_interval_s else None


def _connected_s(p: Point) -> float:
    """When the car was plugged in, as far as was seen."""
    session = p.memory.session
    return session.connected_s if session is not None and Event.CONNECT not in p.events else p.now_s
