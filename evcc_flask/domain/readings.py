"""What the devices said: one immutable value per device, with its age and, where it failed, why.

A value that was not read, or could not be believed, is ``None``; it is never 0. ``at_s`` is the monotonic time of the
last answer that held the device's key value (a meter's power, a charger's status). An old value stays in the reading
after a failed read, so that the core can decide for how long it may still be used. ``error`` is about the key value;
``notes`` tell which of the others failed, and why: for people, no decision looks at them.
"""

from dataclasses import dataclass, field
from datetime import datetime

from .words import BatteryMode, Contact, Feature, Status

Phases = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class MeterReading:
    """One meter. Powers in W and currents in A, import, generation or discharge positive; energies in kWh.

    ``powers_at_s`` and ``currents_at_s``: when the oldest of the three was read; None: with the power.
    """

    name: str
    at_s: float | None = None
    power_w: float | None = None
    energy_kwh: float | None = None
    return_energy_kwh: float | None = None
    powers_w: Phases | None = None
    currents_a: Phases | None = None
    voltages_v: Phases | None = None
    error: str | None = None
    title: str = ""
    icon: str = ""
    notes: tuple[str, ...] = ()
    powers_at_s: float | None = None
    currents_at_s: float | None = None


@dataclass(frozen=True, slots=True)
class PvReading:
    """A PV meter; ``max_ac_w`` is the inverter's declared AC limit, above which a hybrid charges its battery by DC."""

    meter: MeterReading
    max_ac_w: float | None = None


@dataclass(frozen=True, slots=True)
class BatteryReading:
    """A home battery. ``mode`` is what the device itself reports, where it can be read back."""

    meter: MeterReading
    soc_percent: float | None = None
    capacity_kwh: float | None = None
    controllable: bool = False
    mode: BatteryMode | None = None
    min_soc_percent: float | None = None
    max_soc_percent: float | None = None
    max_charge_w: float | None = None
    max_discharge_w: float | None = None


@dataclass(frozen=True, slots=True)
class Failsafe:
    """What a charger does by itself when it hears nothing: after ``timeout_s`` it falls to ``current_a``."""

    timeout_s: float
    current_a: float
    how: str = ""


@dataclass(frozen=True, slots=True)
class ChargerTraits:
    """What a charger can do; fixed once its device is known.

    ``physical_phases``: 1, 3, or None where unknown. ``least_a``: below it the box takes 0 alone, which
    stops; 0: it takes whatever it is told. ``most_a``: A per phase that it can give. ``persistent_current``: the
    current is kept in flash, so writes are rationed. ``failsafe``: None means the box keeps its last current for ever.
    """

    switches_phases: bool = False
    milliampere: bool = False
    physical_phases: int | None = None
    least_a: float = 0.0
    most_a: float | None = None
    has_power: bool = False
    can_wake: bool = False
    persistent_current: bool = False
    failsafe: Failsafe | None = None
    features: frozenset[Feature] = frozenset()
    icon: str | None = None


@dataclass(frozen=True, slots=True)
class ChargerReading:
    """One wallbox. ``offered_a``, ``phases``, ``enabled``: what the box reports, None where it has no such register.

    ``power_w``, ``energy_kwh``, ``currents_a``, ``voltages_v`` come from the box, or from the loadpoint's own charge
    meter where the configuration names one. ``min_current_a`` and ``max_current_a`` are limits that the box reports.
    """

    name: str
    at_s: float | None = None
    status: Status | None = None
    enabled: bool | None = None
    offered_a: float | None = None
    phases: int | None = None
    power_w: float | None = None
    power_at_s: float | None = None
    energy_kwh: float | None = None
    currents_a: Phases | None = None
    voltages_v: Phases | None = None
    identifier: str | None = None
    soc_percent: float | None = None
    limit_soc_percent: float | None = None
    finish_time: datetime | None = None
    min_current_a: float | None = None
    max_current_a: float | None = None
    status_reason: str | None = None
    error: str | None = None
    notes: tuple[str, ...] = ()
    traits: ChargerTraits = field(default_factory=ChargerTraits)


@dataclass(frozen=True, slots=True)
class LimitReading:
    """What a circuit's own sources allow now, in A per phase and W; None: they say nothing, the static limit stands.

    ``awaited``: one of them has not been read since the start, and there is no static limit that stands for it.
    """

    current_a: float | None = None
    power_w: float | None = None
    awaited: bool = False


@dataclass(frozen=True, slots=True)
class GridOrder:
    """What the grid operator orders now. ``limit_w``: W that cars and battery may draw together; None: they are free.

    ``minimum_w``: what is owed to the house by law. ``with_sun``: what the sun gives comes on top. ``cause``: order,
    unread where nobody knows what is ordered, or test. ``production_percent``: what may be fed in, for people.
    """

    kind: str
    limit_w: float | None = None
    minimum_w: float = 0.0
    with_sun: bool = True
    cause: str = "order"
    production_percent: float | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class CarTraits:
    """What a car's own account can tell and do; fixed once it is built. All False: an offline car."""

    has_soc: bool = False
    has_status: bool = False
    has_climater: bool = False
    can_wake: bool = False
    can_enable: bool = False
    can_set_current: bool = False


@dataclass(frozen=True, slots=True)
class CarReading:
    """What a car's own account said last; nothing of the configuration, nothing of what people want of the car.

    ``at_s``: house monotonic time of the SoC (where it tells none: of its status), None before the first. A value
    that a later poll did not bring stays, with the time it is of; ``error`` says why, ``contact`` how the account
    stands. ``asked_at_s``: when it was last asked. ``offered_a``: the car's own current limit in A per phase.
    ``finish_time``: when the car itself expects to be full. ``charged_energy_kwh``: what it counted in this charge.
    """

    name: str
    contact: Contact = Contact.NONE
    at_s: float | None = None
    asked_at_s: float | None = None
    soc_percent: float | None = None
    limit_soc_percent: float | None = None
    range_km: float | None = None
    odometer_km: float | None = None
    status: Status | None = None
    climater: bool | None = None
    offered_a: float | None = None
    finish_time: datetime | None = None
    charged_energy_kwh: float | None = None
    latitude: float | None = None
    longitude: float | None = None
    error: str | None = None
    notes: tuple[str, ...] = ()
    traits: CarTraits = field(default_factory=CarTraits)


@dataclass(frozen=True, slots=True)
class VehicleReading:
    """What is known of the car at a loadpoint: its facts, what people want of it, and what its account said last.

    ``name`` empty: a guest. ``at_s``: when its SoC was read. Unknown stays None.
    """

    name: str
    title: str = ""
    at_s: float | None = None
    soc_percent: float | None = None
    limit_soc_percent: float | None = None
    range_km: float | None = None
    odometer_km: float | None = None
    status: Status | None = None
    climater: bool | None = None
    capacity_kwh: float | None = None
    phases: int | None = None
    min_current_a: float | None = None
    max_current_a: float | None = None
    min_soc_percent: float | None = None
    vehicle_limit_soc_percent: float | None = None
    priority: int = 0
    features: frozenset[Feature] = frozenset()
    contact: Contact = Contact.NONE
    asked_at_s: float | None = None
    error: str | None = None
