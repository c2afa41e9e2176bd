"""What the meter of a circuit said last, each quantity with its own age, and how much of that was ours.

A meter that stands still must not be mistaken for room: what our cars drew when it was read is subtracted from it, and
no more than that, however far they have risen since.
"""

from dataclasses import replace

from . import plausible
from .figures import ABSURD_A, ABSURD_W
from .memory import CircuitMemory, Held
from .readings import MeterReading, Phases


def follow(
    memory: CircuitMemory,
    reading: MeterReading | None,
    drawn_a: Phases,
    drawn_w: float,
    *,
    voltage_v: float,
    timeout_s: float,
    started_s: float,
    now_s: float,
) -> CircuitMemory:
    """The memory with what is new; what is older than ``timeout_s``, or of before the start, is forgotten.

    ``drawn_a`` and ``drawn_w``: what our loadpoints below draw now, A by house phase and W.
    """
    if reading is not None:
        memory = _power(memory, reading, drawn_w, started_s, now_s)
        memory = _currents(memory, reading, drawn_a, voltage_v, started_s, now_s)
    power = memory.power if memory.power is not None and now_s - memory.power.at_s <= timeout_s else None
    currents = memory.currents_a if now_s - memory.currents_s <= timeout_s else None
    return replace(memory, power=power, currents_a=currents)


def _power(
    memory: CircuitMemory, reading: MeterReading, drawn_w: float, started_s: float, now_s: float
) -> CircuitMemory:
    watt = plausible.number(reading.power_w, ABSURD_W)
    if watt is None or reading.at_s is None or reading.at_s < started_s:
        return memory
    before, at_s = memory.power, min(reading.at_s, now_s)
    new = before is None or (at_s > before.at_s and watt != before.value)
    return replace(memory, power=Held(watt, at_s), ours_w=drawn_w if new else memory.ours_w)


def _currents(
    memory: CircuitMemory, reading: MeterReading, drawn_a: Phases, voltage_v: float, started_s: float, now_s: float
) -> CircuitMemory:
    """The same value again shows nothing new, even if it is said to be of now: our share in it stays what it was."""
    seen = _signed(reading, voltage_v)
    own_s = reading.powers_at_s if reading.currents_a is None else reading.currents_at_s
    at_s = reading.at_s if own_s is None else own_s
    if seen is None or at_s is None or at_s < started_s:
        return memory
    at_s = min(at_s, now_s)
    new = memory.currents_a is None or (at_s > memory.currents_s and seen != memory.currents_a)
    return replace(memory, currents_a=seen, currents_s=at_s, ours_a=drawn_a if new else memory.ours_a)


def _signed(reading: MeterReading, voltage_v: float) -> Phases | None:
    """Phase currents with the sign of their power; from the powers alone where a meter has no currents."""
    amps, watts = plausible.phases(reading.currents_a, ABSURD_A), plausible.phases(reading.powers_w, ABSURD_W)
    if amps is None:
        return None if watts is None else (watts[0] / voltage_v, watts[1] / voltage_v, watts[2] / voltage_v)
    if watts is None:
        return amps
    a, b, c = (-abs(amp) if watt < 0 else amp for amp, watt in zip(amps, watts, strict=True))
    return a, b, c
