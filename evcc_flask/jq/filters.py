"""One jq for all: pyjq (jq 1.5) up to Python 3.11, the package jq (1.7 and later) from 3.12 on, behind one function."""

import ast
import contextlib
import json
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import Any

from .agreement import FilterError as FilterError
from .localtime import local_words
from .prelude import in_front
from .spelling import respelled

if sys.version_info >= (3, 12):
    import jq as _engine

    OLD = False
    _FAILURES: tuple[type[Exception], ...] = (ValueError,)
else:
    import pyjq as _engine

    OLD = True
    _FAILURES = (ValueError, _engine.ScriptRuntimeError)

_MOST = 64 * 1024
"""Characters of a filter; longer ones are a mistake or an attack on the parser."""


@dataclass(frozen=True)
class Filter:
    """A compiled filter; get one from :func:`compile_filter`."""

    text: str
    _program: Any = field(repr=False, compare=False)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def all(self, value: Any) -> list[Any]:
        """Every result for ``value`` (maps, lists, texts, numbers, flags, None). Raises FilterError."""
        try:
            # pyjq keeps one run's state in the program, and other threads may be let in between two results.
            with self._lock:
                results = self._program.all(value) if OLD else self._program.input_value(value).all()
        except _FAILURES as error:
            raise FilterError(_said(error)) from None
        except (TypeError, RecursionError, UnicodeError) as error:
            raise FilterError(f"this cannot be filtered: {error}") from None
        return list(results)

    def one(self, value: Any) -> Any:
        """The one result for ``value``. Raises FilterError for none or several."""
        results = self.all(value)
        if len(results) != 1:
            raise FilterError(f"{len(results) or 'no'} results where one is wanted")
        return results[0]

    def one_of_text(self, text: str | bytes) -> Any:
        """The one result for a JSON text. Raises FilterError, for text that is no JSON too."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise FilterError(f"no JSON: {error}") from None
        return self.one(value)


@lru_cache(maxsize=256)
def compile_filter(text: str) -> Filter:
    """Compile ``text``, once for the process. Raises FilterError. Empty text is the filter ``.``."""
    program = text if text.strip() else "."
    if len(program) > _MOST or "\0" in program:
        raise FilterError("this is too long or holds a NUL")
    source = in_front(local_words(program) + respelled(program) if OLD else program, old=OLD)
    try:
        return Filter(text, _engine.compile(source))
    except _FAILURES as error:
        raise FilterError(_said(error)) from None


def _said(error: Exception) -> str:
    """jq's first line, without its own name and without the prelude it may quote."""
    reason = str(error)
    if reason.startswith(("{", "[")):  # pyjq hands on what is no text as Python spells it
        with contextlib.suppress(ValueError, SyntaxError):
            return f"{json.dumps(ast.literal_eval(reason), ensure_ascii=False)[:300]} (not a string)"
    line = reason.split("\n")[0].strip().removeprefix("jq: error:").replace(" (Unix shell quoting issues?)", "").strip()
    return line.partition(" at <top-level>")[0][:300] or "jq gives no reason"
