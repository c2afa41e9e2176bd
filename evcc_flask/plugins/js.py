"""Values computed by JavaScript: the last expression of the script is the value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from threading import Event
from typing import Any

from evcc_flask.bus.needs import Need
from evcc_flask.domain.issues import Misconfigured

from .fields import Loose, Many, Text, Tree
from .machines import Machine, compiled
from .made import Fetched, Written, oldest
from .ports import Sink, Source, Value
from .problems import Problems
from .registry import build_sink, build_source
from .shop import Shop
from .values import Kind, parse

FIRST_INPUT_S = 2.0
"""Real seconds that the first run waits for its inputs, which other links fetch at the same time."""

KINDS: Mapping[str, Kind] = {"string": Kind.TEXT, "int": Kind.INT, "float": Kind.FLOAT, "bool": Kind.BOOL}
SPELLINGS: Mapping[str, str] = {"batterymode": "batteryMode", "limitsoc": "limitSoc"}
"""Parameters whose names evcc writes with a capital inside; in scripts both spellings are variables."""


class Js(Loose):
    # An empty one is a setter that does nothing.
    script = Text(load_default="")
    vm = Text(load_default="")
    # "in" is a keyword of Python.
    inputs = Many(Tree(), data_key="in", load_default=list)
    out = Many(Tree(), load_default=list)


class Transfer(Loose):
    name = Text(required=True)
    type = Text(load_default="string")
    config = Tree(required=True)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A Procedure, and the inputs that it takes as they were fetched last."""

    machine: Machine
    script: str
    inputs: tuple[tuple[str, Source], ...]
    owner: str

    def run(self, wire: Any) -> Any:
        self._wait_for_inputs()
        return self.machine.run(self.script, {name: source.value() for name, source in self.inputs})

    def _wait_for_inputs(self) -> None:
        pause = Event()
        for _ in range(int(FIRST_INPUT_S / 0.05)):
            if not self.inputs or oldest(source for _, source in self.inputs) is not None:
                return
            pause.wait(0.05)

    def __str__(self) -> str:
        return f"script of {self.owner}"


@dataclass(frozen=True)
class Computed:
    """The result of an evaluation; its inputs are needed, too."""

    fetched: Fetched
    inputs: tuple[Source, ...]

    def needs(self) -> Iterable[Need]:
        return chain(*(source.needs() for source in self.inputs), self.fetched.needs())

    def at_s(self) -> float | None:
        return oldest((self.fetched, *self.inputs))

    def value(self) -> Value:
        return self.fetched.value()


def source(node: dict[str, Any], shop: Shop, kind: Kind, max_age_s: float) -> Source:
    problems = Problems()
    settings = problems.sound(Js(), node)
    problems.build(lambda: compiled(settings["script"]), "script")
    inputs = _inputs(settings["inputs"], shop, max_age_s, problems)
    if settings["out"]:
        with problems.below("out"):
            raise Misconfigured("a value that is read has nothing to put out", remedy="Leave out: away.")
    problems.end()
    machine = shop.machines.machine(settings["vm"], shop.device)
    evaluation = Evaluation(machine, settings["script"], inputs, shop.device)
    fetched = Fetched(Need(machine.link, evaluation, max_age_s), lambda result: parse(result, kind))
    return Computed(fetched, tuple(source for _, source in inputs))


def sink(node: dict[str, Any], param_name: str, shop: Shop) -> Sink:
    problems = Problems()
    settings = problems.sound(Js(), node)
    problems.build(lambda: compiled(settings["script"]), "script")
    inputs = _inputs(settings["inputs"], shop, 0.0, problems)
    outputs: list[tuple[Kind, Sink]] = []
    for index, entry in enumerate(settings["out"]):
        with problems.below("out", index):
            name, kind, config = _transfer(problems, entry)
            with problems.below("config"):
                outputs.append((kind, build_sink(config, name, shop)))
    if any(list(source.needs()) for _, source in inputs):
        with problems.below("in"):
            raise Misconfigured("a setter's inputs must be const: nothing else is read at that moment")
    problems.end()
    machine = shop.machines.machine(settings["vm"], shop.device)
    names = {param_name, param_name.lower(), SPELLINGS.get(param_name.lower(), param_name)}

    def write(value: Value) -> None:
        variables = dict.fromkeys(names, value) | {name: source.value() for name, source in inputs}
        results: list[Any] = []
        machine.link.do(lambda wire: results.append(machine.run(settings["script"], variables)))
        for kind, output in outputs:
            output.write(parse(results[0], kind))

    # The machine may serve the whole house: writes of its results run on the device's own worker.
    return Written(shop.calls() if outputs else machine.link, write)


def _inputs(
    nodes: list[dict[str, Any]], shop: Shop, max_age_s: float, problems: Problems
) -> tuple[tuple[str, Source], ...]:
    built: list[tuple[str, Source]] = []
    for index, node in enumerate(nodes):
        with problems.below("in", index):
            name, kind, config = _transfer(problems, node)
            with problems.below("config"):
                built.append((name, build_source(config, shop, kind, max_age_s)))
    return tuple(built)


def _transfer(problems: Problems, node: dict[str, Any]) -> tuple[str, Kind, dict[str, Any] | None]:
    settings = problems.sound(Transfer(), node)
    kind = KINDS.get(settings["type"].lower())
    if kind is None:
        problems.tell(f"{settings['type']!r} is no type", "type", remedy=f"Known: {', '.join(KINDS)}.")
    return settings.get("name", ""), kind or Kind.TEXT, settings.get("config")
