"""``localtime`` and ``strflocaltime`` for jq 1.5, which has neither: it is told when this place sets its clocks."""

import json
from datetime import datetime
from functools import lru_cache

FIRST, LAST = 1_420_070_400, 2_208_988_800
"""Seconds since 1970, the years 2015 to 2039: outside them the first and the last offset count."""
STEP = 14 * 86_400
"""No place sets its clocks forth and back in less."""
_WORDS = """
def _zone: . as $t | reduce CHANGES[1:][] as $change (CHANGES[0]; if $change[0] <= $t then $change else . end);
def localtime: if type == "number" then . + _zone[1] | gmtime else error("localtime() requires a number") end;
def _strflocal($zone; $format): strftime($format | split("%Z") | join($zone[2]) | split("%z") | join($zone[3]));
def strflocaltime($format): if type == "number" then _zone as $zone | localtime | _strflocal($zone; $format)
  elif type == "array" then _strflocal(mktime | . - _zone[1] | _zone; $format)
  else error("strflocaltime/1 requires parsed datetime inputs") end;
"""


def local_words(text: str) -> str:
    """The definitions that the filter ``text`` needs; '' for most."""
    return _defined() if "localtime" in text else ""


@lru_cache(maxsize=1)
def _defined() -> str:
    changes, before = [_seen(FIRST)], FIRST
    for at in range(FIRST + STEP, LAST, STEP):
        if _seen(at)[1:] != changes[-1][1:]:
            changes.append(_seen(_moment(before, at)))
        before = at
    return _WORDS.replace("CHANGES", json.dumps(changes)).replace("\n", " ")


def _moment(before: int, after: int) -> int:
    """The second at which the clocks were set, between two others."""
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if _seen(middle)[1:] == _seen(before)[1:] else (before, middle)
    return after


def _seen(at: int) -> tuple[int, int, str, str]:
    """A second, how far local time is ahead of UTC in s, its name and how it is written."""
    local = datetime.fromtimestamp(at).astimezone()
    offset = local.utcoffset()
    return at, round(offset.total_seconds()) if offset else 0, local.tzname() or "UTC", f"{local:%z}"
