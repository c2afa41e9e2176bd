"""Filters that only name a place: what most widgets ask is looked up, and jq is not asked.

Whatever is not plainly a path to a text, a flag, null or a number that jq writes as we do goes to jq, with all its
words for what is wrong.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_STEP = r"\.[A-Za-z_]\w*|\[\d{1,4}\]"
_PATH = re.compile(rf"\s*(?:\.result(?=\.))?(?!\.result\b)(\.[A-Za-z_]\w*(?:{_STEP})*)\s*", re.ASCII)
_STEPS = re.compile(_STEP, re.ASCII)
_EXACT = 2**53


@lru_cache(maxsize=512)
def steps(text: str) -> tuple[str | int, ...]:
    """Keys and places in lists, from the outside in. Empty: ``text`` is more than a path."""
    path = _PATH.fullmatch(text) if len(text) < 200 else None
    found = _STEPS.findall(path[1]) if path else ()
    return tuple(int(step[1:-1]) if step.startswith("[") else step[1:] for step in found)


def looked_up(text: str, state: Mapping[str, Any]) -> bytes | None:
    """What the filter ``text`` gives of ``state``, as JSON; None: ask jq."""
    way = steps(text)
    value: Any = state if way else ...
    for step in way:
        if isinstance(step, str) and isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, (list, tuple)):
            value = value[step] if step < len(value) else None
        elif value is not None:
            return None
    if not (value is None or isinstance(value, (str, bool)) or _as_jq_writes(value)):
        return None
    return json.dumps(value, ensure_ascii=False).encode()


def _as_jq_writes(value: Any) -> bool:
    return isinstance(value, (int, float)) and abs(value) < _EXACT and (isinstance(value, int) or value % 1 != 0)
