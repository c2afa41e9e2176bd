"""A setter chosen by the value that is written."""

from typing import Any

from evcc_flask.bus.needs import ErrorKind, ReadError

from .fields import Loose, Many, Text, Tree
from .made import Written, common_link
from .ports import Sink, Value
from .problems import Problems
from .registry import build_sink
from .shop import Shop
from .values import spelled


class Switch(Loose):
    switch = Many(Tree(), required=True)
    default = Tree(load_default=None)


class Case(Loose):
    case = Text(required=True)
    set = Tree(required=True)


def sink(node: dict[str, Any], param_name: str, shop: Shop) -> Sink:
    problems = Problems()
    settings = problems.sound(Switch(), node)
    cases: dict[str, Sink] = {}
    for index, entry in enumerate(settings.get("switch", ())):
        with problems.below("switch", index):
            case = problems.sound(Case(), entry)
            with problems.below("set"):
                cases[_word(case.get("case", ""))] = build_sink(case.get("set"), param_name, shop)
    default = None
    if settings["default"]:
        default = problems.build(lambda: build_sink(settings["default"], param_name, shop), "default")
    problems.end()

    def write(value: Value) -> None:
        chosen = cases.get(_word(spelled(value)), default)
        if chosen is None:
            raise ReadError(ErrorKind.NOT_AVAILABLE, f"there is no case for {param_name} {spelled(value)}")
        chosen.write(value)

    return Written(common_link([*cases.values(), *([default] if default else [])], shop.calls()), write)


def _word(text: str) -> str:
    """true and 1 are one case, false and 0, too."""
    word = text.strip().lower()
    return {"true": "1", "false": "0"}.get(word, word)
