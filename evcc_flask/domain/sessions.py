"""A charging session: one per plug-in, its energy counted once, whatever the counters do."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One row as stored. ``key`` identifies it within this run; energies in kWh, meter readings in kWh, times aware."""

    key: str
    loadpoint: int
    title: str
    vehicle: str
    identifier: str
    created: datetime | None
    finished: datetime | None
    meter_start_kwh: float | None
    meter_stop_kwh: float | None
    charged_kwh: float
    charge_duration_s: float
    solar_percent: float | None
    price: float | None
    price_per_kwh: float | None
    co2_per_kwh: float | None
    odometer_km: float | None
    closed: bool
