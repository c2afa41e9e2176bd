"""What a log must tell of decisions: causes of weight when they begin and end, and commands in a person's words.

Loadpoints count from 1 as everywhere outside. What devices fail to say is the roll's (``silence.py``).
"""

import logging

from evcc_flask.domain.commands import Command, OfferCurrent, SetBatteryMode, SwitchPhases, WakeUp
from evcc_flask.domain.decision import CircuitDecision, Decision, LoadpointDecision
from evcc_flask.domain.reasons import Code, Reason

from .said import said

log = logging.getLogger("site")

WEIGHTY = frozenset(
    {
        Code.DOES_NOT_OBEY,
        Code.SOMEBODY_ELSE,
        Code.OUT_OF_SYNC,
        Code.MORE_PHASES,
        Code.MINIMUM_ABOVE_MAXIMUM,
        Code.SWITCH_BUDGET,
        Code.PHASE_BUDGET,
        Code.CIRCUIT_METER_MISSING,
        Code.CIRCUIT_LIMIT_MISSING,
        Code.COUNTER_STANDS_STILL,
        Code.GRID_REVERSED,
        Code.GRID_BLIND,
        Code.GRID_LATE,
        Code.GRID_STUCK,
        Code.BATTERY_DISOBEYS,
        Code.BATTERY_REFUSES,
    }
)
CUT = Code.LIMITED_BY_CIRCUIT
DISOBEYS = Code.DOES_NOT_OBEY.value

Where = tuple[str, str]


FLAP_S = 60.0
"""What comes and goes begins no oftener than this."""


class Logbook:
    """One line for each cause of weight when it begins, and one when it has ended."""

    def __init__(self) -> None:
        self._told: dict[Where, str] = {}
        self._told_s: dict[Where, float] = {}

    def follow(self, decision: Decision, now_s: float) -> None:
        """``decision``: the one in force. A cause that is there again too soon is told once its minute is over."""
        now = _of_site(decision)
        for index, shown in enumerate(decision.loadpoints):
            place = f"loadpoint {index + 1}"
            now |= {(place, code): text for code, text in _weighty(shown.reasons).items()}
            if any(reason.code is Code.SETTLES for reason in shown.reasons):
                # It was told once more and has its time to follow: whether it obeys now is not known yet.
                now |= {where: text for where, text in self._told.items() if where == (place, DISOBEYS)} | now
        for where in now.keys() - self._told.keys():
            if now_s - self._told_s.get(where, float("-inf")) >= FLAP_S:
                log.warning("%s: %s", where[0], now[where])
                self._told[where] = now[where]
                self._told_s[where] = now_s
        for where in self._told.keys() - now.keys():
            text = self._told.pop(where)
            log.info("%s: %s", where[0], "overload is over" if where[1] == "overload" else f"no longer: {text}")


def spoken(command: Command) -> str:
    """A command with its device, as a line of the log names it."""
    if isinstance(command, SetBatteryMode):
        return f"battery {command.battery + 1}: {command.mode.word}"
    what = type(command).__name__.lower()
    if isinstance(command, OfferCurrent):
        what = f"{command.current_a:g} A"
    elif isinstance(command, SwitchPhases):
        what = f"{command.phases} phase{'s' if command.phases > 1 else ''}"
    elif isinstance(command, WakeUp):
        what = "wake the car" if command.by_vehicle else "wake the car by the box"
    return f"loadpoint {command.loadpoint + 1}: {what}"


def _of_site(decision: Decision) -> dict[Where, str]:
    site = decision.site
    now = {("site", code): text for code, text in _weighty((*site.reasons, *site.battery_reasons)).items()}
    for name, circuit in site.circuits.items():
        if circuit.overloaded:
            now[f"circuit {name!r}", "overload"] = f"overload: {_load(circuit)}; {_cut(decision.loadpoints, name)}"
    return now


def _weighty(reasons: tuple[Reason, ...]) -> dict[str, str]:
    return {reason.code.value: said(reason) for reason in reasons if reason.code in WEIGHTY}


def _load(circuit: CircuitDecision) -> str:
    found = []
    if circuit.max_current_a and circuit.currents_a is not None:
        found.append(f"{max(circuit.currents_a):.1f} A of {circuit.max_current_a:g} A")
    if circuit.max_power_w and circuit.power_w is not None:
        found.append(f"{circuit.power_w:.0f} W of {circuit.max_power_w:g} W")
    return ", ".join(found)


def _cut(loadpoints: tuple[LoadpointDecision, ...], circuit: str) -> str:
    """Which loadpoints are cut, and to what."""
    cut = [
        f"loadpoint {index + 1} to {shown.offered_a:g} A"
        for index, shown in enumerate(loadpoints)
        if any(each.code is CUT and dict(each.facts).get("circuit") == circuit for each in shown.reasons)
    ]
    return f"cut {', '.join(cut)}" if cut else "no loadpoint is cut"
