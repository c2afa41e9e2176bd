"""How a simulated house is built: what a scenario, the demo and a property test hand to :class:`~.house.House`."""

from dataclasses import dataclass, field
from datetime import datetime, time

Lines = tuple[int, ...]
"""House phases by number, 0 to 2."""


@dataclass(frozen=True, slots=True)
class PvDescription:
    """A string of modules. ``azimuth_deg``: 180 = south. ``max_ac_w``: what its inverter can send; None: ample."""

    peak_w: float = 8000.0
    tilt_deg: float = 35.0
    azimuth_deg: float = 180.0
    max_ac_w: float | None = None
    lines: Lines = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class BatteryDescription:
    """A home battery; ``dc_coupled_to``: the place of the PV string that shares its inverter, or None for AC."""

    capacity_kwh: float = 10.0
    soc_percent: float = 50.0
    min_soc_percent: float = 5.0
    max_charge_w: float = 5000.0
    max_discharge_w: float = 5000.0
    efficiency: float = 0.95
    response_s: float = 2.0
    dc_coupled_to: int | None = None
    lines: Lines = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class BoxDescription:
    """A wallbox. ``phases``: wired; ``starts_enabled`` with ``default_a``: what it does after power-up, on its own."""

    phases: int = 3
    phase_order: tuple[int, int, int] = (0, 1, 2)
    max_current_a: float = 16.0
    default_a: float = 16.0
    starts_enabled: bool = False
    switch_pause_s: float = 4.0
    switch_delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Stay:
    """Every day the car comes to its box at ``comes`` with ``used_kwh`` less, and leaves at ``leaves``."""

    comes: time
    leaves: time
    used_kwh: float = 8.0


@dataclass(frozen=True, slots=True)
class CarDescription:
    """An electric car and the box it belongs to.

    ``takes``: share of the offered current that it draws. ``limit_soc_percent``: its own limit, where it ends the
    charge. ``taper_from_percent``: from here the on-board charger falls to a tenth of its power at 100 %.
    ``asleep``: it takes nothing until it is woken. ``stays`` empty: it never moves by itself.
    """

    box: int = 0
    plugged: bool = True
    capacity_kwh: float = 60.0
    soc_percent: float = 40.0
    phases: int = 3
    max_current_a: float = 16.0
    takes: float = 1.0
    limit_soc_percent: float = 100.0
    taper_from_percent: float = 95.0
    efficiency: float = 0.9
    ramp_s: float = 5.0
    wait_s: float = 2.0
    asleep: bool = False
    stays: tuple[Stay, ...] = ()


@dataclass(frozen=True, slots=True)
class HouseDescription:
    """A house at a place and a day. ``clouds``: 0 clear sky to 1 overcast, None: each day's own by the seed.

    ``lag_s``: the grid meter shows what was so long ago. ``impedance_ohm`` per phase up to the transformer: 0 keeps
    the voltage at 230 V. ``jitter_w``: by how much a told load wavers. ``export_limit_w``: the PV is throttled so
    that no more is fed in; None: no limit.
    """

    start: datetime
    seed: int = 1
    latitude_deg: float = 48.1
    longitude_deg: float = 11.6
    clouds: float | None = None
    base_load_w: float = 250.0
    jitter_w: float = 0.0
    lag_s: float = 0.0
    impedance_ohm: float = 0.0
    export_limit_w: float | None = None
    pv: tuple[PvDescription, ...] = (PvDescription(),)
    batteries: tuple[BatteryDescription, ...] = ()
    boxes: tuple[BoxDescription, ...] = field(default_factory=lambda: (BoxDescription(),))
    cars: tuple[CarDescription, ...] = field(default_factory=lambda: (CarDescription(),))


def sunny_house(start: datetime, seed: int = 1) -> HouseDescription:
    """The house that we show: two strings, a hybrid inverter with battery, a fixed and a phase switching box."""
    return HouseDescription(
        start=start,
        seed=seed,
        clouds=0.25,
        impedance_ohm=0.08,
        pv=(
            PvDescription(peak_w=6500.0, azimuth_deg=200.0),
            PvDescription(peak_w=4800.0, azimuth_deg=130.0, max_ac_w=5000.0),
        ),
        batteries=(BatteryDescription(capacity_kwh=9.6, soc_percent=62.0, dc_coupled_to=1),),
        boxes=(BoxDescription(), BoxDescription()),
        cars=(
            CarDescription(box=0, capacity_kwh=77.0, soc_percent=46.0, stays=(Stay(time(17, 40), time(13, 30), 14.0),)),
            CarDescription(
                box=1,
                capacity_kwh=40.0,
                soc_percent=35.0,
                phases=1,
                max_current_a=32.0,
                stays=(Stay(time(10, 15), time(8, 5), 9.0),),
                plugged=False,
            ),
        ),
    )
