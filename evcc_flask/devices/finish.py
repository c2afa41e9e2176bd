"""When a car or a box expects to be full: RFC 3339, a duration, Unix seconds, or plain seconds from now."""

import re
from datetime import UTC, datetime, timedelta

from evcc_flask.plugins.fields import parse_duration_s
from evcc_flask.plugins.ports import Value

UNIX_FROM_S = 1767225600.0
"""2026-01-01: a smaller number is a duration."""
LONGEST_S = 14 * 86400.0
"""No charge lasts longer; what is further away is no forecast but a placeholder of the maker."""


def finish_time(value: Value, age_s: float, now: datetime) -> datetime | None:
    """``value`` as an aware time, read ``age_s`` seconds before ``now``; None where it says nothing or lies behind."""
    if value is None or isinstance(value, (bool, bytes)):
        return None
    text = str(value).strip()
    at = _seconds(text, now - timedelta(seconds=age_s)) if re.fullmatch(r"[\d.]+", text) else _text(text, age_s, now)
    if at is None or not now < at < now + timedelta(seconds=LONGEST_S):
        return None
    return at.astimezone(now.tzinfo)


def _seconds(text: str, read_at: datetime) -> datetime | None:
    try:
        number = float(text)
    except ValueError:
        return None
    if number >= UNIX_FROM_S:
        return datetime.fromtimestamp(number, UTC) if number < 1e11 else None
    return read_at + timedelta(seconds=number) if 0 < number < LONGEST_S else None


def _text(text: str, age_s: float, now: datetime) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        pass
    else:
        return at if at.tzinfo else at.replace(tzinfo=now.tzinfo)
    try:
        return now + timedelta(seconds=parse_duration_s(text) - age_s)
    except (ValueError, OverflowError):
        return None
