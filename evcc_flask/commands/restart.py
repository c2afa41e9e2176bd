"""What a restart of ours means for each wallbox: who falls back by itself before we are there again."""

from collections.abc import Mapping

from evcc_flask.domain.issues import Issue
from evcc_flask.domain.ports import Charger

RESTART_S = 15.0
"""From the last decision to the next: at most 5 s to leave the house, and on a slow Raspberry Pi 10 s to be back."""


def noticing(chargers: Mapping[str, Charger]) -> tuple[Issue, ...]:
    """A note for each wallbox whose fail-safe acts before a restart or a reload is over."""
    notes = []
    for name, charger in chargers.items():
        safe = charger.reading().traits.failsafe
        if safe is None or safe.timeout_s >= RESTART_S:
            continue
        message = (
            f"wallbox {name!r} notices a restart or a reload of this program: it falls to {safe.current_a:g} A after "
            f"{safe.timeout_s:g} s of silence, and a restart takes up to {RESTART_S:g} s."
        )
        remedy = f"Set its fail-safe to {RESTART_S:g} s or more if a short pause of the charge is unwelcome."
        notes.append(Issue("charger", message, key=name, device=name, remedy=remedy, fatal=False))
    return tuple(notes)
