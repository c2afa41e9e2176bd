"""What a decision asks of the devices, and what became of it.

Commands of one device are carried out in the order given; devices do not wait for each other.
"""

from dataclasses import dataclass

from .words import BatteryMode


@dataclass(frozen=True, slots=True)
class OfferCurrent:
    """Offer ``current_a`` ampere per phase. Sent before the enable that it belongs to."""

    loadpoint: int
    current_a: float


@dataclass(frozen=True, slots=True)
class Enable:
    """Let the car charge at the offered current."""

    loadpoint: int


@dataclass(frozen=True, slots=True)
class Disable:
    """Stop the charge."""

    loadpoint: int


@dataclass(frozen=True, slots=True)
class SwitchPhases:
    """Charge on 1 or 3 phases from now on."""

    loadpoint: int
    phases: int


@dataclass(frozen=True, slots=True)
class WakeUp:
    """Wake the car, through the box or by the car's own account."""

    loadpoint: int
    by_vehicle: bool = False


@dataclass(frozen=True, slots=True)
class SetBatteryMode:
    """Put one home battery into a mode; ``battery`` is its place in the snapshot."""

    battery: int
    mode: BatteryMode


ChargerCommand = OfferCurrent | Enable | Disable | SwitchPhases | WakeUp
Command = ChargerCommand | SetBatteryMode


@dataclass(frozen=True, slots=True)
class Outcome:
    """``error`` None: the device took it. ``available`` False: the device cannot do this at all (not an error)."""

    command: Command
    at_s: float
    error: str | None = None
    available: bool = True
