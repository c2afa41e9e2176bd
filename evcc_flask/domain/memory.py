"""What carries over from one cycle to the next; nothing else does.

All times are monotonic seconds. The core makes new values and never changes old ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from .backoff import Backoff
from .carmemory import NOBODY_YET, CarMemory
from .orders import OrderMemory
from .plans import EnergyPlan, Goal
from .readings import Phases
from .settings import LoadpointSettings
from .words import BatteryMode, Mode, Status


class TimerKind(Enum):
    """What a loadpoint's timer waits for; ELAPSED waits for nothing, the next decision is not delayed."""

    ELAPSED = "elapsed"
    ENABLE = "enable"
    DISABLE = "disable"
    SCALE_1P = "scale1p"
    SCALE_3P = "scale3p"


@dataclass(frozen=True, slots=True)
class Timer:
    """The one timer of a loadpoint. A deficit that a switch to one phase may cure keeps its ``since_s``."""

    kind: TimerKind
    since_s: float = 0.0


ELAPSED = Timer(TimerKind.ELAPSED)


@dataclass(frozen=True, slots=True)
class Held:
    """The last believable value of a meter, and when it was read."""

    value: float
    at_s: float


@dataclass(frozen=True, slots=True)
class Box:
    """What we told a wallbox, or saw there: ``enabled`` and ``offered_a`` None = not known yet.

    ``told_a``: the last current sent. ``changed_s`` and ``before_w``: when its power was last meant to change, and
    what it drew until then. ``resend``: the last current was refused; ``lowered``: how often in a row it refused to be
    told less. ``missed``: it did not do what it was told last. ``refused``: the last enable was, and nothing has shown
    since that the box is on. ``stops`` and ``offers``: repetitions so far. ``rested``: since our last stop it was seen
    off, or without current. ``recalled``: what the run before told it; the box itself has not been heard yet.
    """

    enabled: bool | None = None
    offered_a: float | None = None
    previous_a: float | None = None
    told_a: float | None = None
    resend: bool = False
    lowered: int = 0
    missed: bool = False
    phases: int | None = None
    previous_phases: int | None = None
    enabled_s: float | None = None
    offered_s: float | None = None
    phases_s: float | None = None
    changed_s: float | None = None
    before_w: float = 0.0
    refused: bool = False
    stops: int = 0
    rested: bool = False
    offers: int = 0
    recalled: bool = False


@dataclass(frozen=True, slots=True)
class Wake:
    """Trying to wake a car: since when, and how often it was tried."""

    since_s: float
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """When a car's account was last asked, and how patient to be with it."""

    at_s: float
    patience: Backoff


@dataclass(frozen=True, slots=True)
class Still:
    """Since when a counter has not moved, the kWh that flowed since by the power, and its coarsest step so far."""

    since_s: float
    kwh: float = 0.0
    step_kwh: float = 0.0


@dataclass(frozen=True, slots=True)
class OpenSession:
    """The session of the car that is plugged in. Energies in kWh; ``created`` None until a charge begins.

    ``counter_kwh``: the counter as last believed, so that what is charged while nobody looks is not lost;
    ``suspect``: the first of its values that cannot follow from it. ``resumed_s`` and ``resumed_w``: when the run
    before saw it charging last, and with what power; None once this run has seen the box. ``ahead_kwh``: charged by
    the power, since the counter stands still.
    """

    key: str
    connected_s: float
    created: datetime | None = None
    created_s: float | None = None
    finished: datetime | None = None
    identifier: str = ""
    vehicle: str = ""
    meter_start_kwh: float | None = None
    counter_kwh: float | None = None
    counter_s: float | None = None
    suspect: Held | None = None
    integrated_s: float | None = None
    charged_kwh: float = 0.0
    solar_kwh: float = 0.0
    charge_duration_s: float = 0.0
    price: float | None = None
    priced_kwh: float = 0.0
    co2_g: float | None = None
    co2_kwh: float = 0.0
    resumed_s: float | None = None
    resumed_w: float | None = None
    odometer_km: float | None = None
    still: Still | None = None
    ahead_kwh: float = 0.0


@dataclass(frozen=True, slots=True)
class PlanMemory:
    """``goal``: of the plan that charges now, held until it ends; None: none does. ``slot_end``: of its running slot.

    ``late``: that it will be late was told. ``energy_plan`` counts from ``from_kwh`` of the session on. ``took_w``: the
    most that the car was seen to take in this connection when it might take ``of_w``.
    """

    goal: Goal | None = None
    slot_end: datetime | None = None
    late: bool = False
    energy_plan: EnergyPlan | None = None
    from_kwh: float = 0.0
    took_w: float = 0.0
    of_w: float = 0.0


@dataclass(frozen=True, slots=True)
class LoadpointMemory:
    """One loadpoint. ``switches`` and ``phase_switches``: times of what we switched by ourselves in the last hour.

    ``drawn_a``: A by house phase when it was last heard.
    """

    status: Status | None = None
    charging_s: float | None = None
    mode: Mode | None = None
    wishes: LoadpointSettings | None = None
    person_s: float | None = None
    timer: Timer | None = None
    box: Box = Box()
    measured_phases: int | None = None
    drawn_a: Phases = (0.0, 0.0, 0.0)
    power: Held | None = None
    wake: Wake | None = None
    boosting: bool = False
    switches: tuple[float, ...] = ()
    phase_switches: tuple[float, ...] = ()
    session: OpenSession | None = None
    car: CarMemory = NOBODY_YET
    plan: PlanMemory = PlanMemory()


