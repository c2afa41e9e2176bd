"""Texts of messages with values of the house: Go templates first, then ``${key}`` and ``${key:%.1fk}``. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evcc_flask.bus.needs import ReadError
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.plugins.wording import Wording, printf, templated

from .topics import payload

_WORD = re.compile(r"\$\{(\w+)(?::([^}]*))?\}")
_FORMAT = re.compile(r"([^%]*)(%[-+ 0#]*\d*(?:\.\d+)?[dsvfgeExXtq])(k?)([^%]*)", re.DOTALL)
_NO_TIME = "0001-01-01"


class Span(int):
    """Seconds that are written as Go writes a duration: ``1h2m3s``."""

    def __str__(self) -> str:
        minutes, seconds = divmod(abs(int(self)), 60)
        hours, minutes = divmod(minutes, 60)
        text = f"{hours}h{minutes}m{seconds}s" if hours else f"{minutes}m{seconds}s" if minutes else f"{seconds}s"
        return f"-{text}" if self < 0 else text


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text, ready to be filled."""

    text: str
    template: Wording

    def filled(self, values: Mapping[str, Any]) -> str:
        """With ``values`` by name in lower case; what is unknown stays empty, what does not fit is written plainly."""
        try:
            text = self.template.filled(values)
        except (ReadError, AttributeError):
            text = self.text
        return _WORD.sub(lambda match: _formatted(values.get(match[1].lower()), match[2]), text)


def phrase(text: str) -> Phrase:
    """Raises Misconfigured for a template or a format that means nothing."""
    for match in _WORD.finditer(text):
        if match[2] and not _FORMAT.fullmatch(match[2]):
            raise Misconfigured(
                f"{match[2]!r} is no format", remedy="Write ${chargedEnergy:%.1fk}, ${mode} or ${x:%d}."
            )
    return Phrase(text, templated(text))


def values(site: Mapping[str, Any], loadpoint: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What a text may name: the keys of the site and, before them, of the loadpoint."""
    told = {**site, **(loadpoint or {})}
    return {key.lower(): _meant(key, value) for key, value in told.items() if not isinstance(value, list | Mapping)}


def _meant(key: str, value: Any) -> Any:
    if isinstance(value, int) and key.endswith(("Duration", "Remaining", "Overrun", "Delay", "interval")):
        return Span(value)
    if isinstance(value, str) and key.endswith(("Time", "Start", "End")):
        if not value or value.startswith(_NO_TIME):
            return ""
        try:
            return datetime.fromisoformat(value).strftime("%Y-%m-%d %H:%M")
        except ValueError:
            return value
    return "" if value is None else value


def _formatted(value: Any, form: str | None) -> str:
    if value is None:
        return ""
    found = _FORMAT.fullmatch(form) if form else None
    if found is None:
        return str(value) if isinstance(value, Span) else payload(value)
    before, verb, thousands, after = found.groups()
    try:
        return before + printf(verb, value / 1000 if thousands else value) + after
    except (ReadError, TypeError, ValueError):
        return payload(value)
