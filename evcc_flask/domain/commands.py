"""What a decision asks of the devices, and what became of it.

Commands of one device are carried out in the order given; devices do not wait for each other.
"""

from dataclasses import dataclass
from enum import Enum

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


class Ending(Enum):
    """How a command ended. Neither UNAVAILABLE nor OVERTAKEN is a failure."""

    TAKEN = "taken"
    FAILED = "failed"
    UNAVAILABLE = "unavailable"
    """The device cannot do this at all."""
    OVERTAKEN = "overtaken"
    """A newer command of its kind came before the link was free, and counts in its stead."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command; ``error`` says why it was not taken."""

    command: Command
    at_s: float
    ending: Ending = Ending.TAKEN
    error: str = ""

    @property
    def failed(self) -> bool:
        """Whether it is to be tried again."""
        return self.ending is Ending.FAILED
