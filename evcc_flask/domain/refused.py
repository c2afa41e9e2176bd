"""What is shown between a refusal and the next decision: what failed, or was not sent on, did not happen.

Nothing is decided here. The next decision draws its conclusions from the same outcomes, some seconds later.
"""

from collections.abc import Iterable
from dataclasses import replace

from .commands import Disable, Enable, Ending, OfferCurrent, Outcome, SetBatteryMode, SwitchPhases
from .decision import Decision, LoadpointDecision
from .reasons import Code, Reason, because

WORDS = {OfferCurrent: "current", Enable: "enable", Disable: "disable", SwitchPhases: "phases"}


def reason(outcome: Outcome) -> Reason:
    """The sentence about a failed command of a loadpoint."""
    return because(Code.COMMAND_FAILED, command=WORDS.get(type(outcome.command), "wakeup"), error=outcome.error)


def admitted(decision: Decision, outcomes: Iterable[Outcome]) -> Decision:
    """The decision as it turned out; the very same value where nothing (new) failed."""
    shown, site = list(decision.loadpoints), decision.site
    for outcome in outcomes:
        command = outcome.command
        if isinstance(command, SetBatteryMode):
            orders = decision.memory.battery.orders.values()
            before = next((each.before for each in orders if each.mode is command.mode), command.mode)
            not_taken = outcome.failed or outcome.ending is Ending.UNAVAILABLE
            if not_taken and site.battery_mode is command.mode is not before:
                site = replace(site, battery_mode=before)
        elif command.loadpoint < len(shown):
            shown[command.loadpoint] = _without(shown[command.loadpoint], outcome)
    loadpoints = tuple(shown)
    if loadpoints == decision.loadpoints and site is decision.site:
        return decision
    return replace(decision, loadpoints=loadpoints, site=site)


def _without(shown: LoadpointDecision, outcome: Outcome) -> LoadpointDecision:
    if outcome.ending in (Ending.TAKEN, Ending.OVERTAKEN):
        return shown
    if outcome.failed and reason(outcome) not in shown.reasons:
        shown = replace(shown, reasons=(*shown.reasons, reason(outcome)))
    if isinstance(outcome.command, Enable) and shown.enabled and not shown.charging:
        reasons = tuple(each for each in shown.reasons if each.code is not Code.WAITS_FOR_CAR)
        failed = tuple(each for each in reasons if each.code is Code.COMMAND_FAILED)
        reasons = (*failed, *(each for each in reasons if each not in failed))
        return replace(shown, enabled=False, offered_a=0.0, reasons=reasons)
    return shown
