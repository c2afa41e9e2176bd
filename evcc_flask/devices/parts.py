"""What a device is made of, whoever described it: a row of the library or an evcc.yaml."""

from dataclasses import dataclass, field, replace

from evcc_flask.domain.readings import Failsafe
from evcc_flask.domain.words import Feature
from evcc_flask.plugins.ports import Sink, Source

from .sources import scaled
from .take import Triple

LEAST_A = 6.0
"""IEC 61851: no set-point below 6 A but 0, which stops."""
MOST_A = 32.0
"""What a wallbox of a house can give at most, 22 kW, where its row does not name it."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A write that the device forgets: the ``modes`` that are written again every ``every_s`` seconds.

    ``lapse_s``: a change from one of them waits until what was written last has lapsed in the device; 0: it need not.
    """

    every_s: float
    modes: frozenset[int]
    lapse_s: float = 0.0


@dataclass(frozen=True, slots=True)
class MeterParts:
    """W, kWh, A, V, %; signs as in :mod:`evcc_flask.domain`. ``battery_mode`` is written a BatteryMode's number.

    ``asked``: values that its writes depend on. ``own``: each value was asked for by the user, so that one which the
    device refuses is a failure; what a row of the library names a device may lack.
    """

    power: Source
    energy: Source | None = None
    return_energy: Source | None = None
    powers: Triple | None = None
    currents: Triple | None = None
    voltages: Triple | None = None
    max_ac_w: Source | None = None
    soc: Source | None = None
    capacity: Source | None = None
    min_soc: Source | None = None
    max_soc: Source | None = None
    max_charge_w: Source | None = None
    max_discharge_w: Source | None = None
    mode: Source | None = None
    battery_mode: Sink | None = None
    repeat: Repeat | None = None
    asked: tuple[Source, ...] = ()
    own: bool = False
    title: str = ""
    icon: str = ""

    def turned(self) -> "MeterParts":
        """The same meter, built in the other way round: power and currents negated, the two counters swapped."""
        return replace(
            self,
            power=scaled(self.power, -1),
            energy=self.return_energy,
            return_energy=self.energy,
            powers=_negated(self.powers),
            currents=_negated(self.currents),
        )


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """What is repeated every ``every_s``: a ``read``, a ``write``, or (neither) the last current, 0 when disabled.

    ``timeout_s``: a time-out that the box itself reports; then ``share`` of it counts where it is longer.
    """

    every_s: float
    read: Source | None = None
    write: Sink | None = None
    timeout_s: Source | None = None
    share: float = 0.5


@dataclass(frozen=True, slots=True)
class FailsafePoints:
    """Where the box tells its fail-safe; the figures of its documentation stand until it is asked.

    A box that has one but whose figures nobody knows has None there; a time-out of 0 means that it is switched off.
    """

    how: str
    documented: Failsafe | None = None
    timeout_s: Source | None = None
    current_a: Source | None = None


@dataclass(frozen=True, slots=True)
class ChargerParts:
    """``on`` None: enabling is writing the last current again. ``current`` takes A; whole ones if not ``fine``.

    ``prepare``: what the box must be told before all else. ``wakeup``: writes, each so many seconds after the command.
    ``may_switch``: whether this very box has what it takes to switch phases. ``asked``: what writes depend on.
    ``own``: as in :class:`MeterParts`.
    """

    status: Source
    off: Sink
    current: Sink
    on: Sink | None = None
    fine: bool = False
    enabled: Source | None = None
    offered: Source | None = None
    phases: Source | None = None
    switch_phases: Sink | None = None
    may_switch: Source | None = None
    power: Source | None = None
    energy: Source | None = None
    return_energy: Source | None = None
    powers: Triple | None = None
    currents: Triple | None = None
    voltages: Triple | None = None
    identify: Source | None = None
    soc: Source | None = None
    limit_soc: Source | None = None
    finish: Source | None = None
    min_current: Source | None = None
    max_current: Source | None = None
    wakeup: tuple[tuple[float, Sink], ...] = ()
    prepare: Sink | None = None
    keep_alive: KeepAlive | None = None
    failsafe: FailsafePoints | None = None
    asked: tuple[Source, ...] = ()
    own: bool = False
    least_a: float = 0.0
    most_a: float | None = MOST_A
    persistent: bool = False
    physical_phases: int | None = None
    features: frozenset[Feature] = field(default_factory=frozenset)
    icon: str | None = None


def _negated(sources: Triple | None) -> Triple | None:
    if sources is None:
        return None
    one, two, three = sources
    return scaled(one, -1), scaled(two, -1), scaled(three, -1)
