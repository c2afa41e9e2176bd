"""Which current a loadpoint gets, and why: named rules, the first one with an opinion decides.

Order and figures: docs/control.rst. Currents in A per phase, powers in W, site power negative = surplus.
"""

from collections.abc import Callable
from dataclasses import dataclass

from . import budget, phases
from .figures import EFFICIENCY, SETTLE_S, SOC_AWAITED_S
from .house import House
from .limits import limits_a
from .point import Point
from .reasons import Code, Reason, because
from .snapshot import Rates
from .soc import capacity_kwh
from .surplus import Sun, solar
from .target import Target, at_once, offer, stop
from .words import Contact, Feature, Mode


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a rule may look at. ``sun`` None: nothing is known of the surplus, ``why_no_sun`` says why."""

    p: Point
    house: House
    rates: Rates
    why_no_sun: Reason | None
    sun: Sun | None = None


def not_connected(s: Situation) -> Target | None:
    """No car, no current."""
    if s.p.connected or not s.p.fresh:
        return None
    return stop(s.p, because(Code.NOT_CONNECTED))


def off(s: Situation) -> Target | None:
    """Off means off, and needs no reading; a car that must see current when it is plugged in sees it once."""
    p = s.p
    if not p.off:
        return None
    if p.welcome:
        return offer(p, p.min_a, because(Code.WELCOME_CHARGE))
    if not p.fresh:
        p.note(_unheard(p))
    return stop(p, because(Code.MODE_OFF), phases=_fixed_phases(p))


def no_reading(s: Situation) -> Target | None:
    """A box that was not heard since the start, or for too long, is left as it is."""
    p = s.p
    if p.fresh:
        return None
    present_a = p.offered_a if p.enabled and not p.box.recalled else 0.0
    return Target(present_a, (_unheard(p),), p.timer, hold=True)


def configured_phases(s: Situation) -> Target | None:
    """The phases that a person chose come first; nothing else changes until the box has them."""
    p = s.p
    wanted = _fixed_phases(p)
    if wanted is None:
        return None
    low_a, high_a = limits_a(p, wanted)
    current_a = min(max(low_a, p.offered_a), high_a) if p.enabled else 0.0
    return Target(current_a, (because(Code.SWITCHES_PHASES, phases=wanted),), p.timer, phases=wanted)


def minimum_soc(s: Situation) -> Target | None:
    """A car that is nearly empty is filled to its minimum, whatever the sun does."""
    if not minimum_soc_unmet(s.p):
        return None
    assert s.p.vehicle is not None
    need = s.p.vehicle.min_soc_percent or 0.0
    facts = {"soc_percent": round(s.p.soc_percent, 1)} if s.p.soc_percent else {}
    return fast(s, because(Code.MINIMUM_SOC, minimum_percent=need, **facts))


def fast_once(s: Situation) -> Target | None:
    """A person wants full speed for once, in whatever mode, and whatever the limits are."""
    wish = s.p.settings.fast_once
    if wish is None:
        return None
    left_kwh = wish.remaining_kwh(s.p.session_kwh)
    facts = {} if left_kwh is None else {"left_kwh": round(left_kwh, 3)}
    return fast(s, because(Code.FAST_ONCE, until=wish.said, **facts))


def plan(s: Situation) -> Target | None:
    """A plan says that it is time."""
    planned = s.p.settings.plan
    if planned is None or not planned.active:
        return None
    return fast(s, planned.why or because(Code.PLAN_ACTIVE, finish=planned.finish))


def energy_limit(s: Situation) -> Target | None:
    """The session has the energy that it was allowed."""
    p = s.p
    limit, planned = p.settings.limit_energy_kwh, p.settings.plan
    if limit <= 0 or p.session_kwh < limit or (planned is not None and planned.soc_based):
        return None
    return _enough(p, because(Code.ENERGY_LIMIT, limit_kwh=limit, charged_kwh=round(p.session_kwh, 3)))


def soc_limit(s: Situation) -> Target | None:
    """The battery of the car is as full as it should be. 100 % never stops: the car decides."""
    p = s.p
    limit = limit_soc(p)
    if not 0 < limit < 100 or p.soc is None or not p.soc.trusted or p.soc.percent < limit:
        return None
    return _enough(p, because(Code.SOC_LIMIT, limit_percent=limit, soc_percent=round(p.soc.percent, 1)))


def now(s: Situation) -> Target | None:
    """As fast as possible."""
    if s.p.mode is not Mode.NOW:
        return None
    target = fast(s, because(Code.MODE_NOW))
    return Target(target.current_a, target.reasons, s.p.timer, target.phases)


def cheap_price(s: Situation) -> Target | None:
    """Electricity is cheap or clean enough right now."""
    if not smart_cost_active(s.p, s.rates):
        return None
    return fast(s, because(Code.CHEAP_PRICE, price=s.rates.planner or 0.0, limit=s.p.settings.smart_cost_limit or 0.0))


def feed_in_priority(s: Situation) -> Target | None:
    """Selling pays more than charging: hold back."""
    p = s.p
    if not feed_in_active(p, s.rates):
        return None
    reason = because(Code.FEED_IN_PRIORITY, price=s.rates.feed_in or 0.0, limit=p.settings.smart_feed_in_limit or 0.0)
    if p.mode is Mode.PV:
        return at_once(0.0, reason)
    one = 1 if phases.may_switch(p) and p.box.phases != 1 and budget.phase_wait_s(p) <= 0 else None
    return at_once(limits_a(p, 1)[0] if one else p.min_a, reason, phases=one)


def sun(s: Situation) -> Target:
    """What the sun gives; a welcome or the car's air conditioning gets the minimum where it gives nothing."""
    p = s.p
    target = solar(p, s.sun, s.why_no_sun)
    if s.house.battery_first and s.house.battery_charges and s.sun is not None:
        p.note(because(Code.BATTERY_FIRST, soc_percent=round(s.house.soc_percent or 0.0, 1)))
    wait_s = budget.phase_wait_s(p)
    if wait_s > 0 and p.switchable and phases.configured(p) == 0:
        p.note(because(Code.PHASE_BUDGET, remaining_s=round(wait_s)))
    if target.current_a > 0 or s.sun is None:
        return target
    if p.vehicle is not None and p.vehicle.climater:
        return Target(p.min_a, (because(Code.CLIMATER), *target.reasons), target.timer)
    if p.welcome:
        return Target(p.min_a, (because(Code.WELCOME_CHARGE), *target.reasons), target.timer)
    return target


