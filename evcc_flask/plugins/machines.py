"""JavaScript machines: each lives on the worker of a link of its own, since QuickJS wants one thread, always the same.

A machine is limited in memory and time; named ones keep their variables and are shared by the whole house.
"""

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from evcc_flask.bus.needs import ErrorKind, Link, ReadError
from evcc_flask.domain.issues import Misconfigured

from .fields import Loose, Text
from .ports import Value
from .problems import Problems, load

MEMORY = 32 * 1024 * 1024
"""Bytes of one machine's heap."""
TIME_S = 1.0
"""CPU seconds of one run; a script that only computes needs milliseconds."""

log = logging.getLogger("js")
_UNDERSCORE = re.compile(r"\b_[.(]")

_CONSOLE = """
var console = {lines: []};
console.log = console.info = console.warn = console.error = console.debug = function () {
  if (this.lines.length < 20) this.lines.push(Array.prototype.map.call(arguments, String).join(" ").slice(0, 500));
};
"""


class Preload(Loose):
    vm = Text(required=True)
    script = Text(required=True)


class Machine:
    """One global scope. ``run`` is for the worker of ``link`` only."""

    def __init__(self, link: Link, preload: str = "") -> None:
        self.link = link
        self._preload = preload
        self._context: Any = None
        self._equipped = False

    def run(self, script: str, variables: Mapping[str, Value]) -> Any:
        """The value of the last expression: None, a flag, number or text, JSON text for all else. Raises ReadError."""
        import quickjs

        try:
            context = self._context or self._started()
            self._equip(context, script)
            for name, value in variables.items():
                context.set(name, value.decode("latin-1") if isinstance(value, bytes) else value)
            result = context.eval(script)
            self._tell(context)
            return result.json() if isinstance(result, quickjs.Object) else result
        except quickjs.StackOverflow:
            raise ReadError(ErrorKind.VALUE, "the script calls itself without end") from None
        except quickjs.JSException as error:
            raise self._failure(str(error).split("\n")[0].strip()) from None
        except (TypeError, UnicodeError) as error:
            raise ReadError(ErrorKind.VALUE, f"the script's result cannot be used: {error}") from None

    def _started(self) -> Any:
        import quickjs

        context = quickjs.Context()
        context.set_memory_limit(MEMORY)
        context.set_time_limit(TIME_S)
        context.eval(_CONSOLE)
        self._context, self._equipped = context, False
        if self._preload:
            self._equip(context, self._preload)
            context.eval(self._preload)
        return context

    def _equip(self, context: Any, script: str) -> None:
        """Underscore, which evcc has built in, for scripts that use it."""
        if self._equipped or not _UNDERSCORE.search(script):
            return
        context.eval(Path(__file__).with_name("underscore.js").read_text("utf-8"))
        self._equipped = True

    def _failure(self, said: str) -> ReadError:
        if "out of memory" in said or said in ("null", ""):
            # What filled the memory may live in a variable: only a new start frees it.
            self._context = None
            return ReadError(ErrorKind.VALUE, f"the script needs more than {MEMORY >> 20} MiB; it was started anew")
        if "interrupted" in said:
            return ReadError(ErrorKind.TIMEOUT, f"the script runs longer than {TIME_S:g} s")
        return ReadError(ErrorKind.VALUE, f"the script fails: {said}")

    def _tell(self, context: Any) -> None:
        for line in context.eval("console.lines.splice(0).join('\\n')").splitlines():
            log.debug("%s: %s", self.link.name, line)


def compiled(script: str) -> None:
    """Read ``script`` without running it. Raises Misconfigured where it is no JavaScript."""
    import quickjs

    context = quickjs.Context()
    context.set_memory_limit(MEMORY)
    try:
        # All of it is read before the first statement runs, which ends it.
        context.eval(f"throw 0;{script}")
    except quickjs.JSException as error:
        said = str(error).split("\n")[0].strip()
        if said.startswith("SyntaxError"):
            raise Misconfigured(f"this is no JavaScript: {said.partition(': ')[2]}") from None


class Machines:
    """All machines of the house, by name."""

    def __init__(self, calls: Callable[[str], Link], javascript: Iterable[Mapping[str, Any]] = ()) -> None:
        self._calls = calls
        self._named: dict[str, Machine] = {}
        self._owned: Counter[str] = Counter()
        self._scripts: dict[str, str] = {}
        problems = Problems()
        for index, entry in enumerate(javascript):
            with problems.below("javascript", index):
                loaded = load(Preload(), entry)
                self._scripts[loaded["vm"]] = self._scripts.get(loaded["vm"], "") + loaded["script"] + "\n"
        problems.end()

    def machine(self, name: str, owner: str) -> Machine:
        """The machine called ``name``; without a name a new one for ``owner``."""
        if not name:
            self._owned[owner] += 1
            number = self._owned[owner]
            return Machine(self._calls(f"js {owner}" if number == 1 else f"js {owner} {number}"))
        if name not in self._named:
            self._named[name] = Machine(self._calls(f"js {name}"), self._scripts.get(name, ""))
        return self._named[name]
