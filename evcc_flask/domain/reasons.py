"""Why: typed codes with numbers. Sentences for people are made of them elsewhere, in each language."""

from dataclasses import dataclass
from enum import Enum

Fact = float | int | str | bool


class Code(Enum):
    """Each code is one thing that decided, delayed or limited; the value is what the API publishes."""

    # what decided
    NOT_CONNECTED = "not_connected"
    MODE_OFF = "mode_off"
    MODE_NOW = "mode_now"
    WELCOME_CHARGE = "welcome_charge"
    MINIMUM_SOC = "minimum_soc"
    FAST_ONCE = "fast_once"
    PLAN_ACTIVE = "plan_active"
    ENERGY_LIMIT = "energy_limit"
    SOC_LIMIT = "soc_limit"
    CLIMATER = "climater"
    CHEAP_PRICE = "cheap_price"
    FEED_IN_PRIORITY = "feed_in_priority"
    CHARGES_FROM_SUN = "charges_from_sun"
    MINIMUM_CURRENT = "minimum_current"
    BATTERY_START = "battery_start"
    BATTERY_BUFFER = "battery_buffer"
    BATTERY_BOOST = "battery_boost"
    BATTERY_FIRST = "battery_first"
    HIGHER_PRIORITY_FIRST = "higher_priority_first"

    # what it waits for
    WAITS_FOR_SUN = "waits_for_sun"
    STARTS_SOON = "starts_soon"
    STOPS_SOON = "stops_soon"
    ONE_PHASE_SOON = "one_phase_soon"
    THREE_PHASES_SOON = "three_phases_soon"
    PHASES_SETTLE = "phases_settle"
    SWITCHES_PHASES = "switches_phases"
    WAITS_FOR_READING = "waits_for_reading"
    WAITS_FOR_GRID = "waits_for_grid"
    WAITS_FOR_CAR = "waits_for_car"
    WAKES_CAR = "wakes_car"
    DETECTS_VEHICLE = "detects_vehicle"
    PLAN_STARTS = "plan_starts"
    PLAN_WAITS_FOR_PRICES = "plan_waits_for_prices"
    PLAN_WAITS_FOR_CLOCK = "plan_waits_for_clock"
    PLAN_WAITS_FOR_SOC = "plan_waits_for_soc"
    SWITCH_BUDGET = "switch_budget"
    PHASE_BUDGET = "phase_budget"

    # what limited it
    DIMMED = "dimmed"
    LIMITED_BY_CIRCUIT = "limited_by_circuit"
    CIRCUIT_CALMS_DOWN = "circuit_calms_down"
    CIRCUIT_METER_MISSING = "circuit_meter_missing"
    CIRCUIT_LIMIT_MISSING = "circuit_limit_missing"
    LIMITED_BY_LOADPOINT = "limited_by_loadpoint"
    LIMITED_BY_VEHICLE = "limited_by_vehicle"
    LIMITED_BY_CAR = "limited_by_car"
    LIMITED_BY_CHARGER = "limited_by_charger"
    MINIMUM_ABOVE_MAXIMUM = "minimum_above_maximum"
    SPARES_FLASH = "spares_flash"

    # what is wrong
    PLAN_LATE = "plan_late"
    METER_SILENT = "meter_silent"
    IMPLAUSIBLE_VALUE = "implausible_value"
    GRID_MISSING = "grid_missing"
    BATTERY_MISSING = "battery_missing"
    GRID_REVERSED = "grid_reversed"
    GRID_BLIND = "grid_blind"
    GRID_LATE = "grid_late"
    GRID_STUCK = "grid_stuck"
    COUNTER_STANDS_STILL = "counter_stands_still"
    CHARGER_SILENT = "charger_silent"
    VEHICLE_SILENT = "vehicle_silent"
    SOC_STALE = "soc_stale"
    COMMAND_FAILED = "command_failed"
    SETTLES = "settles"
    DOES_NOT_OBEY = "does_not_obey"
    SOMEBODY_ELSE = "somebody_else"
    OUT_OF_SYNC = "out_of_sync"
    MORE_PHASES = "more_phases"
    UNPROTECTED = "unprotected"

    # the home battery
    BATTERY_NORMAL = "battery_normal"
    BATTERY_EXTERNAL = "battery_external"
    BATTERY_EXTERNAL_ENDED = "battery_external_ended"
    BATTERY_GRID_CHARGE = "battery_grid_charge"
    BATTERY_GRID_CHARGE_WAITS = "battery_grid_charge_waits"
    BATTERY_NO_ROOM = "battery_no_room"
    BATTERY_FULL = "battery_full"
    BATTERY_HELD_FOR_CAR = "battery_held_for_car"
    BATTERY_DISOBEYS = "battery_does_not_obey"
    BATTERY_REFUSES = "battery_refuses"


@dataclass(frozen=True, slots=True)
class Reason:
    """``facts``: name and value, names with their unit (``missing_w``, ``remaining_s``); order is part of the value."""

    code: Code
    facts: tuple[tuple[str, Fact], ...] = ()

    def published(self) -> dict[str, Fact]:
        """One flat object as in the state: ``{"code": "waits_for_sun", "missing_w": 420}``."""
        return {"code": self.code.value, **dict(self.facts)}


def because(code: Code, **facts: Fact) -> Reason:
    """A reason with its numbers."""
    return Reason(code, tuple(facts.items()))