RULES: tuple[Callable[[Situation], Target | None], ...] = (
    not_connected,
    off,
    no_reading,
    configured_phases,
    minimum_soc,
    fast_once,
    plan,
    energy_limit,
    soc_limit,
    now,
    cheap_price,
    feed_in_priority,
    sun,
)
FIRM = RULES[:-1]
"""Those that do not look at the surplus."""


def firm(s: Situation) -> Target | None:
    """What is decided whatever the sun does; None: the sun decides."""
    return next((opinion for rule in FIRM if (opinion := rule(s)) is not None), None)


def fast(s: Situation, *reasons: Reason) -> Target:
    """All phases and the effective maximum; what follows is decided without delay."""
    p = s.p
    wanted = None
    settled = p.since(p.box.phases_s) > SETTLE_S or p.by_person
    chosen = p.switchable and phases.configured(p) == 0
    if chosen and p.box.phases != 3 and p.vehicle_phases > 1 and settled and budget.phase_wait_s(p) <= 0:
        wanted = 3
    return at_once(limits_a(p, 3 if wanted else p.phases_active)[1], *reasons, phases=wanted)


def minimum_soc_unmet(p: Point) -> bool:
    """The car's state of charge, or where unknown the energy of this session, is below the vehicle's minimum.

    A reading that is too old to end a charge does not end this one, either: then energy does.
    """
    minimum = p.vehicle.min_soc_percent if p.vehicle is not None else None
    if p.vehicle is None or minimum is None or not 0 < minimum <= 100:
        return False
    if p.soc is not None and p.soc.current:
        told = p.car.anchor.percent if p.car.anchor is not None else p.soc.percent
        if p.soc.trusted or told >= minimum:
            return p.soc.percent < minimum
    elif p.vehicle.contact in (Contact.UNREAD, Contact.PENDING) and p.since(p.connected_s) < SOC_AWAITED_S:
        return False
    capacity = capacity_kwh(p)
    if capacity is None:
        return p.soc is not None and p.soc.current
    return p.session_kwh < capacity * minimum / 100 / EFFICIENCY


def limit_soc(p: Point) -> int:
    """Limit of this session, else the vehicle's, else 100 %."""
    if p.settings.limit_soc_percent > 0:
        return p.settings.limit_soc_percent
    own = p.vehicle.limit_soc_percent if p.vehicle is not None else None
    return int(own) if own is not None and 0 < own <= 100 else 100


def smart_cost_active(p: Point, rates: Rates) -> bool:
    """In the solar modes; zero and negative limits are valid."""
    limit = p.settings.smart_cost_limit
    return (
        p.mode in (Mode.PV, Mode.MINPV) and limit is not None and rates.planner is not None and rates.planner <= limit
    )


def feed_in_active(p: Point, rates: Rates) -> bool:
    """In the solar modes."""
    limit = p.settings.smart_feed_in_limit
    return (
        p.mode in (Mode.PV, Mode.MINPV) and limit is not None and rates.feed_in is not None and rates.feed_in >= limit
    )


def _fixed_phases(p: Point) -> int | None:
    """The configured phases that the box does not have yet; a box that refused is asked again after a minute."""
    wanted = phases.configured(p)
    if not p.switchable or wanted == 0 or wanted == p.box.phases:
        return None
    return wanted if p.since(p.box.phases_s) > SETTLE_S or p.by_person else None


def _unheard(p: Point) -> Reason:
    code = Code.WAITS_FOR_READING if p.memory.status is None else Code.CHARGER_SILENT
    facts = {"error": p.charger.error} if p.charger.error else {}
    return because(code, **facts)


def _enough(p: Point, reason: Reason) -> Target:
    if p.vehicle is not None and p.vehicle.climater and Feature.CLIMATER_DISABLED not in p.features:
        return offer(p, p.min_a, reason, because(Code.CLIMATER))
    return stop(p, reason)
