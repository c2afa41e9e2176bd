"""What a cycle decided: commands, what is to be remembered, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from .carmemory import Soc
from .commands import Command
from .memory import Memory
from .orders import GridEvent, InForce
from .quarters import Quarter
from .reasons import Reason
from .sessions import SessionRow
from .settings import Plan
from .words import BatteryMode


class Event(Enum):
    """What happened at a loadpoint in this cycle, by evcc's names."""

    CONNECT = "connect"
    DISCONNECT = "disconnect"
    START = "start"
    STOP = "stop"
    ASLEEP = "asleep"
    SOC = "soc"
    GUEST = "guest"
    PLAN_OVERRUN = "planoverrun"


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the account of the car ``name``. ``anew``: whatever its cache holds."""

    name: str
    anew: bool = False


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A wish that the rules end by themselves (a limit at disconnect, boost): a field of LoadpointSettings.

    ``rule``: ``disconnect``, ``swap`` where another car came unseen, ``identified`` for a car that was found out, or
    ``restart`` where the car left while the program was away.
    """

    loadpoint: int
    name: str
    value: object
    rule: str = "disconnect"


@dataclass(frozen=True, slots=True)
class LoadpointDecision:
    """What is published of a loadpoint. Powers in W, currents in A per phase, durations in s, energies as named."""

    connected: bool = False
    charging: bool = False
    enabled: bool = False
    offered_a: float = 0.0
    charge_power_w: float = 0.0
    charge_currents_a: tuple[float, float, float] | None = None
    phases_active: int = 3
    effective_min_a: float = 6.0
    effective_max_a: float = 16.0
    effective_priority: int = 0
    effective_limit_soc_percent: int = 100
    pv_action: str = "inactive"
    pv_remaining_s: float = 0.0
    phase_action: str = "inactive"
    phase_remaining_s: float = 0.0
    session_energy_wh: float = 0.0
    session_solar_percent: float = 0.0
    session_price: float | None = None
    session_price_per_kwh: float | None = None
    session_co2_per_kwh: float | None = None
    charge_duration_s: float = 0.0
    connected_duration_s: float = 0.0
    remaining_energy_wh: float = 0.0
    remaining_duration_s: float = 0.0
    smart_cost_active: bool = False
    feed_in_priority_active: bool = False
    plan_active: bool = False
    plan: Plan | None = None
    soc: Soc | None = None
    detecting: bool = False
    welcome: bool = False
    switches_last_hour: int = 0
    phase_switches_last_hour: int = 0
    reasons: tuple[Reason, ...] = ()
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class CircuitDecision:
    """Measured or summed load of a circuit: W, and A of the house phases; the limits in force, 0 = none."""

    power_w: float | None
    currents_a: tuple[float, float, float] | None
    overloaded: bool = False
    max_current_a: float = 0.0
    max_power_w: float = 0.0


@dataclass(frozen=True, slots=True)
class SiteDecision:
    """What is published of the house; None = not known. ``site_power_w`` negative = surplus.

    Prices per kWh and CO2 in g/kWh as home and loadpoints have them now, with their part of sun and battery.
    """

    grid_w: float | None = None
    pv_w: float | None = None
    battery_w: float | None = None
    battery_soc_percent: float | None = None
    aux_w: float = 0.0
    home_w: float | None = None
    site_power_w: float | None = None
    green_share_home: float | None = None
    green_share_loadpoints: float | None = None
    price_home: float | None = None
    price_loadpoints: float | None = None
    co2_home_g: float | None = None
    co2_loadpoints_g: float | None = None
    battery_mode: BatteryMode = BatteryMode.UNKNOWN
    grid_charge_active: bool = False
    circuits: Mapping[str, CircuitDecision] = field(default_factory=dict)
    protected: bool = False
    reasons: tuple[Reason, ...] = ()
    battery_reasons: tuple[Reason, ...] = ()
    order: InForce | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """``memory`` goes into the next cycle; ``changes`` into the settings; ``sessions`` into the database.

    ``quarter``: what flowed since the last cycle, None where nobody can say when.
    """

    commands: tuple[Command, ...]
    memory: Memory
    site: SiteDecision
    loadpoints: tuple[LoadpointDecision, ...]
    changes: tuple[SettingChange, ...] = ()
    sessions: tuple[SessionRow, ...] = ()
    quarter: Quarter | None = None
    grid_events: tuple[GridEvent, ...] = ()
    asks: tuple[Ask, ...] = ()
