"""What is shown between a refusal and the next decision: a failed command did not happen, and that is said at once.

Nothing is decided here. The next decision draws its conclusions from the same outcomes, some seconds later.
"""

from collections.abc import Iterable
from dataclasses import replace

from .commands import Disable, Enable, OfferCurrent, Outcome, SetBatteryMode, SwitchPhases
from .decision import Decision, LoadpointDecision
from .reasons import Code, Reason, because

WORDS = {OfferCurrent: "current", Enable: "enable", Disable: "disable", SwitchPhases: "phases"}


def reason(outcome: Outcome) -> Reason:
    """The sentence about a failed command of a loadpoint."""
    return because(Code.COMMAND_FAILED, command=WORDS.get(type(outcome.command), "wakeup"), error=outcome.error)


def admitted(decision: Decision, outcomes: Iterable[Outcome]) -> Decision:
    """The decision as it turned out; the very same value where nothing (new) failed."""
    shown = list(decision.loadpoints)
    for outcome in outcomes:
        if not outcome.failed or isinstance(outcome.command, SetBatteryMode):
            continue
        place = outcome.command.loadpoint
        if place < len(shown) and reason(outcome) not in shown[place].reasons:
            shown[place] = _without(shown[place], outcome)
    loadpoints = tuple(shown)
    return decision if loadpoints == decision.loadpoints else replace(decision, loadpoints=loadpoints)


def _without(shown: LoadpointDecision, outcome: Outcome) -> LoadpointDecision:
    told = replace(shown, reasons=(*shown.reasons, reason(outcome)))
    if isinstance(outcome.command, Enable) and not shown.charging:
        return replace(
            told,
            enabled=False,
            offered_a=0.0,
            reasons=tuple(each for each in told.reasons if each.code is not Code.WAITS_FOR_CAR),
        )
    return told
