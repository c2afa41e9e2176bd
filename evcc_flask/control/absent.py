"""Stand-ins for devices that could not be built: the house runs without them and says what is missing."""

from dataclasses import dataclass

from evcc_flask.domain.commands import ChargerCommand, Ending
from evcc_flask.domain.ports import Done
from evcc_flask.domain.readings import BatteryReading, ChargerReading, LimitReading, MeterReading, PvReading
from evcc_flask.domain.words import BatteryMode


@dataclass(frozen=True, slots=True)
class AbsentMeter:
    """A meter whose configuration is wrong: never a value, always the reason."""

    name: str
    error: str

    def reading(self) -> MeterReading:
        return MeterReading(self.name, error=self.error)

    def pv_reading(self) -> PvReading:
        return PvReading(self.reading())

    def battery_reading(self) -> BatteryReading:
        return BatteryReading(self.reading())

    def set_battery_mode(self, mode: BatteryMode, done: Done) -> None:
        done(Ending.UNAVAILABLE, self.error)

    def renew(self, until_s: float) -> None:
        """There is nothing to keep alive."""


@dataclass(frozen=True, slots=True)
class AbsentCharger:
    """A wallbox whose configuration is wrong: its loadpoint is shown and never commanded."""

    name: str
    error: str

    def reading(self) -> ChargerReading:
        return ChargerReading(self.name, error=self.error)

    def send(self, command: ChargerCommand, done: Done) -> None:
        done(Ending.UNAVAILABLE, self.error)

    def renew(self, until_s: float) -> None:
        """There is nothing to keep alive."""


@dataclass(frozen=True, slots=True)
class AbsentLimits:
    """Limits of a circuit whose configuration is wrong: they are waited for, so that the circuit's boxes stop."""

    def reading(self) -> LimitReading:
        return LimitReading(awaited=True)
