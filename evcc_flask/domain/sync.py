"""Does the box do what it was told? Failed commands, boxes that switch by themselves, and boxes that do not obey.

A difference is believed once it had time to settle; a charge that nobody asked for is stopped in the first cycle that
sees it. We never switch on in order to switch off.
"""

from . import refused
from .commands import Disable, Enable, Ending, OfferCurrent, Outcome, SwitchPhases
from .figures import ACTIVE_A, ADOPT_A, OVERDRAW_A, REFUSALS, REPEAT_S, REPORT_GRACE_S, SETTLE_S, WARN_A
from .memory import ELAPSED, Box
from .plausible import number
from .point import Point
from .reasons import Code, because


def outcomes(p: Point, results: tuple[Outcome, ...]) -> None:
    """What became of the last commands: a refused one did not happen, and is tried again."""
    for result in results:
        if result.ending is Ending.TAKEN and isinstance(result.command, Enable | Disable):
            p.learn(refused=False)
        if result.ending is Ending.TAKEN and isinstance(result.command, OfferCurrent):
            p.learn(lowered=0)
        if result.ending in (Ending.TAKEN, Ending.OVERTAKEN):
            continue
        command, box = result.command, p.box
        if isinstance(command, OfferCurrent):
            p.stuck_high = result.failed and command.current_a < (box.previous_a or 0.0)
            p.learn(offered_a=box.previous_a, resend=True, lowered=box.lowered + 1 if p.stuck_high else 0)
        elif isinstance(command, Enable):
            p.learn(enabled=False, refused=True)
            p.timer = ELAPSED
        elif isinstance(command, Disable):
            p.learn(enabled=True)
            p.timer = ELAPSED
        elif isinstance(command, SwitchPhases):
            p.learn(phases=box.previous_phases)
        if result.failed:
            p.note(refused.reason(result))


def follow(p: Point) -> None:
    """Compare what the box reports with what it was told, and believe the box where that is due."""
    if not p.fresh:
        return
    said = p.charger.enabled
    if p.box.refused and (said or p.charging):
        p.learn(refused=False)
    runs = said if said is not None else p.charging
    if p.box.enabled is None or p.box.recalled:
        _first_look(p, runs=runs, known=said is not None)
    elif p.box.enabled:
        _should_run(p, stopped=said is False)
    else:
        _should_rest(p, runs=runs)
    if p.enabled and said is not False:
        _current(p)
    _stays_high(p)
    _phases(p)


def _first_look(p: Point, *, runs: bool, known: bool) -> None:
    """After a start a box goes on as it is until something is decided. What it does not tell, the run before knew."""
    if p.box.recalled and not p.connected:
        p.box = Box()
    told, offered = p.box, _reported_a(p)
    runs = runs or (not known and bool(told.enabled))
    # What was told last may be younger than what was kept of it: a box that does not tell hears it once more.
    resend = told.resend or (told.recalled and runs and offered is None)
    if offered is None:
        offered, measured = told.offered_a, p.measured_a if p.charging else None
        if measured is not None and (offered is None or measured > offered + OVERDRAW_A):
            offered = measured
    if runs or known:
        p.learn(enabled=runs)
    p.learn(offered_a=offered if runs else None, resend=resend, recalled=False)
    if p.switchable and p.charger.phases in (1, 3):
        p.learn(phases=p.charger.phases)


def _should_run(p: Point, *, stopped: bool) -> None:
    if not stopped:
        return
    if p.charging:
        if p.settled:
            p.note(because(Code.DOES_NOT_OBEY, command="disable", repeated=0))
            p.unasked = True
            p.timer = ELAPSED
            p.learn(enabled=False)
    elif not p.connected:
        p.learn(enabled=False)
    elif p.since(p.box.phases_s) < SETTLE_S and p.since(p.box.enabled_s) >= REPEAT_S[0]:
        p.learn(enabled=False)
        p.timer = ELAPSED
    elif p.settled:
        p.note(because(Code.OUT_OF_SYNC, enabled=False, told_enabled=True))
        p.learn(enabled=False)