@dataclass(frozen=True, slots=True)
class CircuitMemory:
    """The last readings of a circuit's own meter, and when the circuit was last overloaded.

    ``ours_a`` and ``ours_w``: what our loadpoints below drew at that reading, A by house phase and W.
    """

    power: Held | None = None
    currents_a: Phases | None = None
    currents_s: float = 0.0
    ours_a: Phases = (0.0, 0.0, 0.0)
    ours_w: float = 0.0
    over_s: float | None = None


@dataclass(frozen=True, slots=True)
class BatteryOrder:
    """The mode that we sent last, when, and how often again since. ``ours``: it is not in its usual mode because of us.

    ``before`` and ``was_ours``: what was in force until then, and is again when it refuses (``error`` says why).
    ``found``: what it was in before our first order, None where it does not tell. ``confirmed``: it has shown the mode.
    ``recalled``: the run before sent it, and nobody knows whether the battery still remembers. ``kept_from``: it was
    not sent on, since nothing is written or the battery knows no modes; it is not given again.
    """

    mode: BatteryMode
    ours: bool = False
    before: BatteryMode = BatteryMode.UNKNOWN
    was_ours: bool = False
    found: BatteryMode | None = None
    sent_s: float = 0.0
    tries: int = 0
    confirmed: bool = False
    recalled: bool = False
    kept_from: bool = False
    error: str = ""

    @property
    def in_force(self) -> BatteryMode:
        """The mode that the battery is in, as far as our orders go."""
        return self.before if self.kept_from or self.error else self.mode


@dataclass(frozen=True, slots=True)
class BatteryMemory:
    """``orders`` by the name of the battery. ``external``: its mode was ordered from outside, ``ended_s``: until."""

    orders: Mapping[str, BatteryOrder] = field(default_factory=dict)
    external: bool = False
    socs: tuple[Held | None, ...] = ()
    ended_s: float | None = None


@dataclass(frozen=True, slots=True)
class MeterTest:
    """A change of ours under observation: powers in W as they were before it.

    ``seen_s``: when the cars had followed; ``late``: the grid meter had not, for a while.
    """

    since_s: float
    charge_w: float
    balance_w: float
    seen_s: float | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Lag:
    """A change of ours that the grid meter may not show yet: W of metered charging and of the balance before it."""

    since_s: float
    charge_w: float
    balance_w: float


@dataclass(frozen=True, slots=True)
class MetersMemory:
    """What the tests of the meters showed so far. ``verdict``: a reason's code value, with the numbers of the test."""

    test: MeterTest | None = None
    contradictions: int = 0
    verdict: str | None = None
    caused_w: float = 0.0
    jump_w: float = 0.0
    same_w: float | None = None
    same_since_s: float = 0.0
    same_at_s: float = 0.0
    same_readings: int = 0
    rest_low_w: float = 0.0
    rest_high_w: float = 0.0


@dataclass(frozen=True, slots=True)
class Counted:
    """A counter as last seen, and in kWh what power, counter and our book say since it was ``anchored`` by a move.

    ``owed_kwh``: what was booked too much (negative: too little) and is still to be settled.
    """

    kwh: float
    anchored: bool = False
    power_kwh: float = 0.0
    counted_kwh: float = 0.0
    booked_kwh: float = 0.0
    owed_kwh: float = 0.0


@dataclass(frozen=True, slots=True)
class FlowsMemory:
    """The house's powers in W at the last cycle, and what home is still to be given (negative: it was given too much).

    ``counters``: of import, export, discharge and charge.
    """

    at_s: float
    grid_w: float | None = None
    pv_w: float | None = None
    battery_w: float | None = None
    home_w: float | None = None
    counters: tuple[Counted | None, ...] = ()
    owed_kwh: float = 0.0


@dataclass(frozen=True, slots=True)
class Memory:
    """The whole memory of the house. A fresh ``Memory()`` is the state after a start.

    ``started_s``: when the program began; without it the first decision counts as the start. ``seen``: the charge
    power in W that belongs to the grid reading of ``seen_s``.
    """

    started_s: float | None = None
    decided_s: float | None = None
    loadpoints: tuple[LoadpointMemory, ...] = ()
    held: Mapping[str, Held] = field(default_factory=dict)
    seen_s: float | None = None
    seen_w: float = 0.0
    lag: Lag | None = None
    battery: BatteryMemory = BatteryMemory()
    circuits: Mapping[str, CircuitMemory] = field(default_factory=dict)
    meters: MetersMemory = MetersMemory()
    flows: FlowsMemory | None = None
    asked: Mapping[str, Asked] = field(default_factory=dict)
    order: OrderMemory | None = None

    def changed_batteries(self) -> Mapping[str, BatteryMode]:
        """Names of the batteries that we changed, each with the mode that it must go back to when we leave."""
        held = (BatteryMode.HOLD, BatteryMode.CHARGE)
        return {
            name: order.found if order.found in held else BatteryMode.NORMAL
            for name, order in self.battery.orders.items()
            if order.ours or order.was_ours
        }
