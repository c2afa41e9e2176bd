"""What people want, and how the house is built: wishes change at any time, the house with its file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .once import FastOnce
from .plans import EnergyPlan, Goal
from .reasons import Reason
from .vehicles import ManualSoc, PollMode, VehicleSettings
from .words import BatteryMode, Mode

VOLTAGE_V = 230.0
"""Nominal phase voltage; docs/control.rst, constants."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """Grid power in W (negative = export) that must last for ``delay_s``; 0 W means: the surplus covers the minimum."""

    power_w: float = 0.0
    delay_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A charging plan as the planner sees it now: ``active``: charge fast now; ``finish``: as text, for people.

    ``soc_based``: plans go by SoC here, there may be none. ``start`` to ``end``: of all its slots, as they are now.
    ``overrun_s``: so late it will be; ``overruns``: since this moment. ``why``: why it charges now, or not yet.
    """

    active: bool = False
    finish: str = ""
    soc_based: bool = False
    goal: Goal | None = None
    start: datetime | None = None
    end: datetime | None = None
    overrun_s: float = 0.0
    overruns: bool = False
    why: Reason | None = None


@dataclass(frozen=True, slots=True)
class LoadpointSettings:
    """One loadpoint. Currents in A per phase; ``phases``: 0 automatic, 1 or 3. Limits: 0 = none.

    ``default_mode`` and ``default_vehicle``: those of the configuration, taken at disconnect. ``vehicle``: the name of
    the car that stands here, None: a guest. ``energy_plan``: a person's, for a car of unknown SoC. ``phase_order``:
    which house phase carries the box's L1, L2, L3 (0-based). ``min_current_1p_a`` … override the general currents for
    that phase count. States of the running connection: ``boost``; ``manual_soc``; ``chosen``: a person said which car
    stands here, or a guest; ``detect_at``: when a person asked to find it out. ``fast_once``: charge fast for once,
    whatever the mode is. ``plan``: the planner's word of this cycle, no wish of anybody.
    """

    title: str = ""
    mode: Mode = Mode.OFF
    default_mode: Mode | None = None
    priority: int = 0
    phases: int = 0
    min_current_a: float = 6.0
    max_current_a: float = 16.0
    enable: Threshold = Threshold(0.0, 60.0)
    disable: Threshold = Threshold(0.0, 180.0)
    limit_soc_percent: int = 0
    limit_energy_kwh: float = 0.0
    boost: bool = False
    smart_cost_limit: float | None = None
    smart_feed_in_limit: float | None = None
    circuit: str | None = None
    phase_order: tuple[int, int, int] = (0, 1, 2)
    min_current_1p_a: float | None = None
    max_current_1p_a: float | None = None
    min_current_3p_a: float | None = None
    max_current_3p_a: float | None = None
    vehicle: str | None = None
    default_vehicle: str | None = None
    chosen: bool = False
    detect_at: datetime | None = None
    manual_soc: ManualSoc | None = None
    poll: PollMode = PollMode.CHARGING
    poll_interval_s: float = 3600.0
    estimate: bool = True
    energy_plan: EnergyPlan | None = None
    fast_once: FastOnce | None = None
    plan: Plan | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Circuit:
    """A fuse: limits in A per phase and W, 0 = none. ``meter``: it has a meter of its own in the snapshot."""

    name: str
    title: str = ""
    parent: str | None = None
    max_current_a: float = 0.0
    max_power_w: float = 0.0
    meter: bool = False
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True)
class ExternalBatteryMode:
    """A mode ordered from outside; it lapses 60 s after ``set_at_s`` unless it is repeated."""

    mode: BatteryMode
    set_at_s: float


@dataclass(frozen=True, slots=True)
class Settings:
    """All wishes of the house, and its circuits. SoC values in %, 0 = off. ``external_battery_mode`` None: nobody.

    ``telemetry`` is kept for those who ask for it; nothing is sent to anyone.
    """

    title: str = ""
    interval_s: float = 10.0
    voltage_v: float = VOLTAGE_V
    residual_power_w: float = 0.0
    priority_soc_percent: float = 0.0
    buffer_soc_percent: float = 0.0
    buffer_start_soc_percent: float = 0.0
    battery_discharge_control: bool = False
    battery_grid_charge_limit: float | None = None
    external_battery_mode: ExternalBatteryMode | None = None
    telemetry: bool = False
    circuits: tuple[Circuit, ...] = ()
    vehicles: Mapping[str, VehicleSettings] = field(default_factory=dict)
    loadpoints: tuple[LoadpointSettings, ...] = field(default_factory=tuple)

    def vehicle_at(self, index: int) -> VehicleSettings | None:
        """The car at a loadpoint (0-based); None: a guest, or nobody."""
        name = self.loadpoints[index].vehicle
        return self.vehicles.get(name) if name is not None else None