def _should_rest(p: Point, *, runs: bool) -> None:
    """Told to rest, and runs: at once if it was seen at rest before, else 15 s, 60 s and every 5 min after our stop."""
    flows = p.charging and (p.measured_a is None or p.measured_a > ACTIVE_A)
    # Our stop was obeyed, and current flows again: that is no slow box, it is told anew.
    again = p.box.rested and flows and p.charger.enabled is not False
    if p.charger.enabled is False or not flows:
        p.learn(rested=True)
    if not runs and not p.charging:
        if p.box.stops:
            p.learn(stops=0)
        return
    if p.box.stops and not again and p.since(p.box.enabled_s) < REPEAT_S[min(p.box.stops, len(REPEAT_S)) - 1]:
        if p.box.stops > 1:
            p.note(because(Code.DOES_NOT_OBEY, command="disable", repeated=p.box.stops - 1))
        else:
            _still_draws(p)
        return
    p.unasked = True
    p.timer = ELAPSED
    if again and p.box.before_w > 0:
        p.note(because(Code.SOMEBODY_ELSE, enabled=True))
    elif p.box.stops or not runs:
        p.note(because(Code.DOES_NOT_OBEY, command="disable", repeated=p.box.stops))
    elif p.since(p.box.enabled_s) >= REPEAT_S[0]:
        p.note(because(Code.SOMEBODY_ELSE, enabled=True))
    else:
        # Sooner it may be a late effect of what we ourselves told it before the stop: nobody is blamed.
        _still_draws(p)
    if runs:
        p.learn(enabled=True, offered_a=_reported_a(p) or p.measured_a)


def _still_draws(p: Point) -> None:
    """Our stop is young: boxes and cars need a moment, but what flows meanwhile is said."""
    p.note(because(Code.SETTLES, power_w=round(p.power_w), since_s=round(p.since(p.box.enabled_s))))


def _reported_a(p: Point) -> float | None:
    offered = number(p.charger.offered_a, 1000.0)
    return offered if offered is not None and offered >= 0 else None


def _current(p: Point) -> None:
    if p.since(p.box.offered_s) < REPORT_GRACE_S:
        return
    reported, believed = _reported_a(p), p.box.offered_a
    if reported is None:
        _overdraw(p)
        return
    if believed is None or abs(reported - believed) > ADOPT_A:
        if believed is not None and abs(reported - believed) >= WARN_A and p.settled and p.box.told_a is not None:
            obeys = p.box.offers == 0
            code = Code.SOMEBODY_ELSE if obeys else Code.DOES_NOT_OBEY
            p.note(because(code, reported_a=reported, told_a=believed))
        p.learn(offered_a=reported)


def _stays_high(p: Point) -> None:
    """It goes on refusing to be told less: it is told so all the time, and a person must know what it keeps."""
    told, offered = p.box.told_a, p.box.offered_a
    if p.enabled and p.box.lowered >= REFUSALS and told is not None and offered is not None and offered > told:
        p.note(because(Code.DOES_NOT_OBEY, reported_a=offered, told_a=told, repeated=p.box.lowered))


def _overdraw(p: Point) -> None:
    """Without a register to read back, a car that draws more than was offered shows what is really offered."""
    measured, believed = p.measured_a, p.box.offered_a
    if not p.charging or measured is None or believed is None or measured <= believed + OVERDRAW_A:
        return
    if p.settled:
        p.note(because(Code.SOMEBODY_ELSE, measured_a=round(measured, 1), told_a=believed))
    p.learn(offered_a=measured)


def _phases(p: Point) -> None:
    reported = p.charger.phases
    if not p.switchable or reported not in (1, 3) or reported == p.box.phases or not p.settled:
        return
    if p.box.phases is not None:
        p.note(because(Code.OUT_OF_SYNC, phases=reported, told_phases=p.box.phases))
    p.measured_phases = None
    p.learn(phases=reported, previous_phases=reported)


def obeyed(p: Point) -> None:
    """Forget repetitions of the current once the box shows what it was last told."""
    told, offered = p.box.told_a, p.box.offered_a
    if p.box.offers and told is not None and offered is not None and abs(offered - told) <= ADOPT_A:
        p.learn(offers=0)
