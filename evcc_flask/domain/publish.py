"""What is shown of a decision: the sheets of this cycle as immutable values."""

from . import budget, costs, identify, leading, rules
from .accounting import co2_per_kwh, price_per_kwh, solar_percent
from .battery import Verdict
from .circuits import Circuits
from .decision import Event, LoadpointDecision, SiteDecision
from .figures import EFFICIENCY, LATE_S
from .house import House
from .limits import limits_a
from .memory import BatteryMemory, OpenSession, TimerKind
from .moment import Moment
from .point import Point
from .reasons import Code, Reason, because
from .settings import Plan, Settings
from .snapshot import Rates, Snapshot
from .soc import capacity_kwh
from .target import Target
from .words import BatteryMode

PV_ACTIONS = {TimerKind.ENABLE: "enable", TimerKind.DISABLE: "disable"}
PHASE_ACTIONS = {TimerKind.SCALE_1P: "scale1p", TimerKind.SCALE_3P: "scale3p"}


def loadpoint(
    p: Point, target: Target, limits: list[Reason], session: OpenSession | None, rates: Rates, now: Moment
) -> LoadpointDecision:
    """One loadpoint."""
    kind = target.timer.kind if target.timer is not None and target.remaining_s > 0 else None
    pv_action = PV_ACTIONS.get(kind, "inactive") if kind is not None else "inactive"
    phase_action = PHASE_ACTIONS.get(kind, "inactive") if kind is not None else "inactive"
    charged_wh = session.charged_kwh * 1000 if session is not None else 0.0
    remaining_wh = _remaining_wh(p)
    low_a, high_a = limits_a(p, p.phases_active)
    planned = p.settings.plan
    return LoadpointDecision(
        connected=p.connected,
        charging=p.charging,
        enabled=p.known_on,
        offered_a=p.offered_a if p.known_on else 0.0,
        charge_power_w=p.power_w,
        charge_currents_a=p.currents_a,
        phases_active=p.phases_before,
        effective_min_a=low_a,
        effective_max_a=high_a,
        effective_priority=p.priority,
        effective_limit_soc_percent=rules.limit_soc(p),
        pv_action=pv_action,
        pv_remaining_s=target.remaining_s if pv_action != "inactive" else 0.0,
        phase_action=phase_action,
        phase_remaining_s=target.remaining_s if phase_action != "inactive" else 0.0,
        session_energy_wh=charged_wh,
        session_solar_percent=(solar_percent(session) or 0.0) if session is not None else 0.0,
        session_price=session.price if session is not None else None,
        session_price_per_kwh=price_per_kwh(session) if session is not None else None,
        session_co2_per_kwh=co2_per_kwh(session) if session is not None else None,
        charge_duration_s=session.charge_duration_s if session is not None else 0.0,
        connected_duration_s=now.since(session.connected_s) if session is not None else 0.0,
        remaining_energy_wh=remaining_wh,
        remaining_duration_s=remaining_wh * 3600 / p.power_w if p.charging and p.power_w > 0 else 0.0,
        smart_cost_active=rules.smart_cost_active(p, rates),
        feed_in_priority_active=rules.feed_in_active(p, rates),
        plan_active=planned is not None and planned.active,
        plan=planned,
        soc=p.soc,
        detecting=identify.looks(p),
        welcome=p.welcome,
        switches_last_hour=len(budget.last_hour(p.memory.switches, p.now_s)),
        phase_switches_last_hour=len(budget.last_hour(p.memory.phase_switches, p.now_s)),
        reasons=(*leading.in_order(p, target, limits), *_planned(planned)),
        events=(*p.events, *((Event.PLAN_OVERRUN,) if planned is not None and planned.overruns else ())),
    )


def _planned(plan: Plan | None) -> tuple[Reason, ...]:
    """What a plan waits for, and that it will be late; why it charges is said by its rule."""
    if plan is None or plan.why is None:
        return ()
    late = because(Code.PLAN_LATE, overrun_s=round(plan.overrun_s), finish=plan.finish)
    told = (late,) if plan.overrun_s >= LATE_S else ()
    return told if plan.active else (plan.why, *told)


def _remaining_wh(p: Point) -> float:
    """Until the energy limit, or until the car is as full as it should be; 0 where neither is known."""
    if not p.connected:
        return 0.0
    if p.settings.limit_energy_kwh > 0:
        return max(0.0, p.settings.limit_energy_kwh - p.session_kwh) * 1000
    capacity = capacity_kwh(p)
    if not p.soc_percent or capacity is None:
        return 0.0
    own = p.vehicle.vehicle_limit_soc_percent if p.vehicle is not None else None
    goal = min(rules.limit_soc(p), own if own is not None and 0 < own <= 100 else 100)
    return max(0.0, goal - p.soc_percent) / 100 * capacity / EFFICIENCY * 1000


def site(
    snapshot: Snapshot,
    settings: Settings,
    h: House,
    rates: Rates,
    circuits: Circuits,
    batteries: BatteryMemory,
    why_no_sun: Reason | None,
    verdict: Verdict,
) -> SiteDecision:
    """The house."""
    protected = bool(settings.circuits)
    reasons = [*h.doubts]
    if why_no_sun is not None:
        reasons.insert(0, why_no_sun)
    if not protected:
        reasons.append(because(Code.UNPROTECTED))
    orders = [batteries.orders.get(each.meter.name) for each in snapshot.batteries if each.controllable]
    return SiteDecision(
        grid_w=h.grid_w,
        pv_w=h.pv_w,
        battery_w=h.battery_w,
        battery_soc_percent=h.soc_percent,
        aux_w=h.aux_w,
        home_w=h.home_w,
        site_power_w=h.site_w,
        green_share_home=h.green_home,
        green_share_loadpoints=h.green_charge if h.green_home is not None else None,
        price_home=costs.price(rates, h.green_home) if h.green_home is not None else None,
        price_loadpoints=costs.price(rates, h.green_charge) if h.green_home is not None else None,
        co2_home_g=costs.co2_g(rates, h.green_home) if h.green_home is not None else None,
        co2_loadpoints_g=costs.co2_g(rates, h.green_charge) if h.green_home is not None else None,
        battery_mode=orders[0].in_force if orders and orders[0] is not None else BatteryMode.UNKNOWN,
        grid_charge_active=verdict.grid_charge,
        circuits=circuits.published(),
        protected=protected,
        reasons=tuple(reasons),
        battery_reasons=verdict.reasons,
    )
