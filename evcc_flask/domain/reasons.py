"""Why: typed codes with numbers. Sentences for people are made of them elsewhere, in each language."""

from dataclasses import dataclass
from enum import Enum

Fact = float | int | str | bool


class Code(Enum):
    """Each code is one thing that decided, delayed or limited; the value is what the API publishes."""

    NOT_CONNECTED = "not_connected"
    MODE_OFF = "mode_off"
    MODE_NOW = "mode_now"
    WAITS_FOR_SUN = "waits_for_sun"


@dataclass(frozen=True, slots=True)
class Reason:
    """``facts``: name and value, names with their unit (``missing_w``, ``remaining_s``); order is part of the value."""

    code: Code
    facts: tuple[tuple[str, Fact], ...] = ()

    def published(self) -> dict[str, Fact]:
        """One flat object as in the state: ``{"code": "waits_for_sun", "missing_w": 420}``."""
        return {"code": self.code.value, **dict(self.facts)}


def because(code: Code, **facts: Fact) -> Reason:
    """A reason with its numbers."""
    return Reason(code, tuple(facts.items()))
